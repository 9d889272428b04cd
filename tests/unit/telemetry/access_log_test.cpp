#include "telemetry/access_log.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>

#include "json_reader.h"

using namespace penstock;

namespace {

const LogName ci("ci");
const LogName chat("chat");
const LogTarget target("openai/gpt-5.6", "openai", "gpt-5.6");

AccessRecord ordinary() {
  AccessRecord r;
  r.time_ns = 1'709'210'096'789'000'000;
  r.request_id = "0198c0ffee";
  r.key = &ci;
  r.endpoint = "chat.completions";
  r.dialect = "openai.chat";
  r.model = &chat;
  r.target = &target;
  r.stream = true;
  r.status = 200;
  r.finish = "stop";
  r.attempts = 1;
  r.input_tokens = 12;
  r.output_tokens = 0;
  r.usage_source = "provider";
  r.bytes_in = 1'024;
  r.bytes_out = 600;
  r.ttfb = Duration{1'500'000};
  r.duration = Duration{2'345'678};
  r.overhead = Duration{41'999};
  r.end = "complete";
  return r;
}

std::string line_of(const AccessRecord& record) {
  AccessLog log;
  std::array<char, access_line_max> room{};
  return std::string(log.write(record, room));
}

// The fields of a record that may hold any bytes.
std::array<Bytes*, 3> strings_of(AccessRecord& r) {
  r.model = nullptr;  // so that the unknown one is written
  return {&r.unknown_model, &r.finish, &r.trace_id};
}

// Names from the configuration that are all the same text.
struct Names {
  explicit Names(Bytes text) : name(text), target(text, text, text) {}
  LogName name;
  LogTarget target;
};

// Sets every string of a record that may hold any bytes to the same text, names included.
void set_strings(AccessRecord& r, Bytes text, const Names& names) {
  for (Bytes* field : strings_of(r)) *field = text;
  r.key = &names.name;
  r.target = &names.target;
}

}  // namespace

TEST_CASE("access_log/an_ordinary_line") {
  AccessRecord r = ordinary();
  r.usage_reported = R"({"total_tokens": 12})";
  CHECK(line_of(r) == R"({"time":"2024-02-29T12:34:56.789Z","request_id":"0198c0ffee","key":"ci",)"
                      R"("endpoint":"chat.completions","dialect":"openai.chat","model":"chat",)"
                      R"("target":"openai/gpt-5.6","provider":"openai","upstream_model":"gpt-5.6",)"
                      R"("stream":true,"status":200,"finish":"stop","attempts":1,)"
                      R"("input_tokens":12,"output_tokens":0,"usage_source":"provider",)"
                      R"("usage_reported":{"total_tokens": 12},"bytes_in":1024,"bytes_out":600,)"
                      R"("ttfb_ms":1.500,"duration_ms":2.345,"overhead_us":41,"end":"complete"})"
                      "\n");
}

TEST_CASE("access_log/what_is_not_known_is_left_out_and_not_zero") {
  const auto object = FlatReader::read(line_of(AccessRecord{}));
  REQUIRE(object);
  for (const char* name :
       {"request_id", "model", "code", "input_tokens", "output_tokens", "cache_read_tokens",
        "reasoning_tokens", "usage_reported", "ttfb_ms", "trace_id"}) {
    CAPTURE(name);
    CHECK(!object->fields.contains(name));
  }
  CHECK(object->at("bytes_in") == "0");
  CHECK(object->at("stream") == "false");
}

TEST_CASE("access_log/no_field_can_forge_a_line") {
  const std::string forged = "x\"}\n{\"time\":\"now\",\"status\":200}\n\x1b[2J\u2028\x7f\r";
  AccessRecord r = ordinary();
  const Names names(forged);
  set_strings(r, forged, names);
  const std::string line = line_of(r);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  const auto object = FlatReader::read(line);
  REQUIRE(object);
  CHECK(object->fields.size() == 23);
  CHECK(object->at("model") == "\"" + forged);
  CHECK(object->at("target") == "\"" + forged);
  CHECK(object->at("status") == "200");
}

TEST_CASE("access_log/the_largest_line_fits") {
  AccessRecord r = ordinary();
  const std::string big(1 << 20, '\x01');
  const Names names(big);
  set_strings(r, big, names);
  r.input_tokens = r.cache_read_tokens = r.output_tokens = r.reasoning_tokens = UINT64_MAX;
  r.bytes_in = r.bytes_out = UINT64_MAX;
  r.status = r.attempts = UINT32_MAX;
  r.ttfb = r.duration = r.overhead = Duration{INT64_MAX};
  r.time_ns = INT64_MAX;
  const std::string usage = '"' + std::string(usage_bytes_max - 2, 'x') + '"';
  r.usage_reported = usage;
  const std::string line = line_of(r);
  CHECK(line.size() <= access_line_max);
  CHECK(line.size() > 8 * 500);
  const auto object = FlatReader::read(line);
  REQUIRE(object);
  CHECK(object->at("input_tokens") == "18446744073709551615");
}

TEST_CASE("access_log/random_fields_make_one_valid_line") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2'000; ++round) {
    AccessRecord r = ordinary();
    std::array<std::string, 3> values;
    std::size_t i = 0;
    for (Bytes* field : strings_of(r)) {
      std::string& value = values[i++];
      value.resize(random() % (round % 10 == 0 ? 2'000 : 40));
      for (char& c : value) c = static_cast<char>(random());
      *field = value;
    }
    const Names names(values[random() % values.size()]);
    r.key = &names.name;
    r.target = &names.target;
    const std::string line = line_of(r);
    CHECK(line.size() <= access_line_max);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(FlatReader::read(line));
  }
}

TEST_CASE("access_log/unknown_names_are_a_mark_and_a_hash") {
  const auto a = unknown_name("no-such-model");
  const auto b = unknown_name("no-such-model");
  const auto c = unknown_name("no-such-modem");
  CHECK(a == b);
  CHECK(a != c);
  CHECK(a[0] == '?');
  // The published value of FNV-1a 64 for "foobar".
  const auto known = unknown_name("foobar");
  CHECK(std::string(known.data(), known.size()) == "?85944171f73967e8");
}
