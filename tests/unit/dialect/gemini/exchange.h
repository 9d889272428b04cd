// One call of the Gemini dialect each, for the tests: texts in, values out.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "dialect/gemini/table.h"
#include "support/json_tree.h"

namespace test {

using namespace penstock;
using dialect::AnswerContext;
using dialect::gemini_table;
using dialect::Losses;
using dialect::RequestIssue;
using dialect::TargetTraits;

// A request that was read, with all that its views need.
struct Asked {
  explicit Asked(std::string text) : body(std::move(text)) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE(root);
    result = gemini_table().read_request(*root, request, issue);
  }
  std::string body;
  json::Document document{};
  hub::Request request{};
  RequestIssue issue{};
  Result<> result{};
};

struct Written {
  std::string text{};
  Losses losses{};
  Result<> result{};

  // A member below the root, by its keys and places.
  Tree at(const std::vector<std::string>& path) const {
    const auto root = read_tree(text);
    REQUIRE_MESSAGE(root, text);
    const Tree* tree = &*root;
    for (const std::string& step : path) {
      const bool place = tree->kind == Tree::Kind::array;
      if (place) {
        const auto i = static_cast<std::size_t>(std::stoul(step));
        tree = i < tree->items.size() ? &tree->items[i] : nullptr;
      } else {
        tree = tree->find(step);
      }
      if (tree == nullptr) return Tree{.text = "(missing)"};
    }
    return *tree;
  }
  bool has(const std::vector<std::string>& path) const { return at(path).text != "(missing)"; }
};

inline TargetTraits model(Bytes name, bool on_vertex = false) {
  TargetTraits target;
  target.model = name;
  target.on_vertex = on_vertex;
  return target;
}

inline Written write(const hub::Request& request, const TargetTraits& target) {
  Written written;
  json::Composer out;
  written.result = gemini_table().write_request(request, target, out, written.losses);
  written.text = out.text();
  return written;
}

// Chunks of a stream, read and folded.
struct Told {
  hub::Fold fold{};
  Result<> result{};
  const hub::Answer& answer() const { return fold.answer(); }
  const hub::AnswerPart& part(std::size_t i, std::size_t choice = 0) const {
    REQUIRE(answer().choices.size() > choice);
    REQUIRE(answer().choices[choice].parts.size() > i);
    return answer().choices[choice].parts[i];
  }
};

inline Result<> feed(const std::vector<std::string>& chunks, hub::EventSink& out) {
  const auto reader = gemini_table().stream_reader(model("gemini-3-flash"));
  json::Document document;
  for (const std::string& chunk : chunks) {
    const auto data = document.read(chunk, json::Judge::answer);
    REQUIRE_MESSAGE(data, chunk);
    PENSTOCK_CHECK(reader->frame({}, *data, out));
  }
  return reader->finish(out);
}

inline Told read_stream(const std::vector<std::string>& chunks) {
  Told told;
  told.result = feed(chunks, told.fold);
  return told;
}

inline Told read_whole(const std::string& body) {
  Told told;
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  REQUIRE(data);
  told.result = gemini_table().read_answer(*data, model("gemini-3-flash"), told.fold);
  return told;
}

// Candidate 0 with these parts, as one chunk.
inline std::string chunk(const std::string& parts, const std::string& more = {}) {
  return R"({"candidates":[{"content":{"role":"model","parts":[)" + parts + "]}" + more +
         R"(}],"modelVersion":"gemini-3-flash","responseId":"r1"})";
}

inline Written answered(const hub::Answer& answer, const AnswerContext& context) {
  Written written;
  json::Composer out;
  gemini_table().write_answer(answer, context, out);
  written.text = out.text();
  return written;
}

}  // namespace test
