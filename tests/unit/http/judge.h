// Judges bytes with the parsers of src/http, in the terms of the reference parser, with the input
// cut where the caller says. Used by the differential test and by the fuzz targets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "penstock/http.h"
#include "reference_parser.h"

namespace ours {

using reference::Judgement;
using reference::Message;
using reference::Verdict;

// Bytes of a connection that arrive in parts. `ends`: rising offsets, the last one the size.
struct Connection {
  std::string_view bytes;
  std::vector<std::size_t> ends;
  std::size_t at = 0;        // begin of what is not consumed
  std::size_t received = 0;  // end of what has arrived

  std::string_view in() const { return bytes.substr(at, received - at); }
  bool receive() {
    const auto next = std::upper_bound(ends.begin(), ends.end(), received);
    if (next == ends.end()) return false;
    received = *next;
    return true;
  }
};

inline std::string framing_text(penstock::http::Framing framing) {
  using penstock::http::Framing;
  if (framing == Framing::length) return "length";
  if (framing == Framing::chunked) return "chunked";
  return framing == Framing::to_close ? "close" : "none";
}

template <class Head>
std::vector<std::string> field_texts(const Head& head) {
  std::vector<std::string> out;
  for (const auto& line : head.fields.lines()) {
    out.push_back(std::string(line.name) + ": " + std::string(line.value));
  }
  return out;
}

inline Verdict read_chunked(Connection& connection, std::uint64_t body_max, std::string& body,
                            std::string& why) {
  penstock::http::ChunkedDecoder decoder(body_max);
  while (true) {
    std::string_view in = connection.in();
    for (auto part = decoder.next(in); !part.empty(); part = decoder.next(in)) body += part;
    connection.at = connection.received - in.size();
    if (decoder.failed()) {
      why = penstock::http::name(decoder.reason());
      return Verdict::reject;
    }
    if (decoder.done()) return Verdict::accept;
    if (!connection.receive()) return Verdict::incomplete;
  }
}

inline Verdict read_body(Connection& connection, penstock::http::Framing framing,
                         std::uint64_t length, std::uint64_t body_max, std::string& body,
                         std::string& why) {
  using penstock::http::Framing;
  if (framing == Framing::chunked) return read_chunked(connection, body_max, body, why);
  if (framing == Framing::none) return Verdict::accept;
  if (framing == Framing::length && connection.bytes.size() - connection.at < length) {
    return Verdict::incomplete;
  }
  const bool to_close = framing == Framing::to_close;
  body = connection.bytes.substr(connection.at, to_close ? std::string_view::npos : length);
  connection.at += body.size();
  connection.received = std::max(connection.received, connection.at);
  return Verdict::accept;
}

// feed: (bytes of the head so far) -> Parsed. `accept` when the head is complete.
template <class Feed>
Verdict read_head(Connection& connection, std::string& why, Feed&& feed) {
  using penstock::http::Progress;
  while (true) {
    if (!connection.in().empty()) {
      const penstock::http::Parsed parsed = feed(connection.in());
      if (parsed.progress == Progress::complete) return Verdict::accept;
      if (parsed.progress == Progress::refused) {
        why = penstock::http::name(parsed.reason);
        return Verdict::reject;
      }
    }
    if (!connection.receive()) return Verdict::incomplete;
  }
}

inline Judgement judge_requests(std::string_view bytes, std::uint64_t body_max,
                                std::vector<std::size_t> ends) {
  static penstock::http::RequestHead head;
  Judgement out;
  Connection connection{bytes, std::move(ends)};
  while (connection.at < bytes.size()) {
    penstock::http::RequestParser parser;
    out.verdict = read_head(connection, out.why,
                            [&](std::string_view in) { return parser.feed(in, body_max, head); });
    if (out.verdict != Verdict::accept) return out;
    connection.at += head.bytes;
    Message message{.method = std::string(name(head.method)),
                    .target = std::string(head.target),
                    .path = std::string(head.path),
                    .framing = framing_text(head.framing),
                    .body = {},
                    .keep_alive = head.keep_alive,
                    .fields = field_texts(head)};
    out.verdict = read_body(connection, head.framing, head.length, body_max, message.body, out.why);
    if (out.verdict != Verdict::accept) return out;
    out.messages.push_back(std::move(message));
    if (!out.messages.back().keep_alive) return out;
  }
  return out;
}

inline Judgement judge_response(std::string_view bytes, penstock::http::Method request,
                                std::vector<std::size_t> ends) {
  static penstock::http::ResponseHead head;
  Judgement out;
  Connection connection{bytes, std::move(ends)};
  penstock::http::ResponseParser parser;
  out.verdict = read_head(connection, out.why,
                          [&](std::string_view in) { return parser.feed(in, request, head); });
  if (out.verdict != Verdict::accept) return out;
  connection.at += head.bytes;
  Message message{.method = {},
                  .target = {},
                  .path = {},
                  .status = head.status,
                  .framing = framing_text(head.framing),
                  .body = {},
                  .keep_alive = head.keep_alive,
                  .fields = field_texts(head)};
  out.verdict = read_body(connection, head.framing, head.length, penstock::http::body_unlimited,
                          message.body, out.why);
  if (out.verdict == Verdict::accept) out.messages.push_back(std::move(message));
  return out;
}

inline bool same(const Message& a, const Message& b) {
  return a.method == b.method && a.target == b.target && a.path == b.path && a.status == b.status &&
         a.framing == b.framing && a.body == b.body && a.keep_alive == b.keep_alive &&
         a.fields == b.fields;
}

inline bool same(const Judgement& a, const Judgement& b) {
  return a.verdict == b.verdict && a.messages.size() == b.messages.size() &&
         std::equal(a.messages.begin(), a.messages.end(), b.messages.begin(),
                    [](const Message& x, const Message& y) { return same(x, y); });
}

}  // namespace ours
