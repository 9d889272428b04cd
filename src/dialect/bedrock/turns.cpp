#include "dialect/bedrock/turns.h"

#include <algorithm>

#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::Part;
using hub::PartKind;
using hub::Role;

bool is_assistant(const hub::Message& message) {
  return message.role == Role::assistant;
}

bool is_result(const Part& part) {
  return part.kind == PartKind::tool_result;
}

bool has_results(const hub::Message& message) {
  return std::ranges::any_of(message.parts, is_result);
}

// Thinking is signed together with the order of what stands around it: blank text stays then.
bool has_signed_thinking(const hub::Message& message) {
  return std::ranges::any_of(message.parts, [](const Part& part) {
    return (part.kind == PartKind::thinking || part.kind == PartKind::redacted_thinking) &&
           !part.signature.empty();
  });
}

bool says_nothing(const hub::Message& message) {
  return std::ranges::all_of(message.parts, [](const Part& part) {
    return part.kind == PartKind::text && is_blank(part.text);
  });
}

// Without blanks at its end, which Claude refuses behind an answer's beginning.
hub::Escaped trimmed(hub::Escaped text) {
  for (bool again = true; again;) {
    again = false;
    for (const Bytes blank : {" ", "\\n", "\\t", "\\r"}) {
      if (!text.ends_with(blank)) continue;
      // An escape of a backslash before an n is no line end.
      const std::size_t before = text.size() - blank.size();
      std::size_t slashes = 0;
      while (slashes < before && text[before - slashes - 1] == '\\') ++slashes;
      if (blank != " " && slashes % 2 == 1) continue;
      text = text.substr(0, before);
      again = true;
    }
  }
  return text;
}

}  // namespace

TurnWriter::TurnWriter(RequestJob& job) : job_(job), blocks_(job) {
  const Messages all = job.request.messages;
  const auto first = std::ranges::find_if_not(all, is_instruction);
  const auto count = static_cast<std::size_t>(first - all.begin());
  leading_ = all.first(count);
  rest_ = all.subspan(count);
}

void TurnWriter::note_moved() {
  job_.losses.emulate("messages");
}

void TurnWriter::instruction(Bytes text) {
  job_.out.begin_object().key("text").string(text).end_object();
}

// Words of our own come last, behind the cached prefix.
Result<> TurnWriter::instructions() {
  const hub::Request& request = job_.request;
  const bool asks_json = job_.plan.json == Plan::Json::instruction;
  const hub::ToolChoice& choice = request.tool_choice;
  const bool asks_call = forces_a_tool(choice) && !job_.model.forced_choice;
  if (leading_.empty() && !asks_json && !asks_call) return {};
  json::Writer& out = job_.out;
  out.key("system").begin_array();
  bool any = false;
  for (const hub::Message& message : leading_) {
    for (const Part& part : message.parts) {
      if (part.kind != PartKind::text)
        return refuse("messages.content", "Only text can stand in a system message.", job_.losses);
      if (!is_blank(part.text)) {
        out.begin_object().key("text").escaped_string(part.text).end_object();
        any = true;
      }
      if (part.cache != hub::CacheTtl::none && job_.cache.take_system() && any)
        job_.cache.write(part.cache, out);
    }
  }
  if (any && job_.cache.behind_system() != hub::CacheTtl::none)
    job_.cache.write(job_.cache.behind_system(), out);
  if (asks_json && request.format.schema.empty()) {
    instruction("Answer with one JSON object and with nothing else.");
  } else if (asks_json) {
    out.begin_object().key("text").open_string();
    out.more(
        "Answer with one JSON value that fits the following JSON Schema and with nothing else."
        " Schema: ");
    out.more(request.format.schema).close_string().end_object();
  }
  if (asks_call && choice.mode == hub::ToolChoice::Mode::named) {
    out.begin_object().key("text").open_string().more("Answer by calling the tool ");
    out.more_escaped(choice.name).more(".").close_string().end_object();
  } else if (asks_call) {
    instruction("Answer by calling one of the tools.");
  }
  out.end_array();
  return {};
}

