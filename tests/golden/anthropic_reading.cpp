// Anthropic messages, as a client reads them.
#include <set>

#include "reading.h"
#include "support/sse_events.h"

namespace golden::detail {
namespace {

const std::set<std::string> stop_reasons{
    "end_turn",   "max_tokens", "stop_sequence", "tool_use",
    "pause_turn", "refusal",    "compaction",    "model_context_window_exceeded"};

void read_usage(const Tree* usage, Reading& out) {
  for (const char* key : {"input_tokens", "output_tokens"}) {
    if (!is(at(usage, key), Tree::Kind::number)) out.complain(std::string("usage without ") + key);
  }
}

void read_head(const Tree& message, Reading& out) {
  out.id = text_of(&message, "id");
  out.model = text_of(&message, "model");
  if (out.id.empty()) out.complain("no id");
  if (out.model.empty()) out.complain("no model");
  if (text_of(&message, "type") != "message") out.complain("type is not message");
  if (text_of(&message, "role") != "assistant") out.complain("role is not assistant");
  if (!is(message.find("content"), Tree::Kind::array)) out.complain("no content");
  for (const char* key : {"stop_reason", "stop_sequence"}) {
    if (message.find(key) == nullptr) out.complain(std::string("no ") + key);
  }
  read_usage(at(&message, "usage"), out);
}

Item item_of(const Tree& block, Reading& out) {
  Item item;
  const std::string type = text_of(&block, "type");
  item.kind = "other";
  if (type == "text") {
    item.kind = "text";
    item.text = text_of(&block, "text");
    if (!is(block.find("text"), Tree::Kind::string)) out.complain("a text block without text");
  } else if (type == "thinking") {
    item.kind = "thinking";
    item.text = text_of(&block, "thinking");
    item.signature = text_of(&block, "signature");
    if (!is(block.find("thinking"), Tree::Kind::string)) out.complain("thinking without its text");
    if (!is(block.find("signature"), Tree::Kind::string)) out.complain("thinking, no signature");
  } else if (type == "tool_use") {
    item.kind = "call";
    item.id = text_of(&block, "id");
    item.name = text_of(&block, "name");
    const Tree* const input = at(&block, "input");
    if (item.id.empty() || item.name.empty()) out.complain("tool_use without id or name");
    if (!is(input, Tree::Kind::object)) out.complain("the input of a tool_use is no object");
    if (input != nullptr) item.arguments = *input;
  } else {
    item.name = type;
    if (type.empty()) out.complain("a block without type");
    if (type == "redacted_thinking") item.text = text_of(&block, "data");
  }
  return item;
}

class EventReader {
 public:
  explicit EventReader(Reading& out) : out_(out), choice_(out.choices[0]) {}

  void event(const std::string& name, const Tree& event) {
    const std::string type = text_of(&event, "type");
    if (name != type) out_.complain("the event is named " + name + ", its type is " + type);
    if (out_.error) out_.complain("something behind the error");
    if (out_.complete) out_.complain("something behind message_stop");
    if (type == "error") {
      if (text_of(at(&event, "error"), "message").empty()) out_.complain("an error without words");
      out_.error = true;
    } else if (type == "message_start") {
      if (started_) out_.complain("message_start twice");
      started_ = true;
      const Tree* const message = at(&event, "message");
      if (message == nullptr) return out_.complain("message_start without message");
      read_head(*message, out_);
      if (const Tree* usage = at(message, "usage")) out_.usage = *usage;
    } else if (!started_) {
      out_.complain(type + " before message_start");
    } else if (type == "content_block_start") {
      start(event);
    } else if (type == "content_block_delta") {
      delta(event);
    } else if (type == "content_block_stop") {
      stop(event);
    } else if (type == "message_delta") {
      message_delta(event);
    } else if (type == "message_stop") {
      if (choice_.finish.empty()) out_.complain("message_stop without message_delta");
      for (const Item& item : choice_.items) {
        const bool whole = item.kind != "call" || item.arguments.kind == Tree::Kind::object;
        if (!whole && choice_.finish != "max_tokens") out_.complain("arguments that are no object");
      }
      out_.complete = true;
    } else if (type != "ping") {
      out_.complain("unknown event " + type);
    }
  }

