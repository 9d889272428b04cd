// Runs a parser over the same bytes whole, byte by byte, and in two parts at every offset, and
// checks that the verdict does not depend on the cuts. Each part is an allocation of its exact
// size, so that a sanitizer sees a read past its end.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/http.h"

namespace penstock::http {

// A copy of bytes with nothing readable after them.
class Exact {
 public:
  explicit Exact(std::string_view bytes) : size_(bytes.size()), data_(new char[size_]) {
    bytes.copy(data_.get(), size_);
  }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> data_;
};

// What a head parser said, as values.
struct HeadVerdict {
  Parsed parsed;
  std::string text;  // of the head when complete
  bool operator==(const HeadVerdict& other) const {
    if (parsed.progress != other.parsed.progress) return false;
    if (parsed.progress == Progress::more) return true;
    if (parsed.progress == Progress::complete) return text == other.text;
    return parsed.reason == other.parsed.reason && parsed.code == other.parsed.code &&
           parsed.silent == other.parsed.silent && parsed.offset == other.parsed.offset;
  }
};

inline std::string text_of(const Fields& fields) {
  std::string out;
  for (const FieldLine& line : fields.lines()) {
    out += std::string(line.name) + '=' + std::string(line.value) + '/' +
           std::to_string(static_cast<int>(line.field)) + '\n';
  }
  return out;
}

inline std::string text_of(const RequestHead& head) {
  return std::string(name(head.method)) + ' ' + std::string(head.target) + " path " +
         std::string(head.path) + " query " + std::string(head.query) + " version " +
         std::to_string(static_cast<int>(head.version)) + " framing " +
         std::to_string(static_cast<int>(head.framing)) + " length " + std::to_string(head.length) +
         " flags " + std::to_string(head.keep_alive) + std::to_string(head.expect_continue) +
         std::to_string(head.absolute) + std::to_string(head.encoded) +
         std::to_string(static_cast<int>(head.media_type)) + " bytes " +
         std::to_string(head.bytes) + '\n' + text_of(head.fields);
}

inline std::string text_of(const ResponseHead& head) {
  return std::to_string(head.status) + ' ' + std::string(head.reason) + " version " +
         std::to_string(static_cast<int>(head.version)) + " framing " +
         std::to_string(static_cast<int>(head.framing)) + " length " + std::to_string(head.length) +
         " flags " + std::to_string(head.keep_alive) + std::to_string(head.encoded) +
         std::to_string(static_cast<int>(head.media_type)) + " interim " +
         std::to_string(head.interim) + " bytes " + std::to_string(head.bytes) + '\n' +
         text_of(head.fields);
}

// Scratch of the tests, as a shard has it.
inline RequestHead request_scratch;
inline ResponseHead response_scratch;

// Feeds the prefixes of `bytes` that end at `ends`, until the parser has decided.
template <class Feed>
HeadVerdict feed_prefixes(std::string_view bytes, const std::vector<std::size_t>& ends,
                          Feed&& feed) {
  HeadVerdict verdict;
  for (const std::size_t end : ends) {
    const Exact part(bytes.substr(0, end));
    verdict = feed(part.view());
    if (verdict.parsed.progress != Progress::more) break;
  }
  return verdict;
}

inline HeadVerdict request_verdict(std::string_view bytes, const std::vector<std::size_t>& ends,
                                   std::uint64_t body_max = body_unlimited) {
  RequestParser parser;
  return feed_prefixes(bytes, ends, [&](Bytes in) {
    const Parsed parsed = parser.feed(in, body_max, request_scratch);
    const bool complete = parsed.progress == Progress::complete;
    return HeadVerdict{parsed, complete ? text_of(request_scratch) : std::string()};
  });
}

inline HeadVerdict response_verdict(std::string_view bytes, const std::vector<std::size_t>& ends,
                                    Method request = Method::post) {
  ResponseParser parser;
  return feed_prefixes(bytes, ends, [&](Bytes in) {
    const Parsed parsed = parser.feed(in, request, response_scratch);
    const bool complete = parsed.progress == Progress::complete;
    return HeadVerdict{parsed, complete ? text_of(response_scratch) : std::string()};
  });
}

inline std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> ends;
  for (std::size_t end = 1; end <= size; ++end) ends.push_back(end);
  return ends;
}

// verdict_at: (bytes, ends) -> HeadVerdict. Long inputs are cut at some offsets only.
template <class VerdictAt>
HeadVerdict same_at_every_cut(std::string_view bytes, VerdictAt&& verdict_at) {
  const HeadVerdict whole = verdict_at(bytes, {bytes.size()});
  if (bytes.size() <= 2000) CHECK((verdict_at(bytes, every_byte(bytes.size())) == whole));
  const std::size_t step = 1 + bytes.size() / 400;
  for (std::size_t cut = 1; cut < bytes.size(); cut += step) {
    const HeadVerdict split = verdict_at(bytes, {cut, bytes.size()});
    if (split == whole) continue;
    CAPTURE(cut);
    CAPTURE(std::string(name(split.parsed.reason)));
    CAPTURE(std::string(name(whole.parsed.reason)));
    CHECK((split == whole));
    break;
  }
  return whole;
}

// Parses at every cut, and leaves the head of a last, whole parse in the scratch. Its views are
// into a copy that lives until the next call.
inline std::string last_input;
inline Parsed parse_request(std::string_view bytes, std::uint64_t body_max = body_unlimited) {
  same_at_every_cut(bytes, [&](std::string_view in, const std::vector<std::size_t>& ends) {
    return request_verdict(in, ends, body_max);
  });
  last_input = bytes;
  return RequestParser().feed(last_input, body_max, request_scratch);
}

inline Parsed parse_response(std::string_view bytes, Method request = Method::post) {
  same_at_every_cut(bytes, [&](std::string_view in, const std::vector<std::size_t>& ends) {
    return response_verdict(in, ends, request);
  });
  last_input = bytes;
  return ResponseParser().feed(last_input, request, response_scratch);
}

}  // namespace penstock::http
