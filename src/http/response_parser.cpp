// Response heads: the same strictness, and the peer is taken to be hostile. Interim heads (1xx) are
// skipped within the same input.
#include "http/body.h"
#include "http/fields.h"
#include "http/lines.h"
#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

// `HTTP/1.1 SP 3DIGIT SP [phrase]` (RFC 9112 §4). The space before an absent phrase is required.
Reason take_status_line(Bytes line, ResponseHead& head) {
  constexpr std::size_t phrase_at = 13;
  if (line.starts_with("HTTP/1.1 ")) {
    head.version = Version::http11;
  } else if (line.starts_with("HTTP/1.0 ")) {
    head.version = Version::http10;
  } else {
    return Reason::bad_status_line;
  }
  if (line.size() < phrase_at || line[phrase_at - 1] != ' ') return Reason::bad_status_line;
  const Bytes digits = line.substr(9, 3);
  if (!all(digits, class_digit)) return Reason::bad_status;
  unsigned status = 0;
  for (const char c : digits) status = status * 10 + hex_value(c);
  if (status < 100 || status > 599) return Reason::bad_status;
  head.status = static_cast<std::uint16_t>(status);
  head.reason = line.substr(phrase_at);
  return Reason::none;
}

Reason finish(ResponseHead& head, Method request) {
  const ConnectionOptions options = connection_options(head.fields, false);
  if (options.reason != Reason::none) return options.reason;
  const BodyLength body = body_length(head.fields, head.version);
  if (body.reason != Reason::none) return body.reason;
  head.length = body.bytes;
  if (request == Method::head || head.status == 204 || head.status == 304) {
    head.framing = Framing::none;
  } else {
    head.framing = body.framing == Framing::none ? Framing::to_close : body.framing;
  }
  head.keep_alive = head.framing != Framing::to_close && keeps_alive(options, head.version);
  head.media_type = media_type_of(head.find(Field::content_type));
  head.encoded = head.fields.has(Field::content_encoding) &&
                 !equals_word(head.find(Field::content_encoding), "identity");
  return Reason::none;
}

Parsed refused(Reason reason, std::size_t offset) {
  return refusal(reason, Code::upstream_bad_response, offset);
}

constexpr LineRules rules{single_in_response, response_lines_max, response_head_bytes_max};

}  // namespace

Parsed ResponseParser::feed(Bytes input, Method request, ResponseHead& head) noexcept {
  while (true) {
    const bool resumed = position_.scanned > position_.begin;
    const Parsed parsed = run(input, head);
    if (parsed.progress != Progress::complete) return parsed;
    const HeadPosition again{.begin = position_.begin,
                             .line = position_.begin,
                             .scanned = position_.begin,
                             .interim = position_.interim};
    if (resumed) {  // the lines of earlier calls are gone: once more, with the whole head at hand
      position_ = again;
      continue;
    }
    const std::uint32_t end = position_.line;
    const Reason bad = finish(head, request);
    if (bad != Reason::none) return refused(bad, end);
    head.bytes = end;
    head.interim = position_.interim;
    if (head.status >= 200) return parsed;
    if (head.status == 101) return refused(Reason::switching_protocols, position_.begin);
    if (position_.interim == interim_heads_max || end > interim_bytes_max) {
      return refused(Reason::too_many_interim, position_.begin);
    }
    position_ = {.begin = end,
                 .line = end,
                 .scanned = end,
                 .interim = static_cast<std::uint8_t>(position_.interim + 1)};
  }
}

Parsed ResponseParser::run(Bytes input, ResponseHead& head) noexcept {
  head.fields.clear();
  if (!position_.fields) {
    const std::size_t line_begin = position_.line;
    const Line line = next_line(input, position_, line_bytes_max, response_head_bytes_max);
    if (line.progress == Progress::more) return {};
    if (line.progress == Progress::refused) return refused(line.reason, line.offset);
    const Reason bad = take_status_line(line.text, head);
    if (bad != Reason::none) return refused(bad, line_begin);
    position_.fields = true;
  }
  const Line last = take_field_lines<rules>(input, position_, head.fields);
  if (last.progress == Progress::refused) return refused(last.reason, last.offset);
  return {.progress = last.progress};
}

}  // namespace penstock::http
