// Events in canonical form.
#include <cstring>

#include "penstock/sse.h"

namespace penstock::sse {
namespace {

constexpr Bytes event_prefix = "event: ";
constexpr Bytes line_and_data = "\ndata: ";
constexpr Bytes data_prefix = "data: ";
constexpr Bytes end_of_event = "\n\n";

bool one_line(Bytes text) {
  return text.find_first_of("\r\n") == Bytes::npos;
}

}  // namespace

bool gather_event(Bytes name, std::span<const Bytes> data, Gather& out) {
  if (out.pieces().size() + data.size() + 4 > Gather::pieces_max || !one_line(name)) return false;
  for (const Bytes piece : data) {
    if (!one_line(piece)) return false;
  }
  if (!name.empty()) {
    out.add(event_prefix);
    out.add(name);
  }
  out.add(name.empty() ? data_prefix : line_and_data);
  for (const Bytes piece : data) out.add(piece);
  out.add(end_of_event);
  return true;
}

bool gather_event(const Event& event, const ChatWatcher::Look& look, Gather& out) {
  PENSTOCK_ASSERT(!look.hide);
  const std::span<const Bytes> edited = look.edited();
  if (!event.canonical()) {
    return gather_event(event.name, edited.empty() ? std::span(&event.data, 1) : edited, out);
  }
  if (out.pieces().size() + 2 > Gather::pieces_max) return false;
  const char* const begin = event.raw.data();
  const char* const end = begin + event.raw.size();
  if (edited.empty()) {
    out.add(event.raw);
    return true;
  }
  // The slices lie in the raw event: what stands before and behind the payload goes with them.
  const char* const cut = edited.front().data() + edited.front().size();
  const char* const resume = edited.back().data();
  out.add({begin, static_cast<std::size_t>(cut - begin)});
  out.add({resume, static_cast<std::size_t>(end - resume)});
  return true;
}

std::size_t written_bytes(Bytes name, std::span<const Bytes> data) {
  std::size_t bytes = data_prefix.size() + end_of_event.size();
  if (!name.empty()) bytes += event_prefix.size() + name.size() + 1;
  for (const Bytes piece : data) bytes += piece.size();
  return bytes;
}

Result<Bytes> write_event(Bytes name, std::span<const Bytes> data, std::span<char> out) {
  if (written_bytes(name, data) > out.size()) return fail(Code::too_large);
  char* at = out.data();
  const auto put = [&at](Bytes text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  const auto put_line = [&at, &put](Bytes text) {
    char* const begin = at;
    put(text);
    for (char* c = begin; c != at; ++c) {
      if (*c == '\r' || *c == '\n') *c = ' ';
    }
  };
  if (!name.empty()) {
    put(event_prefix);
    put_line(name);
    put("\n");
  }
  put(data_prefix);
  for (const Bytes piece : data) put_line(piece);
  put(end_of_event);
  return Bytes(out.data(), static_cast<std::size_t>(at - out.data()));
}

}  // namespace penstock::sse
