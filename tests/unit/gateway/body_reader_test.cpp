#include "gateway/body_reader.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

namespace {

struct Reading {
  std::string payload;
  std::string rest;  // what was not consumed
  bool done = false;
  bool failed = false;
};

// Feeds `text` in two parts, the second together with what the first left over.
Reading read(BodyReader body, std::string_view text, std::size_t cut) {
  Reading reading;
  std::string held;
  for (const Bytes part : {text.substr(0, cut), text.substr(cut)}) {
    held.append(part);
    Bytes in = held;
    for (Bytes piece = body.next(in); !piece.empty(); piece = body.next(in)) {
      reading.payload.append(piece);
    }
    held.erase(0, held.size() - in.size());
  }
  reading.rest = held;
  reading.done = body.done();
  reading.failed = body.failed();
  return reading;
}

}  // namespace

TEST_CASE("body_reader: by length, at every cut") {
  constexpr std::string_view text = "0123456789GET / HTTP/1.1";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const Reading reading = read(BodyReader(http::Framing::length, 10, 100), text, cut);
    CHECK(reading.payload == "0123456789");
    CHECK(reading.rest == "GET / HTTP/1.1");
    CHECK(reading.done);
    CHECK_FALSE(reading.failed);
  }
}

TEST_CASE("body_reader: a length that is not met is not done") {
  BodyReader body(http::Framing::length, 10, 100);
  Bytes in = "0123";
  CHECK(body.next(in) == "0123");
  CHECK(body.left() == 6);
  CHECK(body.next(in).empty());
  CHECK_FALSE(body.done());
}

TEST_CASE("body_reader: chunked, at every cut") {
  constexpr std::string_view text = "4\r\nabcd\r\n5;x=y\r\nefghi\r\n0\r\n\r\nGET";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const Reading reading = read(BodyReader(http::Framing::chunked, 0, 100), text, cut);
    CHECK(reading.payload == "abcdefghi");
    CHECK(reading.rest == "GET");
    CHECK(reading.done);
  }
}

TEST_CASE("body_reader: a chunked body has a limit, and its form is judged") {
  BodyReader large(http::Framing::chunked, 0, 8);
  Bytes in = "4\r\nabcd\r\n5\r\nefghi\r\n0\r\n\r\n";
  while (!large.next(in).empty()) {
  }
  CHECK(large.failed());
  CHECK(large.reason() == http::Reason::body_too_large);
  CHECK_FALSE(large.done());

  BodyReader bad(http::Framing::chunked, 0, 100);
  in = "zz\r\n";
  CHECK(bad.next(in).empty());
  CHECK(bad.failed());
}

TEST_CASE("body_reader: none, empty, and up to the close") {
  Bytes in = "GET";
  BodyReader none;
  CHECK(none.done());
  CHECK(none.next(in).empty());
  CHECK(in == "GET");

  BodyReader empty(http::Framing::length, 0, 100);
  CHECK(empty.done());
  CHECK(empty.next(in).empty());

  BodyReader open(http::Framing::to_close, 0, 100);
  CHECK(open.next(in) == "GET");
  CHECK(in.empty());
  CHECK_FALSE(open.done());
}
