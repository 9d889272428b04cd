#include "telemetry/access_log.h"

#include "telemetry/json_text.h"

namespace penstock {
namespace {

// Everything of a line but the insides of its strings: names, punctuation, quotes, 13 numbers of at
// most 24 bytes, the time.
constexpr std::size_t strings = 13;
constexpr std::size_t rest_max = 1'200;
static_assert(strings * field_bytes_max + usage_bytes_max + rest_max <= access_line_max);

// Members that begin with their name and colon, a literal: copied as such when inlined. What is not
// known is left out.
[[gnu::always_inline]] inline void name(JsonText& line, Bytes member, const LogName* value) {
  if (value == nullptr) return;
  line.raw(member);
  line.raw(value->json());
}

[[gnu::always_inline]] inline void word(JsonText& line, Bytes member, Bytes value) {
  if (value.empty()) return;
  line.raw(member);
  line.word(value);
}

[[gnu::always_inline]] inline void string(JsonText& line, Bytes member, Bytes value) {
  if (value.empty()) return;
  line.raw(member);
  line.string(value);
}

[[gnu::always_inline]] inline void number(JsonText& line, Bytes member,
                                          std::optional<std::uint64_t> value) {
  if (!value) return;
  line.raw(member);
  line.number(*value);
}

[[gnu::always_inline]] inline void milliseconds(JsonText& line, Bytes member,
                                                std::optional<Duration> value) {
  if (!value) return;
  line.raw(member);
  line.milliseconds(value->ns);
}

}  // namespace

LogName::LogName(Bytes text) {
  std::array<char, field_bytes_max + 2> room;
  JsonText written(room);
  written.string(text);
  json_ = written.text();
}

LogTarget::LogTarget(Bytes name, Bytes provider, Bytes upstream_model) {
  std::array<char, 3 * (field_bytes_max + 24)> room;
  JsonText written(room);
  string(written, R"(,"target":)", name);
  string(written, R"(,"provider":)", provider);
  string(written, R"(,"upstream_model":)", upstream_model);
  members_ = written.text();
}

// Field order is the order of the struct.
Bytes AccessLog::write(const AccessRecord& r, std::span<char, access_line_max> room) noexcept {
  JsonText line(room);
  line.raw(R"({"time":")");
  line.raw(time_.text(r.time_ns));
  line.raw("\"");
  word(line, R"(,"request_id":)", r.request_id);
  name(line, R"(,"key":)", r.key);
  word(line, R"(,"endpoint":)", r.endpoint);
  word(line, R"(,"dialect":)", r.dialect);
  if (r.model == nullptr)
    string(line, R"(,"model":)", r.unknown_model);
  else
    name(line, R"(,"model":)", r.model);
  if (r.target != nullptr) line.raw(r.target->members());
  line.raw(r.stream ? Bytes(R"(,"stream":true)") : Bytes(R"(,"stream":false)"));
  number(line, R"(,"status":)", r.status);
  word(line, R"(,"code":)", r.code);
  string(line, R"(,"finish":)", r.finish);
  number(line, R"(,"attempts":)", r.attempts);
  number(line, R"(,"input_tokens":)", r.input_tokens);
  number(line, R"(,"cache_read_tokens":)", r.cache_read_tokens);
  number(line, R"(,"output_tokens":)", r.output_tokens);
  number(line, R"(,"reasoning_tokens":)", r.reasoning_tokens);
  word(line, R"(,"usage_source":)", r.usage_source);
  if (!r.usage_reported.empty()) {
    line.raw(R"(,"usage_reported":)");
    line.raw(r.usage_reported);
  }
  number(line, R"(,"bytes_in":)", r.bytes_in);
  number(line, R"(,"bytes_out":)", r.bytes_out);
  milliseconds(line, R"(,"ttfb_ms":)", r.ttfb);
  milliseconds(line, R"(,"duration_ms":)", r.duration);
  number(line, R"(,"overhead_us":)",
         r.overhead.ns > 0 ? static_cast<std::uint64_t>(r.overhead.us()) : 0);
  string(line, R"(,"trace_id":)", r.trace_id);
  word(line, R"(,"end":)", r.end);
  line.raw("}\n");
  return line.text();
}

std::array<char, 17> unknown_name(Bytes name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  std::array<char, 17> text{'?'};
  for (std::size_t i = 0; i < 16; ++i) {
    text[1 + i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 0xF];
  }
  return text;
}

}  // namespace penstock
