// OpenAI responses, as a client reads them.
#include <algorithm>

#include "reading.h"
#include "support/sse_events.h"

namespace golden::detail {
namespace {

void read_usage(const Tree& response, Reading& out) {
  const Tree* const usage = at(&response, "usage");
  if (usage == nullptr) return;
  for (const char* key : {"input_tokens", "output_tokens", "total_tokens"}) {
    if (!is(usage->find(key), Tree::Kind::number))
      out.complain(std::string("usage without ") + key);
  }
  if (!is(at(at(usage, "input_tokens_details"), "cached_tokens"), Tree::Kind::number))
    out.complain("usage without cached_tokens");
  if (!is(at(at(usage, "output_tokens_details"), "reasoning_tokens"), Tree::Kind::number))
    out.complain("usage without reasoning_tokens");
  out.usage = *usage;
}

void read_head(const Tree& response, Reading& out) {
  const std::string id = text_of(&response, "id");
  if (id.empty()) out.complain("no id");
  if (!out.id.empty() && out.id != id) out.complain("the id changes");
  out.id = id;
  out.model = text_of(&response, "model");
  if (text_of(&response, "object") != "response") out.complain("object is not response");
  for (const char* key :
       {"created_at", "status", "model", "output", "error", "incomplete_details", "instructions",
        "metadata", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p"}) {
    if (response.find(key) == nullptr) out.complain(std::string("response without ") + key);
  }
}

void append_part(const Tree& part, Choice& to, Reading& out) {
  const std::string type = text_of(&part, "type");
  if (type == "output_text") {
    if (!is(part.find("annotations"), Tree::Kind::array)) out.complain("text without annotations");
    last(to, "text").text += text_of(&part, "text");
  } else if (type == "refusal") {
    last(to, "refusal").text += text_of(&part, "refusal");
  } else {
    to.items.push_back({.kind = "other", .name = type});
  }
}

void append_item(const Tree& item, Choice& to, Reading& out) {
  const std::string type = text_of(&item, "type");
  if (text_of(&item, "id").empty()) out.complain("an item without id");
  if (type == "message") {
    if (text_of(&item, "role") != "assistant") out.complain("a message of role not assistant");
    if (text_of(&item, "status").empty()) out.complain("a message without status");
    const Tree* const content = at(&item, "content");
    if (content == nullptr) return out.complain("a message without content");
    for (const Tree& part : content->items) append_part(part, to, out);
  } else if (type == "function_call" || type == "custom_tool_call") {
    const bool custom = type == "custom_tool_call";
    Item& call = to.items.emplace_back();
    call.kind = "call";
    call.id = text_of(&item, "call_id");
    call.name = text_of(&item, "name");
    if (call.id.empty() || call.name.empty()) out.complain("a call without call_id or name");
    call.arguments = parsed(text_of(&item, custom ? "input" : "arguments"));
  } else if (type == "reasoning") {
    if (!is(item.find("summary"), Tree::Kind::array)) out.complain("reasoning without summary");
    Item& thinking = to.items.emplace_back();
    thinking.kind = "thinking";
    thinking.signature = text_of(&item, "encrypted_content");
    for (const char* key : {"content", "summary"}) {
      const Tree* const parts = at(&item, key);
      if (parts == nullptr) continue;
      for (const Tree& part : parts->items) thinking.text += text_of(&part, "text");
    }
  } else {
    to.items.push_back({.kind = "other", .name = type});
  }
}

void read_body(const Tree& response, Reading& out) {
  read_head(response, out);
  read_usage(response, out);
  Choice& choice = out.choices[0];
  if (const Tree* const output = at(&response, "output")) {
    for (const Tree& item : output->items) append_item(item, choice, out);
  }
  choice.finish = text_of(&response, "status");
  if (choice.finish == "incomplete") {
    const std::string reason = text_of(at(&response, "incomplete_details"), "reason");
    if (reason.empty()) out.complain("incomplete without a reason");
    choice.finish += " " + reason;
  }
}

// What was announced of one output item while it was open.
struct OpenItem {
  Tree added{};
  std::vector<std::string> parts{};    // texts of content parts
  std::vector<std::string> summary{};  // texts of summary parts
  std::string arguments{};
  bool done = false;
};

class EventReader {
 public:
  explicit EventReader(Reading& out) : out_(out) {}

  void event(const std::string& name, const Tree& event) {
    const std::string type = text_of(&event, "type");
    if (!name.empty() && name != type)
      out_.complain("the event is named " + name + ", not " + type);
    // An error is followed by the response as it failed.
    const bool last = out_.error && type == "response.failed";
    if ((out_.error || out_.complete) && !last) out_.complain(type + " behind the end");
    const Tree* const number = at(&event, "sequence_number");
    if (!is(number, Tree::Kind::number) || number->text != std::to_string(sequence_)) {
      out_.complain(type + ": sequence_number is not " + std::to_string(sequence_));
    }
    ++sequence_;
    if (type == "error") {
      out_.error = true;
    } else if (type == "response.created") {
      if (sequence_ != 1) out_.complain("response.created is not the first");
      if (const Tree* response = at(&event, "response")) read_head(*response, out_);
    } else if (type == "response.in_progress" || type == "response.queued") {
      if (sequence_ != 2) out_.complain(type + " is not the second");
    } else if (type == "response.completed" || type == "response.incomplete" ||
               type == "response.failed") {
      end(event, type);
    } else {
      item_event(event, type);
    }
  }

 private:
  // The open item that an event names; null, with a complaint, when there is none.
  OpenItem* item(const Tree& event, const std::string& type) {
    const Tree* const index = at(&event, "output_index");
    const std::size_t i = is(index, Tree::Kind::number)
                              ? static_cast<std::size_t>(std::atoi(index->text.c_str()))
                              : items_.size();
    if (i >= items_.size() || items_[i].done) {
      out_.complain(type + " of an item that is not open");
      return nullptr;
    }
    const std::string id = text_of(&event, "item_id");
    if (!id.empty() && id != text_of(&items_[i].added, "id")) out_.complain(type + ": item_id");
    return &items_[i];
  }

  std::string* text_at(const Tree& event, std::vector<std::string>& texts, const char* key) {
    const Tree* const index = at(&event, key);
    const std::size_t i = is(index, Tree::Kind::number)
                              ? static_cast<std::size_t>(std::atoi(index->text.c_str()))
                              : texts.size();
    if (i >= texts.size()) {
      out_.complain(std::string(key) + " of a part that was not added");
      return nullptr;
    }
    return &texts[i];
  }

  void item_event(const Tree& event, const std::string& type) {
    if (type == "response.output_item.added") {
      const Tree* const index = at(&event, "output_index");
      if (index == nullptr || index->text != std::to_string(items_.size())) {
        out_.complain("output_index leaps");
      }
      const Tree* const added = at(&event, "item");
      items_.push_back({.added = added == nullptr ? Tree() : *added});
      return;
    }
    OpenItem* const to = item(event, type);
    if (to == nullptr) return;
    if (type == "response.output_item.done") {
      to->done = true;
      const Tree* const done = at(&event, "item");
      if (done == nullptr) return out_.complain("output_item.done without item");
      if (text_of(done, "id") != text_of(&to->added, "id")) out_.complain("the item's id changes");
      check_item(*done, *to);
      done_.push_back(*done);
    } else if (type == "response.content_part.added") {
      to->parts.emplace_back();
    } else if (type == "response.reasoning_summary_part.added") {
      to->summary.emplace_back();
    } else {
      text_event(event, type, *to);
    }
  }

  // Deltas are gathered; what a `done` says must be what the deltas gave.
  void text_event(const Tree& event, const std::string& type, OpenItem& to) {
    std::string* text = nullptr;
    const char* whole = "text";
    if (type.find("function_call_arguments.") != std::string::npos) {
      text = &to.arguments;
      whole = "arguments";
    } else if (type.find("custom_tool_call_input.") != std::string::npos) {
      text = &to.arguments;
      whole = "input";
    } else if (type.find("reasoning_summary_text.") != std::string::npos) {
      text = text_at(event, to.summary, "summary_index");
    } else if (type.find("output_text.") != std::string::npos ||
               type.find("reasoning_text.") != std::string::npos ||
               type.find("refusal.") != std::string::npos) {
      text = text_at(event, to.parts, "content_index");
      if (type.find("refusal.") != std::string::npos) whole = "refusal";
    }
    if (text == nullptr) return;
    if (type.ends_with(".delta")) {
      if (!is(event.find("delta"), Tree::Kind::string)) out_.complain(type + " without delta");
      *text += text_of(&event, "delta");
      const bool output = type == "response.output_text.delta";
      if (output && !is(event.find("logprobs"), Tree::Kind::array)) {
        out_.complain("output_text.delta without logprobs");
      }
    } else if (type.ends_with(".done") && text_of(&event, whole) != *text) {
      out_.complain(type + " is not the sum of its deltas");
    }
  }

  void check_item(const Tree& done, const OpenItem& open) {
    Reading ignored;
    Choice of_item;
    append_item(done, of_item, ignored);
    std::string deltas;
    for (const std::string& part : open.parts) deltas += part;
    for (const std::string& part : open.summary) deltas += part;
    std::string text;
    for (const Item& item : of_item.items) {
      if (item.kind == "call" && item.arguments != parsed(open.arguments)) {
        out_.complain("the arguments of an item are not the sum of its deltas");
      }
      text += item.text;
    }
    if (text != deltas) out_.complain("the text of an item is not the sum of its deltas");
  }

  void end(const Tree& event, const std::string& type) {
    const Tree* const response = at(&event, "response");
    if (response == nullptr) return out_.complain(type + " without response");
    for (const OpenItem& open : items_) {
      if (!open.done && type != "response.failed") out_.complain(type + " while an item is open");
    }
    read_body(*response, out_);
    if ("response." + text_of(response, "status") != type) out_.complain("status is not " + type);
    const Tree* const output = response->find("output");
    if (type == "response.failed") {
      out_.error = true;
      return;
    }
    if (!is(output, Tree::Kind::array) || output->items != done_) {
      out_.complain("the output of the end is not what was done");
    }
    out_.complete = true;
  }

  Reading& out_;
  std::vector<OpenItem> items_;
  std::vector<Tree> done_;
  int sequence_ = 0;
};

}  // namespace

Reading responses_whole(const Tree& body) {
  Reading out;
  read_body(body, out);
  out.error = text_of(&body, "status") == "failed";
  out.complete = !out.error;
  return out;
}

Reading responses_stream(std::string_view stream) {
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
