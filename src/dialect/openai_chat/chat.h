// OpenAI's chat completions (platform.openai.com/docs/api-reference/chat) and legacy completions,
// as a client's and as a provider's dialect: the functions of their rows in the table of dialects.
#pragma once

#include <memory>

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// -- As a client's dialect --

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue);
void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out);
std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out);
// {"error":{"message","type","param","code"}}, all four always there.
void write_error(const hub::ErrorNote& error, json::Composer& out);

// Legacy completions: the prompt is one user message, the answer's text is the choice's text.
Result<> read_completion_request(json::View body, hub::Request& out, RequestIssue& issue);
void write_completion(const hub::Answer& answer, const AnswerContext& context, json::Composer& out);
std::unique_ptr<StreamWriter> completion_stream_writer(const AnswerContext& context,
                                                       json::Composer& out);

// -- As the dialect of OpenAI and of all that is like it --

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);
Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

}  // namespace penstock::dialect::openai_chat
