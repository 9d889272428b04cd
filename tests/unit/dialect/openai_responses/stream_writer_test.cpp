#include <algorithm>
#include <array>

#include "driving.h"

using namespace penstock;
using hub::Event;
using hub::EventKind;
using hub::Finish;
using hub::Issuer;
using namespace test;

namespace {

std::vector<std::string> names(const Messages& messages) {
  std::vector<std::string> out;
  for (const Message& message : messages) {
    CHECK(message.name.starts_with("response.") == (message.name != "error"));
    out.push_back(message.name.starts_with("response.") ? message.name.substr(9) : message.name);
  }
  return out;
}

// Numbers rise by one, names agree, and every item and part that is opened is closed.
void check_stream(const Messages& messages) {
  std::size_t number = 0;
  std::vector<std::string> open;
  for (const Message& message : messages) {
    const Tree event = tree(message.data);
    CHECK(text_at(event, "type") == message.name);
    CHECK(text_at(event, "sequence_number") == std::to_string(number++));
    const std::string index = text_at(event, "output_index");
    if (message.name == "response.output_item.added") {
      CHECK(std::find(open.begin(), open.end(), index) == open.end());
      open.push_back(index);
    } else if (!index.empty()) {
      CHECK(std::find(open.begin(), open.end(), index) != open.end());
      if (message.name == "response.output_item.done") std::erase(open, index);
    }
  }
  CHECK(open.empty());
}

// The last event's response, item by item, is what the item events said, and the whole answer.
Tree check_whole(const std::vector<Event>& events, const AnswerContext& context) {
  const Messages messages = write_stream(events, context);
  check_stream(messages);
  REQUIRE_FALSE(messages.empty());
  const Tree last = at(tree(messages.back().data), "response");
  hub::Fold fold;
  for (const Event& event : events) fold.on(event);
  CHECK(tree(write_answer(fold.answer(), context)) == last);
  for (const Message& message : messages) {
    if (message.name != "response.output_item.done") continue;
    const Tree event = tree(message.data);
    CHECK(at(event, "item") == at(last, "output." + text_at(event, "output_index")));
  }
  return last;
}

}  // namespace

TEST_CASE("responses_writer/reasoning_text_and_two_calls_in_order") {
  const hub::Usage usage{.input = 10, .cache_read = 4, .output = 3, .reasoning = 2};
  const std::vector<Event> events{
      {.kind = EventKind::begin, .id = "chatcmpl-1", .model = "m", .created = 5},
      {.kind = EventKind::thinking, .text = "Think"},
      {.kind = EventKind::text, .text = "Hi"},
      {.kind = EventKind::tool_open, .call = 0, .id = "call_a", .name = "f"},
      {.kind = EventKind::tool_delta, .call = 0, .text = "{\\\"x\\\":1}"},
      {.kind = EventKind::tool_close, .call = 0},
      {.kind = EventKind::tool_open, .call = 1, .id = "call_b", .name = "g"},
      {.kind = EventKind::tool_close, .call = 1},
      {.kind = EventKind::finish, .finish = Finish::tool_calls},
      {.kind = EventKind::usage, .usage = &usage},
      {.kind = EventKind::end},
  };
  const Messages messages = write_stream(events, context_of());
  CHECK(names(messages) ==
        std::vector<std::string>{
            "created", "in_progress", "output_item.added", "reasoning_summary_part.added",
            "reasoning_summary_text.delta", "reasoning_summary_text.done",
            "reasoning_summary_part.done", "output_item.done", "output_item.added",
            "content_part.added", "output_text.delta", "output_text.done", "content_part.done",
            "output_item.done", "output_item.added", "function_call_arguments.delta",
            "function_call_arguments.done", "output_item.done", "output_item.added",
            "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
            "completed"});
  const Tree last = check_whole(events, context_of());
  CHECK(text_at(last, "status") == "completed");
  CHECK(text_at(last, "id") == "resp_r1");
  CHECK(text_at(last, "created_at") == "5");
  CHECK(at(last, "output").items.size() == 4);
  CHECK(text_at(last, "output.2.arguments") == "{\"x\":1}");
  CHECK(text_at(last, "output.3.arguments") == "{}");
  CHECK(text_at(last, "usage.total_tokens") == "19");
}
