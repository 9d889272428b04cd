// Incremental reader of one HTTP/1.1 answer for the load client: head, then a body by
// Content-Length, by chunks, or until the connection closes. Strict enough to notice a cut or
// garbled answer, written independently of the gateway's own parsers on purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::loadtest {

class AnswerReader {
 public:
  enum class State : std::uint8_t {
    head,
    fixed,
    chunk_size,
    chunk_data,
    trailer,
    to_close,
    done,
    broken
  };

  // Forgets the last answer and waits for a new head.
  void reset();

  // Takes bytes as they came from the socket and calls `on_body(std::string_view)` for every
  // piece of the body. Bytes behind a finished answer make it broken: one request is under way.
  template <class F>
  void feed(std::string_view in, F&& on_body) {
    while (!in.empty() && state_ != State::broken) {
      if (state_ == State::done) {
        state_ = State::broken;
      } else if (state_ == State::fixed || state_ == State::chunk_data) {
        const std::string_view piece = in.substr(0, left_);
        on_body(piece);
        in.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ == 0) end_piece();
      } else if (state_ == State::to_close) {
        on_body(in);
        return;
      } else {
        in.remove_prefix(take_line(in));
      }
    }
  }

  // The peer closed: ends an answer that lasts until then, breaks any other unfinished one.
  void closed();

  State state() const { return state_; }
  bool done() const { return state_ == State::done; }
  bool broken() const { return state_ == State::broken; }
  int status() const { return status_; }
  bool close_after() const { return close_after_; }

 private:
  std::size_t take_line(std::string_view in);
  void line(std::string_view text);
  void head_line(std::string_view text);
  void head_end();
  void end_piece();

  std::string carry_;  // a line that came in pieces
  std::size_t left_ = 0;
  State state_ = State::head;
  int status_ = 0;
  bool chunked_ = false;
  bool has_length_ = false;
  bool close_after_ = false;
  bool after_chunk_ = false;  // the empty line behind a chunk's data comes next
};

}  // namespace penstock::loadtest
