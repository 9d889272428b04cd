// The functions behind the row of the Gemini dialect: generateContent and streamGenerateContent of
// Google AI Studio and of Vertex (https://ai.google.dev/api/generate-content). Internal to this
// folder; everybody else uses the table.
#pragma once

#include <memory>
#include <optional>

#include "penstock/dialect.h"

namespace penstock::dialect::gemini {

// A member in either of its spellings: Google's servers take both.
inline json::View member(json::View object, Bytes camel, Bytes snake) {
  const json::View value = object[camel];
  return value.exists() ? value : object[snake];
}
inline bool key_is(json::View value, Bytes camel, Bytes snake) {
  return value.key_is(camel) || value.key_is(snake);
}
// Calls `each` for every element; a value that stands alone where a list belongs counts as one.
template <class Each>
Result<> for_each(json::View list, Each each) {
  if (!list) return {};
  if (!list.is_array()) return each(list);
  for (const json::View element : list) PENSTOCK_CHECK(each(element));
  return {};
}

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue);
Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);
// The members of a request's object, without its brackets.
Result<> write_request_members(const hub::Request& request, const TargetTraits& target,
                               json::Composer& out, Losses& losses);

Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out);
std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out);
void write_error(const hub::ErrorNote& error, json::Composer& out);

}  // namespace penstock::dialect::gemini
