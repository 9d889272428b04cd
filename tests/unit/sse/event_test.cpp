#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "penstock/sse.h"
#include "support/sse_events.h"

using namespace penstock;

namespace {

std::string text_of(const Gather& gather) {
  std::string out;
  for (const Bytes piece : gather.pieces()) out += piece;
  return out;
}

}  // namespace

TEST_CASE("event/gathered_and_written_forms_are_the_same") {
  const std::array<Bytes, 2> data{"{\"a\":1", ",\"b\":2}"};
  for (const Bytes name : {Bytes(""), Bytes("error")}) {
    Gather gather;
    REQUIRE(sse::gather_event(name, data, gather));
    std::array<char, 64> room;
    const auto written = sse::write_event(name, data, room);
    REQUIRE(written);
    CHECK(text_of(gather) == *written);
    CHECK(written->size() == sse::written_bytes(name, data));
    CHECK(test::read_events(*written) == test::Messages{{std::string(name), "{\"a\":1,\"b\":2}"}});
  }
}

TEST_CASE("event/line_ends_can_not_forge_an_event") {
  const std::array<Bytes, 2> data{"{\n\"a\":\r\n1\n\n", "data: x\r\r}"};
  Gather gather;
  CHECK_FALSE(sse::gather_event("", data, gather));
  CHECK(gather.empty());
  std::array<char, 64> room;
  const auto written = sse::write_event("a\nb", data, room);
  REQUIRE(written);
  CHECK(*written == "event: a b\ndata: { \"a\":  1  data: x  }\n\n");
  const std::array<Bytes, 1> plain{"{}"};
  CHECK_FALSE(sse::gather_event("a\rb", plain, gather));
}

TEST_CASE("event/room_is_respected") {
  const std::array<Bytes, 1> data{"{}"};
  const std::size_t bytes = sse::written_bytes("e", data);
  std::vector<char> room(bytes);
  CHECK(sse::write_event("e", data, room));
  room.pop_back();
  CHECK(sse::write_event("e", data, room).error().code == Code::too_large);
  Gather gather;
  while (sse::gather_event("e", data, gather)) {
  }
  CHECK(gather.pieces().size() <= Gather::pieces_max);
  CHECK(gather.pieces().size() > Gather::pieces_max - 6);
}
