// Gemini generateContent, as a client reads it. Parts of one kind that follow each other are one
// item, since that is how they are streamed.
#include "reading.h"
#include "support/sse_events.h"

namespace golden::detail {
namespace {

void append_part(const Tree& part, Choice& to, Reading& out) {
  if (const Tree* const call = at(&part, "functionCall")) {
    Item& item = to.items.emplace_back();
    item.kind = "call";
    item.id = text_of(call, "id");
    item.name = text_of(call, "name");
    if (item.name.empty()) out.complain("a functionCall without name");
    if (const Tree* const args = at(call, "args")) {
      item.arguments = *args;
      if (!is(args, Tree::Kind::object)) out.complain("args that are no object");
    } else {
      item.arguments = {.kind = Tree::Kind::object};
    }
    item.signature = text_of(&part, "thoughtSignature");
  } else if (is(part.find("text"), Tree::Kind::string)) {
    const Tree* const thought = at(&part, "thought");
    const bool thinks = thought != nullptr && thought->text == "true";
    const std::string text = text_of(&part, "text");
    const std::string signature = text_of(&part, "thoughtSignature");
    if (text.empty() && signature.empty()) return;
    Item& item = last(to, thinks ? "thinking" : "text");
    item.text += text;
    item.signature += signature;
  } else {
    to.items.push_back({.kind = "other", .name = part.keys.empty() ? "" : part.keys.front()});
  }
}

// One body or one chunk.
void take(const Tree& body, Reading& out) {
  if (at(&body, "error") != nullptr) {
    out.error = true;
    return;
  }
  if (text_of(&body, "modelVersion").empty()) out.complain("no modelVersion");
  const std::string id = text_of(&body, "responseId");
  if (id.empty()) out.complain("no responseId");
  if (!out.id.empty() && id != out.id) out.complain("the responseId changes");
  out.id = id;
  out.model = text_of(&body, "modelVersion");
  if (const Tree* const usage = at(&body, "usageMetadata")) out.usage = *usage;
  const Tree* const candidates = at(&body, "candidates");
  if (candidates == nullptr) return;
  for (const Tree& candidate : candidates->items) {
    const Tree* const number = at(&candidate, "index");
    Choice& to = out.choices[number == nullptr ? 0 : std::atoi(number->text.c_str())];
    if (!to.finish.empty()) out.complain("a candidate goes on behind its finishReason");
    const Tree* const content = at(&candidate, "content");
    const Tree* const parts = at(content, "parts");
    if (content != nullptr && text_of(content, "role") != "model") out.complain("role not model");
    if (parts != nullptr) {
      for (const Tree& part : parts->items) append_part(part, to, out);
    }
    to.finish = text_of(&candidate, "finishReason");
  }
}

void judge_end(Reading& out) {
  out.complete = !out.choices.empty();
  for (const auto& [index, choice] : out.choices) {
    if (choice.finish.empty()) out.complete = false;
  }
}

}  // namespace

Reading gemini_whole(const Tree& body) {
  Reading out;
  take(body, out);
  judge_end(out);
  return out;
}

Reading gemini_stream(std::string_view stream) {
  Reading out;
  for (const test::Message& message : test::read_events(stream)) {
    if (out.error) out.complain("something behind the error");
    if (!message.name.empty()) out.complain("a named event");
    const auto tree = test::read_tree(message.data);
    if (!tree || tree->kind != Tree::Kind::object) {
      out.complain("no JSON object: " + message.data.substr(0, 200));
      continue;
    }
    take(*tree, out);
  }
  if (!out.error) judge_end(out);
  return out;
}

}  // namespace golden::detail
