// Response heads made from lines, read by the product's parser.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "penstock/http.h"

namespace test {

// `lines` are separated by "\n"; the text lives as long as this object.
class ResponseFields {
 public:
  explicit ResponseFields(const std::string& lines, int status = 429)
      : head_(std::make_unique<penstock::http::ResponseHead>()) {
    text_ = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
    for (const char c : lines) text_ += c == '\n' ? std::string("\r\n") : std::string(1, c);
    if (!lines.empty() && !lines.ends_with('\n')) text_ += "\r\n";
    text_ += "Content-Length: 0\r\n\r\n";
    penstock::http::ResponseParser parser;
    const auto parsed = parser.feed(text_, penstock::http::Method::post, *head_);
    REQUIRE(parsed.progress == penstock::http::Progress::complete);
  }
  ResponseFields(const ResponseFields&) = delete;
  ResponseFields& operator=(const ResponseFields&) = delete;

  const penstock::http::Fields& get() const { return head_->fields; }

 private:
  std::string text_;
  std::unique_ptr<penstock::http::ResponseHead> head_;
};

}  // namespace test
