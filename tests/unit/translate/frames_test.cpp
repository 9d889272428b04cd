// Anthropic's events inside InvokeModel's frames.
#include "translate/frames.h"

#include <doctest/doctest.h>

#include <string>

#include "penstock/json_document.h"
#include "translate/invoke_chunk.h"

using namespace penstock;

namespace {

Result<std::string> unwrap(Bytes payload) {
  json::Document document;
  std::string inside;
  PENSTOCK_CHECK(translate::unwrap_invoke_chunk(payload, document, inside));
  return inside;
}

}  // namespace

TEST_CASE("frames/what_is_inside_a_chunk_is_taken_out") {
  CHECK(unwrap(R"({"bytes":"eyJhIjoxfQ==","p":"abcd"})").value() == R"({"a":1})");
  CHECK(unwrap(R"({"bytes":"eyJhIjoxfQ"})").value() == R"({"a":1})");
  CHECK(unwrap(R"({"bytes":"Pz8\/"})").value() == "???");
  CHECK(unwrap(R"({"bytes":""})").value().empty());
}

TEST_CASE("frames/a_chunk_without_an_event_is_malformed") {
  for (const Bytes payload : {R"({"p":"abcd"})", R"({"bytes":7})", R"({"bytes":"e"})",
                              R"({"bytes":"e$Jh"})", "no json", ""}) {
    const auto got = unwrap(payload);
    REQUIRE(!got);
    CHECK(got.error() == Error{Code::malformed, Side::upstream});
  }
}

TEST_CASE("frames/an_exception_becomes_the_error_event_of_the_dialect_inside_trap_82") {
  json::Document document;
  json::Composer out;
  translate::write_invoke_error("throttlingException", R"({"message":"Too \"many\""})", document,
                                out);
  CHECK(out.text() ==
        R"({"type":"error","error":{"type":"rate_limit_error","message":"Too \"many\""}})");
  translate::write_invoke_error("modelStreamErrorException", "", document, out);
  CHECK(out.text() ==
        R"({"type":"error","error":{"type":"api_error","message":"modelStreamErrorException"}})");
}

TEST_CASE("frames/a_body_that_ends_inside_a_binary_frame_is_cut_trap_85") {
  const auto frames = translate::make_frames(dialect::Framing::aws_event_stream, {}, 1 << 20);
  frames->feed(Bytes("\0\0\0\x50\0\0", 6));
  translate::Frame frame;
  CHECK(frames->next(frame) == false);
  const auto last = frames->last(frame);
  REQUIRE(!last);
  CHECK(last.error() == Error{Code::malformed, Side::upstream});
}
