#include "dialect/gemini/config_writer.h"

#include <array>

#include "dialect/gemini/schema.h"
#include "dialect/gemini/thinking_writer.h"
#include "dialect/loss.h"

namespace penstock::dialect::gemini {
namespace {

constexpr Bytes config_path = "generationConfig.";
constexpr std::size_t stops_max = 5;

void write_integer(Bytes key, const std::optional<std::int64_t>& value, json::Composer& out) {
  if (value) out.key(key).integer(*value);
}
void write_number(Bytes key, hub::Raw value, json::Composer& out) {
  if (!value.empty()) out.key(key).raw(value);
}

Result<> write_stops(Target& to) {
  const auto& stops = to.request.stop;
  if (stops.empty()) return {};
  to.out.key("stopSequences").begin_array();
  for (std::size_t i = 0; i < stops.size() && i < stops_max; ++i) to.out.escaped_string(stops[i]);
  to.out.end_array();
  return stops.size() > stops_max ? lose("stop", to.traits, to.losses) : Result<>();
}

// Seeds have 32 bits here; a longer one is folded, always to the same.
void write_seed(Target& to) {
  const hub::Raw seed = to.request.seed;
  if (seed.empty()) return;
  const auto read = to.document.read(seed, json::Judge::answer);
  const auto number = read ? read->integer() : std::nullopt;
  to.out.key("seed");
  if (!number || (*number >= INT32_MIN && *number <= INT32_MAX)) {
    to.out.raw(seed);
  } else {
    to.out.integer(*number & INT32_MAX);
    to.losses.emulate("seed");
  }
}

Result<> write_format(Target& to) {
  using Kind = hub::ResponseFormat::Kind;
  const hub::ResponseFormat& format = to.request.format;
  json::Composer& out = to.out;
  if (format.kind == Kind::text) out.key("responseMimeType").string("text/plain");
  if (format.kind != Kind::json_object && format.kind != Kind::json_schema) return {};
  out.key("responseMimeType").string("application/json");
  if (format.schema.empty()) return {};
  if (to.model.json_schema()) {
    out.key("responseJsonSchema").raw(format.schema);
    return {};
  }
  const auto schema = to.document.read(format.schema, json::Judge::answer);
  json::Composer converted;
  if (!schema || !write_openapi_schema(*schema, converted)) {
    return refuse("response_format", "This schema cannot be expressed for the target.", to.losses);
  }
  out.key("responseSchema").raw(converted.text());
  return {};
}

// Older models have one resolution for all media: the finest that any part asks for.
void write_resolution(Target& to) {
  if (to.model.third()) return;
  bool low = false;
  bool high = false;
  for (const hub::Message& message : to.request.messages) {
    for (const hub::Part& part : message.parts) {
      low = low || part.media.detail == "low";
      high = high || part.media.detail == "high";
    }
  }
  if (low || high) {
    to.out.key("mediaResolution").string(high ? "MEDIA_RESOLUTION_HIGH" : "MEDIA_RESOLUTION_LOW");
  }
}

// OpenAI's `modalities` and `audio`: what the answer is to be made of.
Result<> write_modalities(Target& to, const hub::Extra& extra) {
  const auto value = to.document.read(extra.value, json::Judge::answer);
  if (!value) return {};
  json::Composer& out = to.out;
  if (extra.key == "modalities") {
    out.key("responseModalities").begin_array();
    for (const json::View one : *value)
      out.string(one.is("audio") ? "AUDIO" : one.is("image") ? "IMAGE" : "TEXT");
    out.end_array();
  } else if (const json::View voice = (*value)["voice"]; voice.is_string()) {
    out.key("speechConfig").begin_object().key("voiceConfig").begin_object();
    out.key("prebuiltVoiceConfig").begin_object().key("voiceName").raw(voice.raw());
    out.end_object().end_object().end_object();
  }
  return {};
}

Result<> write_config_extra(Target& to) {
  for (const hub::Extra& extra : to.request.extra) {
    const Bytes name = extra_name(to.request, extra, config_path);
    if (!name.empty()) {
      to.out.escaped_string(name).verbatim(":").raw(extra.value);
    } else if (to.request.issuer == hub::Issuer::openai &&
               (extra.key == "modalities" || extra.key == "audio")) {
      PENSTOCK_CHECK(write_modalities(to, extra));
    }
  }
  return {};
}

// A label's key or value (https://cloud.google.com/resource-manager/docs/labels-overview).
bool is_label(Bytes text) {
  return !text.empty() && text.size() <= 63 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == Bytes::npos;
}

// Metadata become labels where there are labels and all of them fit.
Result<> write_metadata(Target& to) {
  if (to.request.metadata.empty()) return {};
  const auto read = to.document.read(to.request.metadata, json::Judge::answer);
  if (!read || read->empty()) return {};
  bool fits = to.traits.on_vertex && read->is_object();
  for (const json::View value : *read) {
    fits = fits && is_label(value.key()) && is_label(value.text()) && value.key()[0] >= 'a';
  }
  if (!fits) return lose("metadata", to.traits, to.losses);
  to.out.key("labels").raw(read->raw());
  return {};
}

Result<> write_tier(Target& to) {
  const Bytes tier = to.request.service_tier;
  if (tier.empty() || tier == "auto") return {};
  const bool known =
      tier == "default" || tier == "standard" || tier == "flex" || tier == "priority";
  // On Vertex a header says it.
  if (!known || to.traits.on_vertex) {
    return tier == "default" ? Result<>() : lose("service_tier", to.traits, to.losses);
  }
  to.out.key("serviceTier").string(tier == "default" ? Bytes("standard") : tier);
  return {};
}

// What the dialect has no place for at all.
Result<> lose_the_rest(Target& to) {
  const hub::Request& request = to.request;
  struct Field {
    Bytes name;
    bool set;
  };
  const std::array<Field, 6> fields{{
      {"logit_bias", !request.logit_bias.empty()},
      {"parallel_tool_calls", request.parallel_tool_calls == false && !request.tools.empty()},
      {"verbosity", !request.verbosity.empty()},
      {"user", !request.user.empty()},
      {"prompt_cache_key", !request.prompt_cache_key.empty()},
      {"store", request.store == true},
  }};
  for (const Field& field : fields) {
    if (field.set) PENSTOCK_CHECK(lose(field.name, to.traits, to.losses));
  }
  return {};
}

struct Known {
  Bytes camel, snake;
};
// Extensions that are taken from the bodies of other dialects too.
constexpr std::array<Known, 2> extensions{
    {{"safetySettings", "safety_settings"}, {"cachedContent", "cached_content"}}};

}  // namespace

bool uses_cached_content(const hub::Request& request) {
  for (const hub::Extra& extra : request.extra) {
    if (extra.key == "cachedContent" || extra.key == "cached_content") return true;
  }
  return false;
}

Bytes extra_name(const hub::Request& request, const hub::Extra& extra, Bytes path) {
  if (request.issuer != hub::Issuer::gemini || !extra.key.starts_with(path)) return {};
  return extra.key.substr(path.size());
}

Result<> write_generation_config(Target& to, bool format) {
  const hub::Request& request = to.request;
  json::Composer& out = to.out;
  const std::size_t before = out.size();
  out.key("generationConfig").begin_object();
  const std::size_t empty = out.size();
  write_integer("maxOutputTokens", request.max_output_tokens, out);
  write_number("temperature", request.temperature, out);
  write_number("topP", request.top_p, out);
  write_integer("topK", request.top_k, out);
  PENSTOCK_CHECK(write_stops(to));
  write_seed(to);
  write_number("presencePenalty", request.presence_penalty, out);
  write_number("frequencyPenalty", request.frequency_penalty, out);
  write_integer("candidateCount", request.n, out);
  if (request.logprobs) out.key("responseLogprobs").boolean(*request.logprobs);
  write_integer("logprobs", request.top_logprobs, out);
  if (format) PENSTOCK_CHECK(write_format(to));
  PENSTOCK_CHECK(write_thinking(to));
  write_resolution(to);
  PENSTOCK_CHECK(write_config_extra(to));
  const bool wrote = out.size() != empty || !out.fits();
  out.end_object();
  if (!wrote) out.cut(before);
  return {};
}

Result<> write_extra(Target& to) {
  const hub::Request& request = to.request;
  PENSTOCK_CHECK(write_tier(to));
  PENSTOCK_CHECK(write_metadata(to));
  const bool own = request.issuer == hub::Issuer::gemini;
  for (const hub::Extra& extra : request.extra) {
    if (own && extra.key.find('.') != Bytes::npos) continue;  // written in its place
    bool done = false;
    for (const Known& known : extensions) {
      if (extra.key != known.camel && extra.key != known.snake) continue;
      to.out.key(known.camel).raw(extra.value);
      done = true;
    }
    const bool openai = request.issuer == hub::Issuer::openai;
    if (done || (openai && (extra.key == "modalities" || extra.key == "audio" ||
                            extra.key == "web_search_options")))
      continue;
    if (own && (extra.key != "labels" || to.traits.on_vertex)) {
      to.out.escaped_string(extra.key).verbatim(":").raw(extra.value);
    } else {
      PENSTOCK_CHECK(lose(extra.key, to.traits, to.losses));
    }
  }
  return lose_the_rest(to);
}

}  // namespace penstock::dialect::gemini
