#include "request_maker.h"

#include <array>
#include <string>

namespace golden {
namespace {

using namespace penstock;
using hub::Part;
using hub::PartKind;
using hub::Request;
using hub::Role;

class Maker {
 public:
  Maker(std::uint32_t seed, const Words& words, Request& out)
      : random_(seed), words_(words), out_(out) {}

  void make() {
    out_.model = "some-model";
    if (one_in(2)) message(Role::system).parts.push_back(text());
    tools();
    const unsigned turns = 1 + below(3);
    for (unsigned i = 0; i < turns; ++i) turn();
    message(Role::user).parts.push_back(text());
    settings();
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_()) % bound; }
  bool one_in(unsigned n) { return below(n) == 0; }

  Bytes phrase() {
    static constexpr std::array<Bytes, 8> phrases{"Salve",
                                                  "two words",
                                                  "\\u00e9\\n\\t\\\"x\\\"",
                                                  "\xC3\xA9\xF0\x9F\x98\x80",
                                                  "back\\\\slash \\/",
                                                  "\\ud83d\\ude00 end",
                                                  "{\\\"a\\\": [1]}",
                                                  "  blanks  "};
    return out_.keep(std::string(phrases[below(phrases.size())]) + std::to_string(below(1000)));
  }
  Bytes word(Bytes stem) { return out_.keep(std::string(stem) + std::to_string(below(1000))); }

  hub::Message& message(Role role) {
    hub::Message& made = out_.messages.emplace_back();
    made.role = role;
    return made;
  }

  Part text() {
    Part part;
    part.text = phrase();
    if (words_.cache_marks && one_in(6)) part.cache = hub::CacheTtl::standard;
    return part;
  }
  Part image() {
    Part part;
    part.kind = PartKind::image;
    part.media.source = hub::Source::base64;
    // What the data begin with is what the type says; some writers look.
    const bool png = one_in(2);
    part.media.media_type = png ? "image/png" : "image/jpeg";
    part.media.data = png ? "iVBORw0KGgo=" : "/9j/4AAQSkZJRg==";
    return part;
  }

  void tools() {
    const unsigned count = one_in(3) ? 0 : 1 + below(3);
    for (unsigned i = 0; i < count; ++i) {
      hub::Tool& tool = out_.tools.emplace_back();
      tool.name = out_.keep("tool_" + std::to_string(i));
      if (one_in(2)) tool.description = phrase();
      tool.schema =
          one_in(2)
              ? R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"
              : R"({"type":"object","properties":{},"required":[],"additionalProperties":false})";
      if (words_.strict && (words_.always_strict || one_in(4))) tool.strict = true;
    }
    if (count == 0) return;
    switch (below(6)) {
      case 0:
        out_.tool_choice.mode = hub::ToolChoice::Mode::automatic;
        break;
      case 1:
        out_.tool_choice.mode = hub::ToolChoice::Mode::required;
        break;
      case 2:
        out_.tool_choice.mode = hub::ToolChoice::Mode::named;
        out_.tool_choice.name = out_.tools[0].name;
        break;
      case 3:
        out_.tool_choice.mode = hub::ToolChoice::Mode::none;
        break;
      default:
        break;
    }
    if (words_.parallel && out_.tool_choice.mode == hub::ToolChoice::Mode::automatic && one_in(2)) {
      out_.parallel_tool_calls = false;
    }
  }

  // What the user says and what the model answered, with calls and their results.
  void turn() {
    hub::Message& user = message(Role::user);
    user.parts.push_back(text());
    if (one_in(3)) user.parts.push_back(image());
    hub::Message& model = message(Role::assistant);
    if (words_.signatures && one_in(3)) {
      Part& thinking = model.parts.emplace_back();
      thinking.kind = PartKind::thinking;
      thinking.text = phrase();
      thinking.signature = "EqQBCkYIBxgC";
      thinking.issuer = words_.issuer;
    }
    if (one_in(2) || out_.tools.empty()) {
      Part said;
      said.text = phrase();
      model.parts.push_back(said);
    }
    if (out_.tools.empty()) return;
    const unsigned calls = 1 + below(2);
    std::vector<Part> made;
    for (unsigned i = 0; i < calls; ++i) {
      Part& call = made.emplace_back();
      call.kind = PartKind::tool_call;
      if (words_.tool_ids) call.id = word("call_" + std::to_string(calls_++) + "_");
      call.name = out_.tools[below(static_cast<unsigned>(out_.tools.size()))].name;
      call.arguments.bytes = one_in(3) ? R"({})" : R"({"a":"x \"y\" é","b":[1,2.50]})";
      model.parts.push_back(call);
    }
    for (const Part& call : made) result(call);
  }

  void result(const Part& call) {
    hub::Message& tool = message(Role::tool);
    Part& result = tool.parts.emplace_back();
    result.kind = PartKind::tool_result;
    result.id = call.id;
    result.name = call.name;
    result.is_error = words_.tool_errors && one_in(4);
    Part said;
    said.text = phrase();
    result.content.push_back(said);
    if (words_.tool_images && one_in(4)) result.content.push_back(image());
  }

  void settings() {
    if (words_.demands_limit || one_in(2)) out_.max_output_tokens = 4096 + below(1000);
    reasoning();
    const bool thinks = out_.reasoning.effort != hub::Effort::unset || out_.reasoning.budget;
    if (!thinks && one_in(2)) out_.temperature = one_in(2) ? "0.70" : "0";
    if (!thinks && out_.temperature.empty() && one_in(3)) out_.top_p = "0.35";
    if (!thinks && words_.top_k && one_in(3)) out_.top_k = 1 + below(50);
    if (words_.seed && one_in(3)) out_.seed = "424242";
    if (words_.penalties && one_in(3)) out_.presence_penalty = "0.25";
    if (words_.penalties && one_in(3)) out_.frequency_penalty = "-0.5";
    if (words_.n && one_in(4)) out_.n = 2;
    if (words_.logprobs && one_in(4)) {
      out_.logprobs = true;
      out_.top_logprobs = 3;
    }
    if (words_.stop && one_in(3)) out_.stop = {"FINIS", "###"};
    if (words_.user && one_in(4)) out_.user = "livia-7";
    if (words_.metadata && one_in(4)) out_.metadata = R"({"team":"augusta"})";
    format();
  }

  void reasoning() {
    if (out_.tool_choice.mode == hub::ToolChoice::Mode::required ||
        out_.tool_choice.mode == hub::ToolChoice::Mode::named) {
      return;  // some dialects do not think when a tool is forced
    }
    if (words_.effort && one_in(3)) out_.reasoning.effort = hub::Effort::high;
    // A turn with calls must have thought, where thinking is on.
    if (words_.budget && out_.tools.empty() && one_in(3)) out_.reasoning.budget = 2048;
    if (out_.reasoning.budget) out_.max_output_tokens = 8192;
  }

  void format() {
    if (!words_.format_with_tools && !out_.tools.empty()) return;
    if (one_in(4)) {
      out_.format.kind = hub::ResponseFormat::Kind::json_schema;
      if (words_.schema_name) out_.format.name = "person";
      out_.format.schema =
          R"({"type":"object","properties":{"surname":{"type":"string"}},"required":["surname"],"additionalProperties":false})";
    } else if (words_.json_object && one_in(4)) {
      out_.format.kind = hub::ResponseFormat::Kind::json_object;
    }
  }

  std::mt19937 random_;
  const Words& words_;
  Request& out_;
  unsigned calls_ = 0;
};

}  // namespace

void make_request(std::uint32_t seed, const Words& words, Request& out) {
  Maker(seed, words, out).make();
}

}  // namespace golden
