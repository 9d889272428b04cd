// The recorded exchanges, where they are there: one folder per case, beside the source tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace golden {

using penstock::dialect::Dialect;

// What a recording can prove.
enum class Work : std::uint8_t {
  exchange,    // a conversation in a dialect there is
  embedding,   // through the small hubs
  rerank,      //
  moderation,  //
  count,       // tokens of a prompt
  error,       // a call that has no answer here; its error is read like any other
  foreign,     // an API nobody speaks to us and we speak to nobody: must not pass for one we know
  none,        // `why`
};

struct Recording {
  std::string name;  // provider/case
  std::string provider;
  std::string endpoint;
  std::string model;
  std::string framing;  // of the body: json, sse, ndjson, aws-eventstream, json-lines
  std::set<std::string> features;
  Work work = Work::none;
  std::string why;                         // nothing can be proved with it
  Dialect dialect = Dialect::openai_chat;  // of the exchange, else of the provider's errors
  bool on_vertex = false;
  bool in_bedrock_invoke = false;
  bool stream = false;
  int status = 200;
  std::string request;  // empty: none was kept
  std::string body;     // as on the wire: json-lines are framed, gzip and JSON arrays undone

  bool shows(const char* feature) const { return features.contains(feature); }
};

struct Recordings {
  bool there = false;
  std::vector<Recording> cases{};     // Work::exchange
  std::vector<Recording> others{};    // all other work
  std::vector<Recording> left_out{};  // Work::none
  std::size_t indexed = 0;            // cases that the index names
};

// Read once.
const Recordings& recordings();

}  // namespace golden
