// OpenAI chat completions and legacy completions, as a client reads them.
#include <algorithm>
#include <set>

#include "reading.h"
#include "support/sse_events.h"

namespace golden::detail {
namespace {

const std::set<std::string> finishes{"stop", "length", "tool_calls", "content_filter",
                                     "function_call"};

int index_of(const Tree& choice, Reading& out) {
  const Tree* const index = choice.find("index");
  if (!is(index, Tree::Kind::number)) {
    out.complain("a choice without index");
    return 0;
  }
  return std::atoi(index->text.c_str());
}

void read_head(const Tree& body, std::string_view object, Reading& out) {
  const std::string id = text_of(&body, "id");
  if (id.empty()) out.complain("no id");
  if (!out.id.empty() && out.id != id) out.complain("the id changes");
  out.id = id;
  if (text_of(&body, "object") != object) out.complain("object is not " + std::string(object));
  if (!is(body.find("created"), Tree::Kind::number)) out.complain("no created");
  if (!is(body.find("model"), Tree::Kind::string)) out.complain("no model");
  out.model = text_of(&body, "model");
  if (!is(body.find("choices"), Tree::Kind::array)) out.complain("no choices");
}

void read_usage(const Tree& body, Reading& out) {
  const Tree* const usage = at(&body, "usage");
  if (usage == nullptr) return;
  for (const char* key : {"prompt_tokens", "completion_tokens", "total_tokens"}) {
    if (!is(usage->find(key), Tree::Kind::number))
      out.complain(std::string("usage without ") + key);
  }
  out.usage = *usage;
}

void take_finish(const Tree& choice, Choice& to, Reading& out) {
  const Tree* const finish = at(&choice, "finish_reason");
  if (finish == nullptr) return;
  if (!finishes.contains(finish->text)) out.complain("finish_reason " + finish->text);
  if (!to.finish.empty()) out.complain("a second finish_reason");
  to.finish = finish->text;
}

// One tool call of a whole message, or the legacy function_call.
void read_call(const Tree& call, const Tree* function, Choice& to, Reading& out) {
  Item& item = to.items.emplace_back();
  item.kind = "call";
  item.id = text_of(&call, "id");
  item.name = text_of(function, "name");
  if (item.name.empty()) out.complain("a call without a name");
  const bool custom = text_of(&call, "type") == "custom";
  const Tree* const arguments =
      function == nullptr ? nullptr : function->find(custom ? "input" : "arguments");
  if (!is(arguments, Tree::Kind::string)) {
    out.complain("a call without arguments");
  } else {
    item.arguments = parsed(arguments->text);
  }
}

// -- Streams --

struct Calls {
  std::vector<std::string> texts;
};

class ChunkReader {
 public:
  explicit ChunkReader(Reading& out, bool completions) : out_(out), completions_(completions) {}

  void chunk(const Tree& chunk) {
    if (at(&chunk, "error") != nullptr) {
      out_.error = true;
      return;
    }
    if (out_.complete) out_.complain("a chunk behind [DONE]");
    read_head(chunk, completions_ ? "text_completion" : "chat.completion.chunk", out_);
    const Tree* const choices = at(&chunk, "choices");
    const Tree* const usage = at(&chunk, "usage");
    if (usage != nullptr) {
      if (is(&out_.usage, Tree::Kind::object)) out_.complain("usage twice");
      if (choices != nullptr && !choices->items.empty()) out_.complain("usage beside choices");
      read_usage(chunk, out_);
    }
    if (!is(choices, Tree::Kind::array)) return;
    for (const Tree& choice : choices->items) {
      if (is(&out_.usage, Tree::Kind::object)) out_.complain("a choice behind usage");
      take(choice);
    }
  }

  void done() {
    out_.complete = true;
    for (auto& [index, choice] : out_.choices) {
      if (choice.finish.empty()) out_.complain("[DONE] without a finish_reason");
      std::size_t call = 0;
      for (Item& item : choice.items) {
        if (item.kind == "call") item.arguments = parsed(calls_[index].texts[call++]);
      }
    }
  }

