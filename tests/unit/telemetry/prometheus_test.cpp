#include "telemetry/prometheus.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "metrics_reader.h"
#include "penstock/driver.h"
#include "penstock/frames.h"

using namespace penstock;

namespace {

// A driver that does nothing; only its counters are of interest.
class IdleDriver final : public Driver {
 public:
  IdleDriver() : Driver(Instant{0}, SIZE_MAX) {}
  Result<int> open_socket(int) override { return fail(Code::refused); }
  void close_socket(int, CloseHow) override {}
  void shutdown_send(int) override {}
  long send(int, std::span<const Bytes>) override { return -1; }
  void submit(Op&) override {}
  void cancel(Op&) override {}
  Instant clock() const override { return {}; }
  void poke() override {}
  const char* name() const override { return "epoll"; }
  DriverCounters& set() { return counters_; }

 protected:
  void wait_and_dispatch(Instant) override { refresh_now(); }
  void recycle() override {}
};

struct Fixture {
  Labels labels;
  LabelId chat, embed, openai, local, target;
  ShardMetrics a, b;
  ProcessMetrics process{.version = "1.2.3", .compiler = "clang 19"};

  Fixture() {
    chat = labels.models.add("chat");
    embed = labels.models.add("em\"bed\\\n\xFF");
    openai = labels.providers.add("openai");
    local = labels.providers.add("local");
    target = labels.targets.add("openai/gpt");
    labels.parse_reasons = {"none", "bare_lf", "bad_method"};
  }
  std::string text() const {
    const std::array<const ShardMetrics*, 2> shards{&a, &b};
    std::string out;
    write_prometheus(shards, labels, process, out);
    return out;
  }
};

void count_a_little_of_everything(Fixture& f) {
  f.a.requests(f.chat, f.openai, 200, std::nullopt).add(3);
  f.b.requests(f.chat, f.openai, 200, std::nullopt).add(4);
  f.b.requests(f.chat, f.local, 418, std::nullopt).add();
  f.b.requests(f.embed, f.local, 502, Code::upstream_reset).add();
  f.a.requests(LabelId::none, LabelId::none, 401, Code::invalid_api_key).add(2);
  f.a.requests(LabelId::none, LabelId::none, 0, std::nullopt).add();
  f.a.tokens(f.chat, f.openai, TokenKind::output).add(70);
  f.a.attempts(f.target, AttemptResult::timed_out).add();
  f.a.limited(LimitKind::rpm, LimitScope::key).add(9);
  f.a.parse_errors(2).add();
  f.b.parse_errors(90).add();
  f.b.parse_errors(4'000'000).add();
  f.a.connections(ConnectionSide::client, ConnectionState::idle).add(5);
  f.b.connections(ConnectionSide::client, ConnectionState::idle).add(2);
  f.b.connections(ConnectionSide::upstream, ConnectionState::active).add(1);
  f.b.connections(ConnectionSide::upstream, ConnectionState::active).sub(1);
  f.a.time_to_first_byte(f.chat, f.openai).record(Duration::milliseconds(7));
  f.b.time_to_first_byte(f.chat, f.openai).record(Duration::milliseconds(10));
  f.a.request_duration.record(Duration::seconds(2));
  f.a.overhead_request.record(Duration::microseconds(40));
  f.b.overhead_response.record(Duration::microseconds(4));
  f.a.inter_event.record(Duration::milliseconds(20));
  f.a.streams_active.add(2);
  f.b.streams_active.sub(1);
  f.a.log_lines_dropped.add(1);
  f.a.upstream_excess_bytes.add(11);
  f.process.log_lines_dropped = 2;
  f.process.target_states = {TargetState::probing};
  f.process.reloads = 1;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "prometheus/the_page_is_strictly_valid_and_adds_up") {
  count_a_little_of_everything(*this);
  IdleDriver driver;
  driver.set() = {.turns = 10,
                  .completions = 20,
                  .enters = 11,
                  .sends = 5,
                  .sends_batched = 3,
                  .sends_blocked = 1};
  FrameArena frames;
  a.observe(driver, frames);
  b.observe(driver, frames);

  const MetricsReader page(text());
  for (const std::string& mistake : page.mistakes) FAIL_CHECK(mistake);
  const auto value = [&page](const char* name) { return page.value(name); };

  const std::string chat_openai = R"({model="chat",provider="openai")";
  CHECK(page.value("penstock_requests_total" + chat_openai + R"(,status="200"})") == 7);
  CHECK(value(R"(penstock_requests_total{model="chat",provider="local",status="4xx"})") == 1);
  CHECK(value(R"(penstock_requests_total{status="401",code="invalid_api_key"})") == 2);
  CHECK(value(R"(penstock_requests_total{status="000"})") == 1);
  CHECK(page.value("penstock_requests_total{model=\"em\\\"bed\\\\\\n\xEF\xBF\xBD\",provider="
                   "\"local\",status=\"502\",code=\"upstream_reset\"}") == 1);
  CHECK(page.value("penstock_tokens_total" + chat_openai + R"(,kind="output"})") == 70);
  CHECK(value(R"(penstock_attempts_total{target="openai/gpt",result="timed_out"})") == 1);
  CHECK(value(R"(penstock_limited_total{kind="rpm",scope="key"})") == 9);
  CHECK(value(R"(penstock_http_parse_errors_total{reason="bad_method"})") == 1);
  CHECK(value(R"(penstock_http_parse_errors_total{reason="unnamed"})") == 2);
  CHECK(value(R"(penstock_connections{side="client",state="idle"})") == 7);
  CHECK(value(R"(penstock_connections{side="upstream",state="active"})") == 0);
  const std::string ttfb = "penstock_time_to_first_byte_seconds";
  CHECK(page.value(ttfb + "_bucket" + chat_openai + R"(,le="0.005"})") == 0);
  CHECK(page.value(ttfb + "_bucket" + chat_openai + R"(,le="0.01"})") == 2);
  CHECK(page.value(ttfb + "_count" + chat_openai + "}") == 2);
  CHECK(page.samples.at(ttfb + "_sum" + chat_openai + "}") == "0.017000000");
  CHECK(value(R"(penstock_overhead_seconds_bucket{phase="request",le="2.5e-05"})") == 0);
  CHECK(value(R"(penstock_overhead_seconds_bucket{phase="request",le="5e-05"})") == 1);
  CHECK(value(R"(penstock_overhead_seconds_bucket{phase="response",le="5e-06"})") == 1);
  CHECK(value("penstock_streams_active") == 1);
  CHECK(value("penstock_log_lines_dropped_total") == 3);
  CHECK(value("penstock_upstream_excess_bytes_total") == 11);
  CHECK(value(R"(penstock_target_state{target="openai/gpt"})") == 1);
  CHECK(value(R"(penstock_config_reloads_total{result="taken"})") == 1);
  CHECK(value(R"(penstock_io_backend{backend="epoll"})") == 2);
  CHECK(value("penstock_io_turns_total") == 20);
  CHECK(value("penstock_io_sends_batched_total") == 6);
  CHECK(value("penstock_io_sends_blocked_total") == 2);
  CHECK(value("penstock_series_omitted") == 0);
  CHECK(value(R"(penstock_build_info{version="1.2.3",compiler="clang 19"})") == 1);
}

TEST_CASE("prometheus/no_shards_and_no_labels_are_a_valid_page") {
  std::string out;
  write_prometheus({}, {}, {}, out);
  const MetricsReader page(out);
  for (const std::string& mistake : page.mistakes) FAIL_CHECK(mistake);
  CHECK(page.types.size() == metric_table().size());
}

TEST_CASE_FIXTURE(Fixture, "prometheus/the_reader_of_this_test_finds_mistakes") {
  count_a_little_of_everything(*this);
  const std::string good = text();
  const auto breaks = [&good](std::string_view from, std::string_view to) {
    std::string bad = good;
    const std::size_t at = bad.find(from);
    REQUIRE(at != std::string::npos);
    bad.replace(at, from.size(), to);
    return !MetricsReader(bad).mistakes.empty();
  };
  CHECK(MetricsReader(good).mistakes.empty());
  CHECK(breaks("penstock_streams_active ", "penstock_stream_active "));
  CHECK(breaks("em\\\"bed", "em\"bed"));
  CHECK(breaks("\\n", "\n"));
  CHECK(breaks("le=\"+Inf\"} ", "le=\"+Inf\"} 9"));
  CHECK(breaks("# TYPE penstock_connections gauge\n", ""));
}

TEST_CASE_FIXTURE(Fixture, "prometheus/names_the_labels_do_not_have_yet_wait_for_the_next_page") {
  a.requests(LabelId{50}, openai, 200, std::nullopt).add();
  a.requests(LabelId{51}, openai, 200, std::nullopt).add();
  const MetricsReader page(text());
  CHECK(page.mistakes.empty());
  CHECK(page.samples.count(R"(penstock_requests_total{provider="openai",status="200"})") == 0);
}

TEST_CASE("prometheus/the_shards_together_stay_below_ten_thousand_series") {
  Labels labels;
  for (int i = 0; i < 4'000; ++i) labels.models.add("model" + std::to_string(i));
  const LabelId provider = labels.providers.add("p");
  ShardMetrics a;
  ShardMetrics b;
  for (std::uint16_t i = 0; i < 4'000; ++i) {
    for (const unsigned status : {200u, 429u}) {
      a.requests(LabelId{i}, provider, status, std::nullopt).add();
      b.requests(LabelId{i}, provider, status + 1, std::nullopt).add();
    }
  }
  const std::array<const ShardMetrics*, 2> shards{&a, &b};
  std::string out;
  write_prometheus(shards, labels, {}, out);
  const MetricsReader page(out);
  CHECK(page.mistakes.empty());
  CHECK(page.samples.size() <= 10'000);
  CHECK(page.samples.size() > 9'000);
  CHECK(page.value("penstock_series_omitted") == 16'000 - 9'500);
}

TEST_CASE_FIXTURE(Fixture, "prometheus/a_page_can_be_written_while_the_shards_count") {
  std::thread shard([this] {
    for (int i = 0; i < 20'000; ++i) {
      a.requests(i % 2 == 0 ? chat : embed, openai, 200, std::nullopt).add();
      a.time_to_first_byte(chat, openai).record({i * 1'000});
      a.streams_active.add();
    }
  });
  for (int i = 0; i < 20; ++i) {
    const MetricsReader page(text());
    for (const std::string& mistake : page.mistakes) FAIL_CHECK(mistake);
  }
  shard.join();
  const MetricsReader page(text());
  CHECK(page.value(R"(penstock_requests_total{model="chat",provider="openai",status="200"})") ==
        10'000);
}

TEST_CASE("prometheus/the_table_names_units_and_types") {
  for (const MetricInfo& info : metric_table()) {
    CAPTURE(std::string(info.name));
    CHECK(info.name.starts_with("penstock_"));
    CHECK(info.help.ends_with('.') == true);
    if (info.unit == "seconds") CHECK(info.name.ends_with("_seconds"));
    CHECK((info.type == MetricType::counter) == info.name.ends_with("_total"));
  }
}

// Prometheus' own reader, where it is installed and the environment asks for it:
// PENSTOCK_PROMTOOL=/usr/bin/promtool.
TEST_CASE_FIXTURE(Fixture, "prometheus/promtool_accepts_the_page" *
                               doctest::skip(std::getenv("PENSTOCK_PROMTOOL") == nullptr)) {
  count_a_little_of_everything(*this);
  const std::string command = std::string(std::getenv("PENSTOCK_PROMTOOL")) + " check metrics";
  FILE* promtool = popen(command.c_str(), "w");
  REQUIRE(promtool != nullptr);
  const std::string page = text();
  CHECK(std::fwrite(page.data(), 1, page.size(), promtool) == page.size());
  CHECK(pclose(promtool) == 0);
}
