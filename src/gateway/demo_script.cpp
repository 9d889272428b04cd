#include "gateway/demo_script.h"

#include <array>
#include <cstring>
#include <span>

#include "penstock/json_writer.h"

namespace penstock {
namespace {

constexpr Duration think = Duration::milliseconds(180);
constexpr Duration think_long = Duration::seconds(10);
constexpr Duration token_gap = Duration::milliseconds(25);
constexpr std::size_t dimensions = 16;
constexpr Bytes id = "chatcmpl-demo0000000000000000000000";
constexpr std::int64_t created = 1'795'000'000;

constexpr std::array<Bytes, 22> words{
    "A",      " penstock", " carries", " water", " to",  " a",   " turbine", " and",
    " loses", " as",       " little",  " as",    " it",  " can", ".",        " This",
    " one",   " carries",  " tokens",  " to",    " you", "."};

std::uint64_t prompt_tokens(Bytes body) {
  return 1 + body.size() / 4;
}

// Writes one text with `write`; all of these fit easily.
template <class Write>
std::string text_of(Write&& write) {
  std::array<char, 16 * 1024> room;
  json::Writer writer(room);
  write(writer);
  PENSTOCK_ASSERT(writer.fits());
  return std::string(writer.text());
}

std::string event_of(const std::string& json) {
  return "data: " + json + "\n\n";
}

void write_usage(json::Writer& w, Bytes body, std::uint64_t output) {
  const std::uint64_t input = prompt_tokens(body);
  w.key("usage").begin_object().key("prompt_tokens").unsigned_integer(input);
  w.key("completion_tokens").unsigned_integer(output);
  w.key("total_tokens").unsigned_integer(input + output);
  w.key("prompt_tokens_details").begin_object().key("cached_tokens").integer(0).end_object();
  w.key("completion_tokens_details").begin_object().key("reasoning_tokens").integer(0).end_object();
  w.end_object();
}

void write_envelope(json::Writer& w, Bytes object, Bytes model) {
  w.begin_object().key("id").string(id).key("object").string(object);
  w.key("created").integer(created).key("model").string(model);
}

void write_call(json::Writer& w, bool indexed) {
  w.key("tool_calls").begin_array().begin_object();
  if (indexed) w.key("index").integer(0);
  w.key("id").string("call_demo_1").key("type").string("function").key("function");
  w.begin_object().key("name").string("get_weather");
  w.key("arguments").string(R"({"city":"Oslo"})").end_object().end_object().end_array();
}

// The name of the first function in `tools`, so that a client's own tool is called.
std::string with_tool_name(std::string text, Bytes body, const json::Facts& facts) {
  const Bytes tools = facts.tools.in(body);
  const std::size_t key = tools.find("\"name\"");
  if (key == Bytes::npos) return text;
  const std::size_t open = tools.find('"', key + 6);
  const std::size_t close = open == Bytes::npos ? open : tools.find('"', open + 1);
  if (close == Bytes::npos || close - open > 64) return text;
  const std::size_t at = text.find("get_weather");
  if (at != std::string::npos) text.replace(at, 11, tools.substr(open + 1, close - open - 1));
  return text;
}

std::string whole_chat(Bytes body, Bytes model, const json::Facts& facts) {
  std::string text = text_of([&](json::Writer& w) {
    write_envelope(w, "chat.completion", model);
    w.key("choices").begin_array().begin_object().key("index").integer(0).key("message");
    w.begin_object().key("role").string("assistant").key("content");
    if (facts.has_tools) {
      w.null().key("refusal").null();
      write_call(w, false);
    } else {
      std::string content;
      for (const Bytes word : words) content += word;
      w.string(content).key("refusal").null();
    }
    w.end_object().key("logprobs").null();
    w.key("finish_reason").string(facts.has_tools ? "tool_calls" : "stop");
    w.end_object().end_array();
    write_usage(w, body, words.size());
    w.end_object();
  });
  return facts.has_tools ? with_tool_name(std::move(text), body, facts) : text;
}

// One chunk; `delta` writes what stands inside `delta`.
template <class Delta>
std::string chunk(Bytes model, Bytes finish, Delta&& delta) {
  return event_of(text_of([&](json::Writer& w) {
    write_envelope(w, "chat.completion.chunk", model);
    w.key("choices").begin_array().begin_object().key("index").integer(0).key("delta");
    w.begin_object();
    delta(w);
    w.end_object().key("logprobs").null().key("finish_reason");
    if (finish.empty()) {
      w.null();
    } else {
      w.string(finish);
    }
    w.end_object().end_array().key("usage").null().end_object();
  }));
}

std::vector<std::string> chat_events(Bytes body, Bytes model, const json::Facts& facts) {
  std::vector<std::string> events;
  events.push_back(chunk(model, {}, [&](json::Writer& w) {
    w.key("role").string("assistant").key("content");
    if (facts.has_tools) {
      w.null();
    } else {
      w.string("");
    }
    w.key("refusal").null();
  }));
  if (facts.has_tools) {
    events.push_back(with_tool_name(chunk(model, {}, [](json::Writer& w) { write_call(w, true); }),
                                    body, facts));
  } else {
    for (const Bytes word : words) {
      events.push_back(chunk(model, {}, [&](json::Writer& w) { w.key("content").string(word); }));
    }
  }
  events.push_back(chunk(model, facts.has_tools ? "tool_calls" : "stop", [](json::Writer&) {}));
  if (facts.include_usage) {
    events.push_back(event_of(text_of([&](json::Writer& w) {
      write_envelope(w, "chat.completion.chunk", model);
      w.key("choices").begin_array().end_array();
      write_usage(w, body, words.size());
      w.end_object();
    })));
  }
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

std::string completion(Bytes body, Bytes model) {
  return text_of([&](json::Writer& w) {
    write_envelope(w, "text_completion", model);
    w.key("choices").begin_array().begin_object().key("text").string(" a turbine.");
    w.key("index").integer(0).key("logprobs").null().key("finish_reason").string("stop");
    w.end_object().end_array();
    write_usage(w, body, 3);
    w.end_object();
  });
}

std::vector<std::string> completion_events(Bytes model) {
  std::vector<std::string> events;
  for (const Bytes word : words) {
    events.push_back(event_of(text_of([&](json::Writer& w) {
      write_envelope(w, "text_completion", model);
      w.key("choices").begin_array().begin_object().key("text").string(word);
      w.key("index").integer(0).key("logprobs").null().key("finish_reason").null();
      w.end_object().end_array().end_object();
    })));
  }
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

std::string base64(std::span<const unsigned char> bytes) {
  constexpr Bytes digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

// Vectors that depend on nothing but their position: enough to see that order is kept.
std::string embeddings(Bytes body, Bytes model, const json::Facts& facts) {
  const std::size_t place = body.find("\"encoding_format\"");
  const bool encoded = place != Bytes::npos && body.substr(place, 40).find("base64") != Bytes::npos;
  std::string data;
  for (std::uint32_t i = 0; i < facts.inputs; ++i) {
    std::array<float, dimensions> vector;
    for (std::size_t d = 0; d < dimensions; ++d) {
      vector[d] = static_cast<float>((d + i) % 8) / 8.0F;
    }
    data += text_of([&](json::Writer& w) {
      w.begin_object().key("object").string("embedding").key("index").unsigned_integer(i);
      w.key("embedding");
      if (encoded) {
        std::array<unsigned char, sizeof vector> raw;
        std::memcpy(raw.data(), vector.data(), raw.size());
        w.string(base64(raw));
      } else {
        w.begin_array();
        for (const float value : vector) w.decimal(static_cast<std::int64_t>(value * 1000), 3);
        w.end_array();
      }
      w.end_object();
    });
    if (i + 1 < facts.inputs) data += ",";
  }
  const std::string tokens = std::to_string(prompt_tokens(body));
  return R"({"object":"list","data":[)" + data + R"(],"model":")" + std::string(model) +
         R"(","usage":{"prompt_tokens":)" + tokens + R"(,"total_tokens":)" + tokens + "}}";
}

}  // namespace

DemoAnswer demo_answer(Bytes path, Bytes body, json::Scanner& scanner) {
  DemoAnswer answer;
  json::Facts facts;
  json::RequestRules rules;
  if (path == "/completions") rules.endpoint = json::Endpoint::completions;
  if (path == "/embeddings") rules.endpoint = json::Endpoint::embeddings;
  if (!scanner.request(body, rules, facts)) {
    answer.status = 400;
    answer.parts = {R"({"error":{"message":"The request could not be read.","type":)"
                    R"("invalid_request_error","param":null,"code":null}})"};
    return answer;
  }
  const Bytes model = facts.model_name(body);
  answer.first = model == "demo-slow" ? think_long : think;
  answer.gap = token_gap;
  answer.stream = facts.stream && rules.endpoint != json::Endpoint::embeddings;
  if (rules.endpoint == json::Endpoint::embeddings) {
    answer.first = token_gap;
    answer.parts = {embeddings(body, model, facts)};
  } else if (rules.endpoint == json::Endpoint::completions) {
    answer.parts = answer.stream ? completion_events(model)
                                 : std::vector<std::string>{completion(body, model)};
  } else {
    answer.parts = answer.stream ? chat_events(body, model, facts)
                                 : std::vector<std::string>{whole_chat(body, model, facts)};
  }
  return answer;
}

}  // namespace penstock
