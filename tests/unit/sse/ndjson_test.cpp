#include "penstock/ndjson.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "support/sse_events.h"

using namespace penstock;
using Lines = std::vector<std::string>;

namespace {

// Each chunk from a buffer of its own that is gone afterwards.
Lines lines_of(const std::vector<std::string>& chunks, std::size_t bytes_max = 1000) {
  Lines out;
  sse::NdjsonFramer framer(bytes_max);
  Bytes line;
  for (const std::string& chunk : chunks) {
    const std::string own = chunk;
    framer.feed(own);
    for (;;) {
      const auto more = framer.next(line);
      if (!more) {
        CHECK(more.error() == Error{Code::too_large, Side::upstream});
        out.push_back("too large");
        return out;
      }
      if (!*more) break;
      out.emplace_back(line);
    }
  }
  if (framer.last(line)) out.emplace_back(line);
  return out;
}

}  // namespace

TEST_CASE("ndjson/lines_come_out_the_same_for_every_cut") {
  const std::string text =
      "\xEF\xBB\xBF{\"a\":1}\r\n\n \t\r\n{\"b\":\"\xC3\xA9\"} \n\xEF\xBB\xBF\n{\"last\":true}";
  const Lines expected{R"({"a":1})", "{\"b\":\"\xC3\xA9\"}", "\xEF\xBB\xBF", R"({"last":true})"};
  CHECK(lines_of({text}) == expected);
  CHECK(lines_of(test::bytewise(text)) == expected);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      CHECK(lines_of({text.substr(0, first), text.substr(first, second - first),
                      text.substr(second)}) == expected);
    }
  }
}

TEST_CASE("ndjson/a_stream_that_ends_with_a_line_has_no_last_one") {
  CHECK(lines_of({"{}\n"}) == Lines{"{}"});
  CHECK(lines_of({"{}\n \r"}) == Lines{"{}"});
  CHECK(lines_of({}).empty());
}

TEST_CASE("ndjson/a_line_is_bounded") {
  for (const std::string text : {"12345678\n1\n", "12345678"}) {
    CHECK(lines_of({text}, 8).front() == "12345678");
    CHECK(lines_of(test::bytewise(text), 8).front() == "12345678");
    CHECK(lines_of({text}, 7) == Lines{"too large"});
    CHECK(lines_of(test::bytewise(text), 7) == Lines{"too large"});
  }
}

TEST_CASE("ndjson/a_large_line_leaves_nothing_behind") {
  sse::NdjsonFramer framer;
  const std::string half(100'000, 'x');
  Bytes line;
  framer.feed(half);
  CHECK(*framer.next(line) == false);
  CHECK(framer.held() == half.size());
  framer.feed("\n{}\n");
  CHECK(*framer.next(line));
  CHECK(line == half);
  CHECK(framer.held() == 0);
  CHECK(*framer.next(line));
  CHECK(line == "{}");
  CHECK(*framer.next(line) == false);
}