Result<> TurnWriter::messages() {
  job_.out.key("messages").begin_array();
  if (rest_.empty() || is_assistant(rest_.front())) {
    // The user has the first word, also where the client left it out.
    job_.out.raw(R"({"role":"user","content":[{"text":"Continue."}]})");
    note_moved();
  }
  while (!rest_.empty()) {
    const bool assistant = is_assistant(rest_.front());
    const auto end = std::ranges::find_if(
        rest_, [&](const hub::Message& each) { return is_assistant(each) != assistant; });
    const auto count = static_cast<std::size_t>(end - rest_.begin());
    const Messages run = rest_.first(count);
    rest_ = rest_.subspan(count);
    PENSTOCK_CHECK(assistant ? assistant_turn(run, rest_.empty()) : user_side(run));
  }
  job_.out.end_array();
  return {};
}

// Everything between two turns of the assistant. An instruction among it stays in its place, so
// that the cached prefix stays the same: as a system turn where the model knows those, and where
// results of tools, which must come at once, allow it.
Result<> TurnWriter::user_side(Messages run) {
  const bool system_turns = job_.model.system_messages && !std::ranges::any_of(run, has_results);
  while (!run.empty()) {
    if (system_turns && is_instruction(run.front())) {
      PENSTOCK_CHECK(system_turn(run.front()));
      run = run.subspan(1);
      continue;
    }
    const auto end = system_turns ? std::ranges::find_if(run, is_instruction) : run.end();
    const auto count = static_cast<std::size_t>(end - run.begin());
    PENSTOCK_CHECK(user_turn(run.first(count), rest_.empty() && count == run.size()));
    run = run.subspan(count);
  }
  return {};
}

void TurnWriter::begin_turn(Bytes role, bool keep_blank_text) {
  job_.out.begin_object().key("role").string(role).key("content").begin_array();
  blocks_.begin(keep_blank_text);
}

void TurnWriter::end_turn(bool last) {
  if (blocks_.blocks() == 0) blocks_.text("(empty)");
  if (last && job_.cache.behind_all() != hub::CacheTtl::none)
    job_.cache.write(job_.cache.behind_all(), job_.out);
  job_.out.end_array().end_object();
}

Result<> TurnWriter::user_turn(Messages run, bool last) {
  begin_turn("user", false);
  PENSTOCK_CHECK(results(run));
  PENSTOCK_CHECK(others(run));
  if (blocks_.has_document() && !blocks_.has_text()) blocks_.text("The document is attached.");
  end_turn(last);
  return {};
}

Result<> TurnWriter::results(Messages run) {
  for (const hub::Message& message : run) {
    for (const Part& part : message.parts) {
      if (is_result(part)) PENSTOCK_CHECK(blocks_.part(part));
    }
  }
  return {};
}

Result<> TurnWriter::others(Messages run) {
  for (const hub::Message& message : run) {
    if (is_instruction(message)) note_moved();
    for (const Part& part : message.parts) {
      if (!is_result(part)) PENSTOCK_CHECK(blocks_.part(part));
    }
  }
  return {};
}

Result<> TurnWriter::system_turn(const hub::Message& message) {
  begin_turn("system", false);
  for (const Part& part : message.parts) PENSTOCK_CHECK(blocks_.part(part));
  end_turn(false);
  return {};
}

Result<> TurnWriter::assistant_turn(Messages run, bool last) {
  // An answer that was not begun yet.
  if (last && std::ranges::all_of(run, says_nothing)) return {};
  begin_turn("assistant", std::ranges::any_of(run, has_signed_thinking));
  const bool prefill = last && job_.model.prefill;
  for (const hub::Message& message : run) {
    for (const Part& part : message.parts) {
      const bool closing = prefill && &message == &run.back() && &part == &message.parts.back();
      PENSTOCK_CHECK(closing ? closing_text(part) : blocks_.part(part));
    }
  }
  end_turn(false);
  if (last && !job_.model.prefill) {
    // The others want the user to have the last word.
    job_.out.raw(R"({"role":"user","content":[{"text":"Continue."}]})");
    note_moved();
  }
  return {};
}

Result<> TurnWriter::closing_text(const Part& part) {
  if (part.kind != PartKind::text) return blocks_.part(part);
  blocks_.text(trimmed(part.text));
  return {};
}

}  // namespace penstock::dialect::bedrock
