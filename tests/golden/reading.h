// What a client makes of an answer: read from the bytes alone, whole or streamed, by readers that
// share no code with the product. Each client dialect has its own, strict about the order of events
// and about the members that the dialect's official clients demand.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/dialect.h"
#include "support/json_tree.h"

namespace golden {

using penstock::dialect::Dialect;
using test::Tree;

// A block of an answer. `kind` is one of text, thinking, refusal, call, other.
struct Item {
  std::string kind{};
  std::string text{};  // unescaped; of a call: empty
  std::string id{};    // of a call
  std::string name{};  // of a call
  Tree arguments{};    // of a call: parsed; a string where it is no JSON
  std::string signature{};
  bool operator==(const Item&) const = default;
};

struct Choice {
  std::vector<Item> items;
  std::string finish;
  bool operator==(const Choice&) const = default;
};

struct Reading {
  std::map<int, Choice> choices;
  Tree usage{};  // as reported; null: none was
  std::string model;
  std::string id;
  bool complete = false;                // the dialect's own sign of the end was there
  bool error = false;                   // it ended in an error
  std::vector<std::string> complaints;  // what the dialect does not allow

  void complain(std::string what) {
    if (complaints.size() < 8) complaints.push_back(std::move(what));
  }
  // The text of one kind, of all choices, joined.
  std::string all(std::string_view kind) const;
};

// A whole body.
Reading read_whole(Dialect client, std::string_view body);
// A whole stream as it stands on the wire.
Reading read_stream(Dialect client, std::string_view stream);

// What every reader needs.
namespace detail {

const Tree* at(const Tree* tree, std::string_view key);  // null when it is not there or null
std::string text_of(const Tree* tree, std::string_view key);
bool is(const Tree* tree, Tree::Kind kind);
Tree parsed(std::string_view json);  // as Item::arguments
// The last item when it is of that kind, else a new one.
Item& last(Choice& choice, std::string_view kind);

Reading chat_whole(const Tree& body);
Reading completions_whole(const Tree& body);
Reading responses_whole(const Tree& body);
Reading anthropic_whole(const Tree& body);
Reading gemini_whole(const Tree& body);

Reading chat_stream(std::string_view stream, bool completions);
Reading responses_stream(std::string_view stream);
Reading anthropic_stream(std::string_view stream);
Reading gemini_stream(std::string_view stream);

}  // namespace detail
}  // namespace golden
