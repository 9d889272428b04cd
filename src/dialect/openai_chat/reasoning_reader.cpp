// Reasoning that a client sends back with an assistant's message, in the forms in which servers
// that are like OpenAI tell it.
#include <algorithm>
#include <utility>

#include "dialect/openai_chat/reasoning_format.h"
#include "dialect/openai_chat/request_reading.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Issuer;
using hub::Part;
using hub::PartKind;

class DetailsReader {
 public:
  DetailsReader(hub::Request& request, std::vector<Part>& out) : request_(request), out_(out) {}

  void read(json::View details);

 private:
  void encrypted(json::View detail, Issuer issuer);
  void text(json::View detail, hub::Escaped text, Issuer issuer);

  void join();

  hub::Request& request_;
  std::vector<Part>& out_;
  std::int64_t index_ = -1;  // of the part that was read last
  std::string joined_{};     // the text of the last part, when it came in pieces
};

void DetailsReader::join() {
  if (!joined_.empty()) out_.back().text = request_.keep(std::exchange(joined_, {}));
}

void DetailsReader::encrypted(json::View detail, Issuer issuer) {
  const hub::Escaped data = detail["data"].text();
  if (data.empty()) return;
  join();
  const bool same = !out_.empty() && out_.back().kind == PartKind::thinking &&
                    out_.back().signature.empty() && index_ >= 0 &&
                    detail["index"].integer() == index_;
  Part& part = same && issuer == Issuer::openai ? out_.back() : out_.emplace_back();
  if (part.kind != PartKind::thinking) part.kind = PartKind::redacted_thinking;
  part.issuer = issuer;
  part.signature = data;
  part.id = detail["id"].text();
}

// Clients that keep deltas as they came send one entry in many pieces.
void DetailsReader::text(json::View detail, hub::Escaped text, Issuer issuer) {
  const hub::Escaped signature = detail["signature"].text();
  const std::int64_t index = detail["index"].integer().value_or(-1);
  const bool same = !out_.empty() && out_.back().kind == PartKind::thinking &&
                    out_.back().signature.empty() && index >= 0 && index == index_;
  if (!same) join();
  Part& part = same ? out_.back() : out_.emplace_back();
  part.kind = PartKind::thinking;
  if (part.text.empty()) {
    part.text = text;
  } else {
    if (joined_.empty()) joined_ = part.text;
    joined_.append(text);
  }
  if (part.id.empty()) part.id = detail["id"].text();
  if (!signature.empty()) {
    part.signature = signature;
    part.issuer = issuer;
  }
  index_ = index;
}

void DetailsReader::read(json::View details) {
  for (const json::View detail : details) {
    const json::View type = detail["type"];
    const Issuer issuer = issuer_of_format(detail["format"]);
    if (type.is("reasoning.encrypted")) {
      encrypted(detail, detail["format"] ? issuer : Issuer::other);
    } else if (type.is("reasoning.summary")) {
      text(detail, detail["summary"].text(), issuer);
    } else if (type.is("reasoning.text")) {
      text(detail, detail["text"].text(), issuer);
    }
  }
  join();
}

// Anthropic's blocks, as LiteLLM hands them on.
void read_blocks(json::View blocks, std::vector<Part>& out) {
  for (const json::View block : blocks) {
    const bool redacted = block["type"].is("redacted_thinking");
    if (!redacted && !block["type"].is("thinking")) continue;
    Part& part = out.emplace_back();
    part.kind = redacted ? PartKind::redacted_thinking : PartKind::thinking;
    part.text = block["thinking"].text();
    part.signature = block[redacted ? "data" : "signature"].text();
    if (!part.signature.empty()) part.issuer = Issuer::anthropic;
  }
}

}  // namespace

void read_reasoning(json::View message, hub::Request& request, std::vector<Part>& out) {
  const hub::Escaped content = message["reasoning_content"].text();
  const hub::Escaped text = content.empty() ? message["reasoning"].text() : content;
  const std::size_t before = out.size();
  if (const json::View details = message["reasoning_details"]; !details.empty())
    DetailsReader(request, out).read(details);
  else
    read_blocks(message["thinking_blocks"], out);
  bool told = false;
  Part* silent = nullptr;
  for (std::size_t i = before; i < out.size(); ++i) {
    if (out[i].kind != PartKind::thinking) continue;
    told = told || !out[i].text.empty();
    if (out[i].text.empty() && silent == nullptr) silent = &out[i];
  }
  if (told || text.empty()) return;
  // The signature stands in one field, what it signs in the other.
  if (silent != nullptr) {
    silent->text = text;
  } else {
    Part part;
    part.kind = PartKind::thinking;
    part.text = text;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(before), std::move(part));
  }
}

void seal_calls(std::vector<Part>& parts) {
  // More than this stand in no honest message, and all are compared with all.
  constexpr std::size_t parts_max = 256;
  for (std::size_t i = 0; i < std::min(parts.size(), parts_max); ++i) {
    const Part& seal = parts[i];
    if (seal.kind != PartKind::redacted_thinking || seal.id.empty()) continue;
    bool taken = false;
    for (std::size_t j = i + 1; j < std::min(parts.size(), parts_max) && !taken; ++j) {
      Part& call = parts[j];
      if (call.kind != PartKind::tool_call || call.id != seal.id) continue;
      if (call.signature.empty()) {
        call.signature = seal.signature;
        call.issuer = seal.issuer;
      }
      taken = true;
    }
    if (taken) parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i--));
  }
}

}  // namespace penstock::dialect::openai_chat
