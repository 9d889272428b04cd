#include "answer_reader.h"

#include <algorithm>
#include <charconv>

namespace penstock::loadtest {

namespace {

constexpr std::size_t line_bytes_max = 16UL * 1024;

// Compares header names and tokens, which are ASCII, without regard to case.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whole text as a number, false if it holds anything else.
bool parse(std::string_view text, int base, std::size_t& number) {
  const auto result = std::from_chars(text.begin(), text.end(), number, base);
  return result.ec == std::errc{} && result.ptr == text.end();
}

}  // namespace

void AnswerReader::reset() {
  carry_.clear();
  left_ = 0;
  state_ = State::head;
  status_ = 0;
  chunked_ = has_length_ = close_after_ = after_chunk_ = false;
}

void AnswerReader::closed() {
  if (state_ == State::done) return;
  state_ = state_ == State::to_close ? State::done : State::broken;
}

// Takes bytes up to and with the next LF and hands the line over without its CRLF. Returns how
// many bytes of `in` were used.
std::size_t AnswerReader::take_line(std::string_view in) {
  const std::size_t end = in.find('\n');
  if (end == std::string_view::npos) {
    carry_.append(in);
    if (carry_.size() > line_bytes_max) state_ = State::broken;
    return in.size();
  }
  std::string_view text = in.substr(0, end);
  if (!carry_.empty()) {
    carry_.append(text);
    text = carry_;
  }
  if (text.empty() || text.back() != '\r') {
    state_ = State::broken;  // RFC 9112 2.2: lines end in CRLF
  } else {
    line(text.substr(0, text.size() - 1));
  }
  carry_.clear();
  return end + 1;
}

void AnswerReader::line(std::string_view text) {
  if (state_ == State::head) {
    if (text.empty()) {
      head_end();
    } else {
      head_line(text);
    }
  } else if (state_ == State::chunk_size) {
    if (after_chunk_) {
      after_chunk_ = false;
      if (!text.empty()) state_ = State::broken;
      return;
    }
    if (!parse(text.substr(0, text.find(';')), 16, left_)) {
      state_ = State::broken;
    } else {
      state_ = left_ == 0 ? State::trailer : State::chunk_data;
    }
  } else if (text.empty()) {  // end of the trailer section
    state_ = State::done;
  }
}

void AnswerReader::head_line(std::string_view text) {
  if (status_ == 0) {
    std::size_t status = 0;
    if (!text.starts_with("HTTP/1.1 ") || text.size() < 12 ||
        !parse(text.substr(9, 3), 10, status) || status < 100) {
      state_ = State::broken;
      return;
    }
    status_ = static_cast<int>(status);
    return;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    state_ = State::broken;
    return;
  }
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = trim(text.substr(colon + 1));
  if (same_name(name, "content-length")) {
    has_length_ = parse(value, 10, left_);
    if (!has_length_) state_ = State::broken;
  } else if (same_name(name, "transfer-encoding")) {
    chunked_ = same_name(value, "chunked");
  } else if (same_name(name, "connection")) {
    close_after_ = same_name(value, "close");
  }
}

void AnswerReader::head_end() {
  if (status_ == 0) {
    state_ = State::broken;
  } else if (status_ < 200) {
    reset();  // an interim answer; the real head follows
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    state_ = left_ == 0 ? State::done : State::fixed;
  } else {
    state_ = State::to_close;
    close_after_ = true;
  }
}

void AnswerReader::end_piece() {
  after_chunk_ = state_ == State::chunk_data;
  state_ = after_chunk_ ? State::chunk_size : State::done;
}

}  // namespace penstock::loadtest
