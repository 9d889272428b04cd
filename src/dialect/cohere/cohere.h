// Cohere's v2 chat API (docs.cohere.com/v2/reference/chat) as a provider's dialect: the functions
// of its row in the table of dialects, and what its readers of whole and streamed answers share.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::dialect::cohere {

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses);
Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);
// {"message","id"}, sometimes with "error_type".
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

// -- Shared by request_writer.cpp and message_writer.cpp --

// The texts of user messages that came as documents; Cohere has a list of its own for them.
struct Documents {
  bool allowed = true;  // false: they become text of the message
  std::vector<const hub::Part*> parts{};
};

// The value of `messages`.
Result<> write_messages(const hub::Request& request, const TargetTraits& target,
                        bool format_in_text, json::Composer& out, Losses& losses,
                        Documents& documents);

// -- Shared by answer_reader.cpp and stream_reader.cpp --

// `none` when the answer failed: ERROR, TIMEOUT.
hub::Finish read_finish(json::View finish_reason);
// {"billed_units":{…},"tokens":{…},"cached_tokens":n}. The tokens of the model are told, not the
// billed ones, which lack Cohere's own preamble.
hub::Usage read_usage(json::View usage);
// Emits the error that an answer with a good status turned out to be.
void emit_failure(json::View message, json::View type, hub::EventSink& out);
// Emits `logprobs`, one object or an array of them, where each is of one token.
void emit_logprobs(json::View logprobs, hub::EventSink& out);

// Where the text blocks of an answer begin, so that citations, which count within their block, can
// be told in places of the whole text.
class TextPlaces {
 public:
  // Text block `content_index` begins; a negative index is not known.
  void begin_block(std::int64_t content_index);
  void add(hub::Escaped text);
  // One event per source of `citation`, if it is about the text.
  void emit_citation(json::View citation, hub::EventSink& out) const;

 private:
  static constexpr std::size_t blocks_max = 64;
  struct Block {
    std::int64_t content_index;
    std::uint32_t start;
  };
  std::uint32_t start_of(json::View content_index) const;

  std::vector<Block> blocks_;
  std::uint32_t length_ = 0;  // of all text so far, in code points
};

}  // namespace penstock::dialect::cohere
