// The members that chat and legacy completions share.
#include "dialect/openai_chat/request_reading.h"
#include "dialect/web_search.h"

namespace penstock::dialect::openai_chat {
namespace {

constexpr std::int64_t any_number = std::int64_t{1} << 53;
constexpr double any_seed = 1e19;

Result<> read_stop(json::View value, const Path& path, Judge& judge) {
  hub::Request& out = judge.request();
  if (value.is_string()) {
    out.stop.push_back(value.text());
    return {};
  }
  if (!value.is_array())
    return judge.invalid(path, "Invalid type: expected a string or an array of strings.");
  std::uint32_t at = 0;
  for (const json::View one : value) {
    if (!one.is_string()) return judge.invalid(path.at(at), "Invalid type: expected a string.");
    out.stop.push_back(one.text());
    ++at;
  }
  return {};
}

}  // namespace

Result<> read_extra(json::View value, Judge& judge) {
  // Each may have to be named to the client.
  constexpr std::size_t extra_max = 256;
  hub::Request& out = judge.request();
  if (out.extra.size() == extra_max)
    return judge.invalid({}, "The body has too many unknown parameters.");
  out.extra.push_back({value.key(), value.raw()});
  return {};
}

Result<bool> read_answer_media(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  hub::MediaOutput& media = out.media_output;
  if (value.key_is("modalities")) {
    if (!value.is_array())
      return judge.invalid(root.member("modalities"), "Invalid type: expected an array.");
    bool other = false;
    for (const json::View one : value) {
      media.audio = media.audio || one.is("audio");
      media.image = media.image || one.is("image");
      other = other || !one.is("text");
    }
    if (!other) return true;  // text goes without saying
    media.field = "modalities";
  } else if (value.key_is("audio")) {
    media.audio = true;
    if (media.field.empty()) media.field = "audio";
  } else if (value.key_is("web_search_options")) {
    PENSTOCK_CHECK(judge.object(value, root.member("web_search_options")));
    if (!out.web_search) out.web_search = read_web_search(value);
  } else {
    return false;
  }
  PENSTOCK_CHECK(read_extra(value, judge));
  return true;
}

Result<bool> read_sampling(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  const auto number = [&](Bytes key, double least, double most, hub::Raw& to) -> Result<bool> {
    PENSTOCK_TRY(raw, judge.number(value, least, most, root.member(key)));
    to = raw;
    return true;
  };
  const auto integer = [&](Bytes key, std::int64_t least, std::int64_t most,
                           std::optional<std::int64_t>& to) -> Result<bool> {
    PENSTOCK_TRY(read, judge.integer(value, least, most, root.member(key)));
    to = read;
    return true;
  };
  if (value.key_is("temperature")) return number("temperature", 0, 2, out.temperature);
  if (value.key_is("top_p")) return number("top_p", 0, 1, out.top_p);
  if (value.key_is("seed")) return number("seed", -any_seed, any_seed, out.seed);
  if (value.key_is("presence_penalty"))
    return number("presence_penalty", -2, 2, out.presence_penalty);
  if (value.key_is("frequency_penalty"))
    return number("frequency_penalty", -2, 2, out.frequency_penalty);
  if (value.key_is("max_tokens"))
    return integer("max_tokens", 1, any_number, out.max_output_tokens);
  if (value.key_is("n")) return integer("n", 1, hub::Answer::choices_max, out.n);
  if (value.key_is("top_k")) return integer("top_k", -1, any_number, out.top_k);
  if (value.key_is("logit_bias")) {
    PENSTOCK_TRY(bias, judge.object(value, root.member("logit_bias")));
    out.logit_bias = bias;
    return true;
  }
  if (value.key_is("stop")) {
    PENSTOCK_CHECK(read_stop(value, root.member("stop"), judge));
    return true;
  }
  return false;
}

Result<bool> read_delivery(json::View value, const Path& root, Judge& judge) {
  hub::Request& out = judge.request();
  if (value.key_is("stream")) {
    PENSTOCK_TRY(stream, judge.flag(value, root.member("stream")));
    out.stream = stream.value_or(false);
  } else if (value.key_is("stream_options")) {
    const Path path = root.member("stream_options");
    PENSTOCK_CHECK(judge.object(value, path));
    PENSTOCK_TRY(usage, judge.flag(value["include_usage"], path.member("include_usage")));
    out.include_usage = usage.value_or(false);
  } else if (value.key_is("user")) {
    PENSTOCK_TRY(user, judge.text(value, root.member("user")));
    out.user = user;
  } else if (value.key_is("metadata")) {
    PENSTOCK_TRY(metadata, judge.object(value, root.member("metadata")));
    out.metadata = metadata;
  } else if (value.key_is("service_tier")) {
    PENSTOCK_TRY(tier, judge.text(value, root.member("service_tier")));
    out.service_tier = tier;
  } else {
    return false;
  }
  return true;
}

}  // namespace penstock::dialect::openai_chat
