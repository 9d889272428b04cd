// Takes HTTP answers off a run of bytes. The tests' own reading of RFC 9112, simple and slow, apart
// from the product's parser on purpose.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace penstock::test {

struct Answer {
  int status = 0;
  std::string head;  // lower case
  std::string body;  // without framing, as far as it came

  // The value of a field; empty when there is none. name: lower case.
  std::string field(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class AnswerReader {
 public:
  enum class State : std::uint8_t { head, body, complete, malformed };

  // Moves bytes of the answer under way from `in` to `answer`. At `complete` what follows stays in
  // `in`, and `next` begins the next answer.
  State read(std::string& in) {
    while (state_ == State::head) {
      const std::size_t end = in.find("\r\n\r\n");
      if (end == std::string::npos) return state_;
      begin(in.substr(0, end + 2));
      in.erase(0, end + 4);
    }
    while (state_ == State::body && step(in)) {
    }
    return state_;
  }
  State state() const { return state_; }
  // The connection ended: true when that was how the answer ends.
  bool ends_with_connection() const { return state_ == State::body && framing_ == Framing::close; }
  void next() { *this = {}; }

  Answer answer;

 private:
  enum class Framing : std::uint8_t { length, chunk_size, chunk, chunk_end, trailer, close };

  void begin(std::string head) {
    std::ranges::transform(head, head.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    answer = {};
    answer.head = std::move(head);
    if (!answer.head.starts_with("http/1.1 ") || answer.head.size() < 12) {
      state_ = State::malformed;
      return;
    }
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    if (answer.status == 100) return;  // the final one follows
    state_ = State::body;
    const std::string length = answer.field("content-length");
    if (answer.field("transfer-encoding") == "chunked") {
      framing_ = Framing::chunk_size;
      if (!length.empty()) state_ = State::malformed;
    } else if (!length.empty()) {
      std::from_chars(length.data(), length.data() + length.size(), left_);
      framing_ = Framing::length;
      if (left_ == 0) state_ = State::complete;
    } else {
      framing_ = Framing::close;
      if (answer.status == 204) state_ = State::complete;
    }
  }
  // One piece of the body; false: nothing to be done with `in`.
  bool step(std::string& in) {
    switch (framing_) {
      case Framing::close:
        left_ = in.size();
        [[fallthrough]];
      case Framing::length:
      case Framing::chunk: {
        const std::size_t part = std::min(left_, in.size());
        answer.body.append(in, 0, part);
        in.erase(0, part);
        left_ -= part;
        if (framing_ == Framing::close || left_ > 0) return false;
        if (framing_ == Framing::length) state_ = State::complete;
        framing_ = Framing::chunk_end;
        return state_ == State::body;
      }
      default: {
        const std::size_t end = in.find("\r\n");
        if (end == std::string::npos) return false;
        const std::string line = in.substr(0, end);
        in.erase(0, end + 2);
        take_line(line);
        return state_ == State::body;
      }
    }
  }
  void take_line(const std::string& line) {
    if (framing_ == Framing::chunk_size) {
      const auto read = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
      if (line.empty() || read.ptr != line.data() + line.size()) state_ = State::malformed;
      framing_ = left_ == 0 ? Framing::trailer : Framing::chunk;
    } else {
      if (!line.empty()) state_ = State::malformed;
      if (framing_ == Framing::trailer && line.empty()) state_ = State::complete;
      framing_ = Framing::chunk_size;
    }
  }

  State state_ = State::head;
  Framing framing_ = Framing::close;
  std::size_t left_ = 0;
};

}  // namespace penstock::test
