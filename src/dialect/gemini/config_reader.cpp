#include "dialect/gemini/config_reader.h"

#include <array>
#include <cmath>

#include "dialect/gemini/schema.h"

namespace penstock::dialect::gemini {
namespace {

std::unexpected<Error> invalid(RequestIssue& issue, Bytes path, Bytes reason) {
  issue.param = path;
  issue.reason = reason;
  return fail(Code::invalid_value, Side::client);
}

// Some clients write 40.0 where a whole number is meant; Google takes it.
std::optional<std::int64_t> whole_number(json::View value) {
  if (const auto integer = value.integer()) return integer;
  const auto number = value.number();
  if (!number || std::floor(*number) != *number || std::fabs(*number) > 1e15) return {};
  return static_cast<std::int64_t>(*number);
}

struct IntegerField {
  Bytes camel, snake, path;
  std::optional<std::int64_t> hub::Request::* to;
};
constexpr std::array<IntegerField, 4> integers{{
    {"maxOutputTokens", "max_output_tokens", "generationConfig.maxOutputTokens",
     &hub::Request::max_output_tokens},
    {"candidateCount", "candidate_count", "generationConfig.candidateCount", &hub::Request::n},
    {"topK", "top_k", "generationConfig.topK", &hub::Request::top_k},
    {"logprobs", "logprobs", "generationConfig.logprobs", &hub::Request::top_logprobs},
}};

struct NumberField {
  Bytes camel, snake, path;
  hub::Raw hub::Request::* to;
};
constexpr std::array<NumberField, 5> numbers{{
    {"temperature", "temperature", "generationConfig.temperature", &hub::Request::temperature},
    {"topP", "top_p", "generationConfig.topP", &hub::Request::top_p},
    {"seed", "seed", "generationConfig.seed", &hub::Request::seed},
    {"presencePenalty", "presence_penalty", "generationConfig.presencePenalty",
     &hub::Request::presence_penalty},
    {"frequencyPenalty", "frequency_penalty", "generationConfig.frequencyPenalty",
     &hub::Request::frequency_penalty},
}};

bool is_word(json::View value, Bytes upper, Bytes lower) {
  return value.is(upper) || value.is(lower);
}

Result<> read_thinking(json::View config, hub::Request& out, RequestIssue& issue) {
  constexpr Bytes path = "generationConfig.thinkingConfig";
  if (!config.is_object()) return invalid(issue, path, "thinkingConfig is an object.");
  hub::Reasoning& reasoning = out.reasoning;
  if (const json::View budget = member(config, "thinkingBudget", "thinking_budget")) {
    reasoning.budget = whole_number(budget);
    if (!reasoning.budget) {
      return invalid(issue, path, "thinkingBudget is a whole number of tokens.");
    }
  }
  if (const json::View shown = member(config, "includeThoughts", "include_thoughts")) {
    reasoning.show = shown.is_true();
  }
  const json::View level = member(config, "thinkingLevel", "thinking_level");
  if (is_word(level, "MINIMAL", "minimal")) reasoning.effort = hub::Effort::minimal;
  if (is_word(level, "LOW", "low")) reasoning.effort = hub::Effort::low;
  if (is_word(level, "MEDIUM", "medium")) reasoning.effort = hub::Effort::medium;
  if (is_word(level, "HIGH", "high")) reasoning.effort = hub::Effort::high;
  if (level && reasoning.effort == hub::Effort::unset && !level.is("THINKING_LEVEL_UNSPECIFIED")) {
    return invalid(issue, path, "thinkingLevel is MINIMAL, LOW, MEDIUM or HIGH.");
  }
  return {};
}

Result<> read_stop(json::View value, hub::Request& out, RequestIssue& issue) {
  return for_each(value, [&](json::View stop) -> Result<> {
    if (!stop.is_string()) {
      return invalid(issue, "generationConfig.stopSequences", "Stop sequences are strings.");
    }
    out.stop.push_back(stop.text());
    return {};
  });
}

// The members that say in which form the answer is wanted.
void read_format(json::View type, json::View schema, json::View json_schema, hub::Request& out) {
  hub::ResponseFormat& format = out.format;
  if (type.is("text/plain") && !schema && !json_schema)
    format.kind = hub::ResponseFormat::Kind::text;
  if (type.is("application/json")) format.kind = hub::ResponseFormat::Kind::json_object;
  if (format.kind != hub::ResponseFormat::Kind::json_object || (!schema && !json_schema)) return;
  format.kind = hub::ResponseFormat::Kind::json_schema;
  format.name = "response";  // others demand a name
  if (json_schema) {
    format.schema = json_schema.raw();
    return;
  }
  json::Composer text;
  write_json_schema(schema, text);
  format.schema = out.keep(std::string(text.text()));
}

// What the answer is to be made of. True: of text only, which goes without saying.
bool read_modalities(json::View modalities, hub::MediaOutput& out) {
  bool other = !modalities.is_array();
  for (const json::View one : modalities) {
    out.audio = out.audio || is_word(one, "AUDIO", "audio");
    out.image = out.image || is_word(one, "IMAGE", "image");
    other = other || !is_word(one, "TEXT", "text");
  }
  out.field = "generationConfig.responseModalities";
  return !other;
}

Result<bool> read_simple_member(json::View value, hub::Request& out, RequestIssue& issue) {
  for (const IntegerField& field : integers) {
    if (!key_is(value, field.camel, field.snake)) continue;
    out.*field.to = whole_number(value);
    if (!(out.*field.to)) return invalid(issue, field.path, "This is a whole number.");
    return true;
  }
  for (const NumberField& field : numbers) {
    if (!key_is(value, field.camel, field.snake)) continue;
    if (!value.is_number()) return invalid(issue, field.path, "This is a number.");
    out.*field.to = value.raw();
    return true;
  }
  return false;
}

}  // namespace

Result<> read_generation_config(json::View config, hub::Request& out, RequestIssue& issue) {
  if (!config) return {};
  if (!config.is_object()) {
    return invalid(issue, "generationConfig", "generationConfig is an object.");
  }
  json::View type, schema, json_schema;
  for (const json::View value : config) {
    if (value.is_null()) continue;
    PENSTOCK_TRY(known, read_simple_member(value, out, issue));
    if (known) continue;
    if (key_is(value, "stopSequences", "stop_sequences")) {
      PENSTOCK_CHECK(read_stop(value, out, issue));
    } else if (key_is(value, "responseLogprobs", "response_logprobs")) {
      out.logprobs = value.is_true();
    } else if (key_is(value, "thinkingConfig", "thinking_config")) {
      PENSTOCK_CHECK(read_thinking(value, out, issue));
    } else if (key_is(value, "responseMimeType", "response_mime_type")) {
      type = value;
    } else if (key_is(value, "responseSchema", "response_schema")) {
      schema = value;
    } else if (key_is(value, "responseJsonSchema", "response_json_schema") ||
               value.key_is("_responseJsonSchema")) {
      json_schema = value;
    } else if (!(key_is(value, "responseModalities", "response_modalities") &&
                 read_modalities(value, out.media_output))) {
      out.extra.push_back(
          {.key = out.keep("generationConfig." + std::string(value.key())), .value = value.raw()});
    }
  }
  read_format(type, schema, json_schema, out);
  // A form that the hub has no word for, such as a bare enumeration.
  if (type && out.format.kind == hub::ResponseFormat::Kind::unset) {
    out.extra.push_back({.key = "generationConfig.responseMimeType", .value = type.raw()});
    if (schema)
      out.extra.push_back({.key = "generationConfig.responseSchema", .value = schema.raw()});
  }
  return {};
}

}  // namespace penstock::dialect::gemini
