// The functions behind the row of this dialect's table; what each does is said in
// penstock/dialect.h.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::openai_responses {

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue);
void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out);
std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out);
void write_error(const hub::ErrorNote& error, json::Composer& out);

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);
Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

}  // namespace penstock::dialect::openai_responses