 private:
  void take(const Tree& choice) {
    const int index = index_of(choice, out_);
    const bool first = !out_.choices.contains(index);
    Choice& to = out_.choices[index];
    if (!to.finish.empty()) out_.complain("a delta behind finish_reason");
    if (choice.find("finish_reason") == nullptr) out_.complain("a choice without finish_reason");
    if (completions_) {
      last(to, "text").text += text_of(&choice, "text");
      take_finish(choice, to, out_);
      return;
    }
    const Tree* const delta = choice.find("delta");
    if (!is(delta, Tree::Kind::object)) return out_.complain("a choice without delta");
    const Tree* const role = at(delta, "role");
    if (first != (role != nullptr)) out_.complain("the role must stand in the first chunk only");
    if (role != nullptr && role->text != "assistant") out_.complain("role " + role->text);
    const std::pair<const char*, const char*> texts[] = {
        {"content", "text"}, {"reasoning_content", "thinking"}, {"refusal", "refusal"}};
    for (const auto& [key, kind] : texts) {
      const std::string text = text_of(delta, key);
      if (!text.empty()) last(to, kind).text += text;
    }
    if (const Tree* const calls = at(delta, "tool_calls")) {
      for (const Tree& call : calls->items) take_call(call, index, to);
    }
    take_finish(choice, to, out_);
  }

  void take_call(const Tree& call, int choice, Choice& to) {
    const Tree* const number = call.find("index");
    if (!is(number, Tree::Kind::number)) return out_.complain("a call without index");
    const auto index = static_cast<std::size_t>(std::atoi(number->text.c_str()));
    std::vector<std::string>& texts = calls_[choice].texts;
    const bool custom = text_of(&call, "type") == "custom" || at(&call, "custom") != nullptr;
    const Tree* const function = at(&call, custom ? "custom" : "function");
    if (index > texts.size()) return out_.complain("a call's index leaps");
    if (index == texts.size()) {
      texts.emplace_back();
      Item& item = to.items.emplace_back();
      item.kind = "call";
      item.id = text_of(&call, "id");
      item.name = text_of(function, "name");
      if (item.id.empty() || item.name.empty()) out_.complain("a call without id or name");
      if (text_of(&call, "type").empty()) out_.complain("a call without type");
    } else if (at(&call, "id") != nullptr || at(function, "name") != nullptr) {
      out_.complain("id or name of a call twice");
    }
    texts[index] += text_of(function, custom ? "input" : "arguments");
  }

  Reading& out_;
  bool completions_;
  std::map<int, Calls> calls_;
};

}  // namespace

Reading chat_whole(const Tree& body) {
  Reading out;
  read_head(body, "chat.completion", out);
  read_usage(body, out);
  const Tree* const choices = at(&body, "choices");
  if (choices == nullptr) return out;
  for (const Tree& choice : choices->items) {
    Choice& to = out.choices[index_of(choice, out)];
    const Tree* const message = choice.find("message");
    if (!is(message, Tree::Kind::object)) {
      out.complain("a choice without message");
      continue;
    }
    if (text_of(message, "role") != "assistant") out.complain("the role is not assistant");
    for (const char* key : {"content", "refusal"}) {
      if (message->find(key) == nullptr) out.complain(std::string("message without ") + key);
    }
    const std::pair<const char*, const char*> texts[] = {
        {"reasoning_content", "thinking"}, {"content", "text"}, {"refusal", "refusal"}};
    for (const auto& [key, kind] : texts) {
      const std::string text = text_of(message, key);
      if (!text.empty()) last(to, kind).text += text;
    }
    if (const Tree* const calls = at(message, "tool_calls")) {
      if (calls->items.empty()) out.complain("an empty tool_calls");
      for (const Tree& call : calls->items) {
        const bool custom = text_of(&call, "type") == "custom";
        read_call(call, at(&call, custom ? "custom" : "function"), to, out);
        if (text_of(&call, "id").empty()) out.complain("a call without id");
      }
    }
    if (const Tree* const call = at(message, "function_call")) read_call(*call, call, to, out);
    take_finish(choice, to, out);
    if (to.finish.empty()) out.complain("no finish_reason");
  }
  out.complete = true;
  return out;
}

Reading completions_whole(const Tree& body) {
  Reading out;
  read_head(body, "text_completion", out);
  read_usage(body, out);
  const Tree* const choices = at(&body, "choices");
  if (choices == nullptr) return out;
  for (const Tree& choice : choices->items) {
    Choice& to = out.choices[index_of(choice, out)];
    if (!is(choice.find("text"), Tree::Kind::string)) out.complain("a choice without text");
    last(to, "text").text += text_of(&choice, "text");
    take_finish(choice, to, out);
  }
  out.complete = true;
  return out;
}

Reading chat_stream(std::string_view stream, bool completions) {
  Reading out;
  ChunkReader reader(out, completions);
  for (const test::Message& message : test::read_events(stream)) {
    if (out.error) out.complain("something behind the error");
    if (message.data == "[DONE]") {
      reader.done();
      continue;
    }
    const auto tree = test::read_tree(message.data);
    if (!tree || tree->kind != Tree::Kind::object) {
      out.complain("no JSON object: " + message.data.substr(0, 200));
      continue;
    }
    reader.chunk(*tree);
  }
  return out;
}

}  // namespace golden::detail
