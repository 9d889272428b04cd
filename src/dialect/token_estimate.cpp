// An estimate made of lengths, without a tokenizer: four bytes of text are taken for a token, and a
// fixed price for images and pages; good to some tens of percent.
#include "penstock/dialect.h"

namespace penstock::dialect {
namespace {

using hub::Part;
using hub::PartKind;

constexpr std::uint64_t bytes_per_token = 4;
constexpr std::uint64_t message_tokens = 4;   // what frames a turn
constexpr std::uint64_t image_tokens = 1600;  // about a megapixel, after scaling
constexpr std::uint64_t page_tokens = 2000;   // a page's text and its picture
constexpr std::uint64_t page_bytes = 75'000;  // of a PDF in base64
constexpr std::uint64_t tools_tokens = 340;   // the instructions that come with tools

std::uint64_t tokens_of(Bytes text) {
  return (text.size() + bytes_per_token - 1) / bytes_per_token;
}

std::uint64_t tokens_of(const Part& part) {
  std::uint64_t sum = 0;
  for (const Part& each : part.content) sum += tokens_of(each);
  switch (part.kind) {
    case PartKind::image:
      return sum + image_tokens;
    case PartKind::audio:
    case PartKind::video:
    case PartKind::file:
      if (part.media.source == hub::Source::plain_text) return sum + tokens_of(part.media.data);
      return sum + page_tokens * (1 + part.media.data.size() / page_bytes);
    case PartKind::opaque:
      return sum + tokens_of(part.raw);
    case PartKind::thinking:
    case PartKind::redacted_thinking:  // earlier thinking is taken out before the model reads
      return sum;
    default:
      return sum + tokens_of(part.text) + tokens_of(part.name) + tokens_of(part.arguments.bytes);
  }
}

}  // namespace

std::uint64_t estimate_input_tokens(const hub::Request& request) {
  std::uint64_t sum = request.tools.empty() ? 0 : tools_tokens;
  for (const hub::Message& message : request.messages) {
    sum += message_tokens;
    for (const Part& part : message.parts) sum += tokens_of(part);
  }
  for (const hub::Tool& tool : request.tools)
    sum += tokens_of(tool.name) + tokens_of(tool.description) + tokens_of(tool.schema);
  return sum + tokens_of(request.format.schema);
}

}  // namespace penstock::dialect
