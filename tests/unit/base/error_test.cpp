#include "penstock/error.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

TEST_CASE("error/every_code_that_reaches_a_client_has_words_and_advice") {
  for (int i = 0; i <= static_cast<int>(Code::tls_failed); ++i) {
    const ErrorText& text = describe(static_cast<Code>(i));
    CAPTURE(std::string(text.code));
    CHECK_FALSE(text.code.empty());
    CHECK_FALSE(text.message.empty());
    if (text.status >= 400 && text.status != 499) CHECK_FALSE(text.type.empty());
  }
}

TEST_CASE("error/table_rows_stand_at_their_code") {
  CHECK(describe(Code::bad_request).code == "bad_request");
  CHECK(describe(Code::rate_limit_exceeded).status == 429);
  CHECK(describe(Code::upstream_timeout).status == 504);
  CHECK(describe(Code::version_not_supported).status == 505);
  CHECK(describe(Code::gateway_shutdown).code == "gateway_shutdown");
  CHECK(describe(Code::client_closed).status == 499);
  CHECK(describe(Code::tls_failed).code == "tls_failed");
}
