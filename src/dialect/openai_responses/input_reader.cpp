// `input` of a Responses request: items one after another become messages. What the assistant said,
// thought and called in a row is one message.
#include "dialect/openai_responses/request_reading.h"
#include "dialect/openai_responses/sealed.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::Issuer;
using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;

// How far back the call of a result is looked for: enough for what clients send, and a bound for
// what they could.
constexpr std::size_t messages_searched_max = 256;

class InputReader {
 public:
  explicit InputReader(Reading& reading) : reading_(reading), request_(reading.request) {}

  Result<> item(json::View item);

 private:
  Result<> message(json::View item);
  Result<> call(json::View item, bool custom);
  Result<> result(json::View item, bool custom);
  Result<> reasoning(json::View item);
  void opaque(json::View item);
  void sealed(const Sealed& sealed, Bytes summary);
  void block(const Sealed& sealed);
  Bytes joined(json::View parts);
  // The assistant's message that is being said; a new one after anything else.
  Message& assistant();
  Part* call_of(Bytes id);
  std::string place(Bytes field) const { return ContentPlace{index_, field}.text(); }

  Reading& reading_;
  hub::Request& request_;
  std::uint32_t index_ = 0;
};

Message& InputReader::assistant() {
  std::vector<Message>& messages = request_.messages;
  if (messages.empty() || messages.back().role != Role::assistant)
    messages.emplace_back().role = Role::assistant;
  return messages.back();
}

Part* InputReader::call_of(Bytes id) {
  std::vector<Message>& messages = request_.messages;
  const std::size_t searched = std::min(messages.size(), messages_searched_max);
  for (std::size_t back = 1; back <= searched; ++back) {
    Message& message = messages[messages.size() - back];
    if (message.role != Role::assistant) continue;
    const std::size_t parts = std::min(message.parts.size(), messages_searched_max);
    for (std::size_t i = 1; i <= parts; ++i) {
      Part& part = message.parts[message.parts.size() - i];
      if (part.kind == PartKind::tool_call && part.id == id) return &part;
    }
  }
  return nullptr;
}

Result<> InputReader::item(json::View item) {
  if (!item.is_object())
    return reading_.wrong("input[" + std::to_string(index_) + "]", "It must be an object.");
  const Bytes type = item["type"].text();
  Result<> done;
  if (type == "message" || (type.empty() && item["role"].is_string()))
    done = message(item);
  else if (type == "function_call" || type == "custom_tool_call")
    done = call(item, type == "custom_tool_call");
  else if (type == "function_call_output" || type == "custom_tool_call_output")
    done = result(item, type == "custom_tool_call_output");
  else if (type == "reasoning")
    done = reasoning(item);
  else if (type.empty())
    done = reading_.missing(place("type"));
  else
    opaque(item);
  ++index_;
  return done;
}

Result<> InputReader::message(json::View item) {
  const json::View role = item["role"];
  if (role.is("assistant")) {
    Message& to = assistant();
    if (to.name.empty()) to.name = item["name"].text();
    const std::size_t before = to.parts.size();
    PENSTOCK_CHECK(read_content(item["content"], {index_, "content"}, reading_, to.parts));
    if (to.parts.size() != before && to.parts.back().cache == hub::CacheTtl::none)
      to.parts.back().cache = read_cache_mark(item);
    return {};
  }
  Message to;
  if (role.is("user"))
    to.role = Role::user;
  else if (role.is("system"))
    to.role = Role::system;
  else if (role.is("developer"))
    to.role = Role::developer;
  else
    return reading_.wrong(place("role"), "It must be user, assistant, system or developer.");
  to.name = item["name"].text();
  PENSTOCK_CHECK(read_content(item["content"], {index_, "content"}, reading_, to.parts));
  if (!to.parts.empty() && to.parts.back().cache == hub::CacheTtl::none)
    to.parts.back().cache = read_cache_mark(item);
  request_.messages.push_back(std::move(to));
  return {};
}

Result<> InputReader::call(json::View item, bool custom) {
  if (item["call_id"].text().empty()) return reading_.missing(place("call_id"));
  if (item["name"].text().empty()) return reading_.missing(place("name"));
  const Bytes member = custom ? "input" : "arguments";
  const json::View arguments = item[member];
  if (!arguments.is_string())
    return reading_.wrong(place(member), "It must be a string.",
                          arguments ? Code::invalid_value : Code::missing_field);
  Part& part = assistant().parts.emplace_back();
  part.kind = PartKind::tool_call;
  part.custom = custom;
  part.id = item["call_id"].text();
  part.name = item["name"].text();
  part.arguments = {.bytes = arguments.text(), .in_string = true};
  return {};
}

