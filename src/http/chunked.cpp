// The chunked coding (RFC 9112 §7.1), one byte at a time outside the data, in place inside it.
#include <algorithm>

#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

// What may stand between the quotes of an extension; no controls, HTAB included.
bool is_quotable(char c) {
  return is(c, class_value) && c != '\t';
}

}  // namespace

Bytes ChunkedDecoder::next(Bytes& in) noexcept {
  while (!in.empty() && !done() && !failed()) {
    if (state_ == State::data) {
      const Bytes part = in.substr(0, std::min<std::uint64_t>(chunk_, in.size()));
      in.remove_prefix(part.size());
      chunk_ -= part.size();
      payload_ += part.size();
      if (chunk_ == 0) state_ = State::data_cr;
      return part;
    }
    take(in.front());
    if (!failed()) in.remove_prefix(1);
  }
  return {};
}

void ChunkedDecoder::refuse(Reason reason) {
  state_ = State::failed;
  reason_ = reason;
}

void ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension_name_first:
    case State::extension_name:
    case State::extension_value_first:
    case State::extension_value:
    case State::extension_quoted:
    case State::extension_escape:
    case State::extension_end:
      return take_extension(c);
    case State::size_lf:
      if (c != '\n') return refuse(Reason::bad_chunk_size);
      return begin_data();
    case State::data_cr:
      if (c != '\r') return refuse(Reason::bad_chunk_end);
      state_ = State::data_lf;
      return;
    case State::data_lf:
      if (c != '\n') return refuse(Reason::bad_chunk_end);
      state_ = State::size;
      chunk_ = 0;
      line_ = 0;
      return;
    case State::trailer_first:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
      return take_trailer(c);
    case State::last_lf:
      if (c != '\n') return refuse(Reason::bad_trailer);
      state_ = State::done;
      return;
    case State::data:
    case State::done:
    case State::failed:
      return;
  }
}

void ChunkedDecoder::take_size(char c) {
  if (is(c, class_hex)) {
    if (++line_ > chunk_digits_max) return refuse(Reason::bad_chunk_size);
    chunk_ = chunk_ * 16 + hex_value(c);
    return;
  }
  if (line_ == 0) return refuse(Reason::bad_chunk_size);
  if (chunk_ > left_) return refuse(Reason::body_too_large);
  if (c == '\r') {
    state_ = State::size_lf;
  } else if (c == ';') {
    line_ = 1;
    if (++extensions_ > message_extension_bytes_max) {
      return refuse(Reason::chunk_extension_too_long);
    }
    state_ = State::extension_name_first;
  } else {
    refuse(Reason::bad_chunk_size);
  }
}

void ChunkedDecoder::take_extension(char c) {
  const bool quoted = state_ == State::extension_quoted || state_ == State::extension_escape;
  const bool item_done = state_ == State::extension_name || state_ == State::extension_value ||
                         state_ == State::extension_end;
  if (c == '\r' && item_done) {
    state_ = State::size_lf;
    return;
  }
  if (++line_ > chunk_extension_bytes_max || ++extensions_ > message_extension_bytes_max) {
    return refuse(Reason::chunk_extension_too_long);
  }
  if (quoted) {
    if (!is_quotable(c)) return refuse(Reason::bad_chunk_extension);
    if (state_ == State::extension_escape) {
      state_ = State::extension_quoted;
    } else if (c == '"') {
      state_ = State::extension_end;
    } else if (c == '\\') {
      state_ = State::extension_escape;
    }
    return;
  }
  if (c == ';' && item_done) {
    state_ = State::extension_name_first;
  } else if (c == '=' && state_ == State::extension_name) {
    state_ = State::extension_value_first;
  } else if (c == '"' && state_ == State::extension_value_first) {
    state_ = State::extension_quoted;
  } else if (is(c, class_token) && state_ != State::extension_end) {
    if (state_ == State::extension_name_first) state_ = State::extension_name;
    if (state_ == State::extension_value_first) state_ = State::extension_value;
  } else {
    refuse(Reason::bad_chunk_extension);
  }
}

// The size line is complete: data, or trailers after a size of zero.
void ChunkedDecoder::begin_data() {
  if (chunk_ == 0) {
    state_ = State::trailer_first;
    return;
  }
  left_ -= chunk_;
  ++chunks_;
  const std::uint64_t least = std::uint64_t{flood_payload_bytes} * chunks_;
  if (chunks_ > flood_chunks && payload_ + chunk_ < least) return refuse(Reason::chunk_flood);
  state_ = State::data;
}

void ChunkedDecoder::take_trailer(char c) {
  if (state_ == State::trailer_first && c == '\r') {
    state_ = State::last_lf;
    return;
  }
  if (++trailers_ > trailer_bytes_max) return refuse(Reason::trailer_too_long);
  if (state_ == State::trailer_first) {
    if (++trailer_lines_ > trailer_lines_max) return refuse(Reason::trailer_too_long);
    line_ = 0;
    state_ = State::trailer_name;
  }
  if (state_ == State::trailer_name) {
    if (c == ':' && line_ > 0) {
      state_ = State::trailer_value;
    } else if (!is(c, class_token) || ++line_ > field_name_bytes_max) {
      refuse(Reason::bad_trailer);
    }
  } else if (state_ == State::trailer_value) {
    if (c == '\r') {
      state_ = State::trailer_lf;
    } else if (!is(c, class_value)) {
      refuse(Reason::bad_trailer);
    }
  } else {
    if (c != '\n') return refuse(Reason::bad_trailer);
    state_ = State::trailer_first;
  }
}

}  // namespace penstock::http
