// The recorded exchanges, where they are there: one folder per case, beside the source tree.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace golden {

using penstock::dialect::Dialect;

struct Recording {
  std::string name;  // provider/case
  std::string provider;
  std::string endpoint;
  std::string model;
  std::string framing;  // of the body: json, sse, ndjson, aws-eventstream, json-lines
  std::set<std::string> features;
  Dialect dialect = Dialect::openai_chat;
  bool on_vertex = false;
  bool in_bedrock_invoke = false;
  bool stream = false;
  int status = 200;
  std::string request;  // empty: none was kept
  std::string body;     // as on the wire: json-lines are framed

  bool shows(const char* feature) const { return features.contains(feature); }
};

struct Recordings {
  bool there = false;
  std::vector<Recording> cases{};       // of the dialects there are
  std::vector<std::string> left_out{};  // other endpoints, compressed bodies
};

// Read once.
const Recordings& recordings();

}  // namespace golden