Result<> InputReader::result(json::View item, bool custom) {
  if (item["call_id"].text().empty()) return reading_.missing(place("call_id"));
  Part part;
  part.kind = PartKind::tool_result;
  part.custom = custom;
  part.id = item["call_id"].text();
  if (const Part* const call = call_of(part.id)) part.name = call->name;
  PENSTOCK_CHECK(read_content(item["output"], {index_, "output"}, reading_, part.content));
  part.cache = read_cache_mark(item);
  Message& to = request_.messages.emplace_back();
  to.role = Role::tool;
  to.parts.push_back(std::move(part));
  return {};
}

// The texts of a reasoning item as one, with a blank line between them.
Bytes InputReader::joined(json::View parts) {
  if (parts.size() == 0) return {};
  if (parts.size() == 1) return parts.at(0)["text"].text();
  std::string text;
  for (const json::View part : parts) {
    if (!text.empty()) text += "\\n\\n";
    text += part["text"].text();
  }
  return request_.keep(std::move(text));
}

Result<> InputReader::reasoning(json::View item) {
  Bytes text = joined(item["summary"]);
  if (text.empty()) text = joined(item["content"]);
  const Bytes encrypted = item["encrypted_content"].text();
  if (const auto known = read_sealed(encrypted, request_)) {
    sealed(*known, text);
    return {};
  }
  const bool has_data = !encrypted.empty() && !is_sealed(encrypted);
  if (!has_data && text.empty()) {
    // Nothing but its id: the provider would have to know it.
    if (!item["id"].text().empty() && encrypted.empty()) opaque(item);
    return {};
  }
  Part& part = assistant().parts.emplace_back();
  part.kind = text.empty() ? PartKind::redacted_thinking : PartKind::thinking;
  part.text = text;
  part.id = item["id"].text();
  if (!has_data) return {};
  part.signature = encrypted;
  part.issuer = Issuer::openai;
  return {};
}

void InputReader::sealed(const Sealed& sealed, Bytes summary) {
  switch (sealed.kind) {
    case SealKind::call: {
      Part* const call = call_of(sealed.id);
      if (call == nullptr) return;
      call->signature = sealed.signature;
      call->issuer = sealed.issuer;
      return;
    }
    case SealKind::text: {
      std::vector<Part>& parts = assistant().parts;
      if (parts.empty() || parts.back().kind != PartKind::text) parts.emplace_back();
      parts.back().signature = sealed.signature;
      parts.back().issuer = sealed.issuer;
      return;
    }
    case SealKind::block:
      block(sealed);
      return;
    case SealKind::thinking:
    case SealKind::hidden:
    case SealKind::redacted:
      break;
  }
  Part& part = assistant().parts.emplace_back();
  const bool redacted = sealed.kind == SealKind::redacted;
  part.kind = redacted ? PartKind::redacted_thinking : PartKind::thinking;
  if (!redacted) part.text = sealed.kind == SealKind::hidden ? sealed.text : summary;
  part.id = sealed.id;
  part.signature = sealed.signature;
  part.issuer = sealed.issuer;
}

// A block comes back from the client as text; it must still be JSON before it goes anywhere.
void InputReader::block(const Sealed& sealed) {
  const Bytes text = request_.keep(json::unescaped(sealed.text));
  json::Document document(text.size());
  const auto value = document.read(text, json::Judge::request);
  if (!value || !value->is_object()) return;
  Part& part = assistant().parts.emplace_back();
  part.kind = PartKind::opaque;
  part.issuer = sealed.issuer;
  part.raw = value->raw();
}

void InputReader::opaque(json::View item) {
  if (item["type"].is("item_reference") || item["type"].is("reasoning")) {
    if (request_.stateful.empty())
      request_.stateful = request_.keep("input[" + std::to_string(index_) + "]");
  }
  Part& part = assistant().parts.emplace_back();
  part.kind = PartKind::opaque;
  part.issuer = Issuer::openai;
  part.raw = item.raw();
}

}  // namespace

Result<> read_input(json::View input, Reading& reading) {
  if (input.is_string()) {
    reading.request.messages.emplace_back().parts.emplace_back().text = input.text();
    return {};
  }
  if (!input.is_array()) return reading.wrong("input", "It must be a string or an array of items.");
  reading.request.messages.reserve(reading.request.messages.size() + input.size());
  InputReader reader(reading);
  for (const json::View item : input) PENSTOCK_CHECK(reader.item(item));
  return {};
}

}  // namespace penstock::dialect::openai_responses