 private:
  bool right_index(const Tree& event, std::size_t index) {
    const Tree* const number = at(&event, "index");
    if (is(number, Tree::Kind::number) && number->text == std::to_string(index)) return true;
    out_.complain("the index of a block is wrong");
    return false;
  }

  void start(const Tree& event) {
    if (open_) out_.complain("a block begins inside another");
    if (!choice_.finish.empty()) out_.complain("a block behind message_delta");
    right_index(event, choice_.items.size());
    const Tree* const block = at(&event, "content_block");
    if (block == nullptr) return out_.complain("no content_block");
    choice_.items.push_back(item_of(*block, out_));
    kind_ = text_of(block, "type");
    open_ = true;
    json_.clear();
  }

  void delta(const Tree& event) {
    if (!open_) return out_.complain("a delta outside a block");
    right_index(event, choice_.items.size() - 1);
    const Tree* const delta = at(&event, "delta");
    const std::string type = text_of(delta, "type");
    Item& item = choice_.items.back();
    if (type == "text_delta" && kind_ == "text") {
      item.text += text_of(delta, "text");
    } else if (type == "thinking_delta" && kind_ == "thinking") {
      item.text += text_of(delta, "thinking");
    } else if (type == "signature_delta" && kind_ == "thinking") {
      item.signature += text_of(delta, "signature");
    } else if (type == "input_json_delta" && kind_.ends_with("tool_use")) {
      json_ += text_of(delta, "partial_json");
    } else if (type != "citations_delta" || kind_ != "text") {
      out_.complain("a " + type + " in a block of " + kind_);
    }
  }

  void stop(const Tree& event) {
    if (!open_) return out_.complain("content_block_stop without a block");
    right_index(event, choice_.items.size() - 1);
    Item& item = choice_.items.back();
    if (item.kind == "call" && !json_.empty()) item.arguments = parsed(json_);
    open_ = false;
  }

  void message_delta(const Tree& event) {
    if (open_) out_.complain("message_delta inside a block");
    if (!choice_.finish.empty()) out_.complain("message_delta twice");
    choice_.finish = text_of(at(&event, "delta"), "stop_reason");
    if (!stop_reasons.contains(choice_.finish)) out_.complain("stop_reason " + choice_.finish);
    const Tree* const usage = at(&event, "usage");
    if (!is(at(usage, "output_tokens"), Tree::Kind::number)) {
      return out_.complain("message_delta without output_tokens");
    }
    for (std::size_t i = 0; i < usage->keys.size(); ++i) {
      if (usage->items[i].kind != Tree::Kind::null) out_.usage.set(usage->keys[i], usage->items[i]);
    }
  }

  Reading& out_;
  Choice& choice_;
  std::string kind_;
  std::string json_;
  bool started_ = false;
  bool open_ = false;
};

}  // namespace

Reading anthropic_whole(const Tree& body) {
  Reading out;
  Choice& choice = out.choices[0];
  read_head(body, out);
  if (const Tree* const content = at(&body, "content")) {
    for (const Tree& block : content->items) choice.items.push_back(item_of(block, out));
  }
  choice.finish = text_of(&body, "stop_reason");
  if (!stop_reasons.contains(choice.finish)) out.complain("stop_reason " + choice.finish);
  if (const Tree* const usage = at(&body, "usage")) out.usage = *usage;
  out.complete = true;
  return out;
}

Reading anthropic_stream(std::string_view stream) {
  Reading out;
  EventReader reader(out);
  for (const test::Message& message : test::read_events(stream)) {
    const auto tree = test::read_tree(message.data);
    if (!tree || tree->kind != Tree::Kind::object) {
      out.complain("no JSON object: " + message.data.substr(0, 200));
      continue;
    }
    reader.event(message.name, *tree);
  }
  return out;
}

}  // namespace golden::detail
