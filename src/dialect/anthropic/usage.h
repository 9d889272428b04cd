// Anthropic's usage objects: input_tokens is without cached and written tokens, output_tokens holds
// the thinking tokens, figures are cumulative and later ones win (docs on streaming).
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::anthropic {

// The figures as reported; merged before they are taken apart into buckets, since a later report
// may correct a sum without repeating its parts.
class UsageReader {
 public:
  // Null and missing members change nothing.
  void take(json::View usage);
  hub::Usage usage() const;
  void clear() { *this = UsageReader(); }

 private:
  hub::Tokens input_, read_, written_, written_5m_, written_1h_;
  hub::Tokens output_, thinking_, searches_, fetches_;
};

// Writes a usage object with every key that the official SDKs type as required.
// `input_estimate`, `output_estimate`: stand in for figures that nobody reported.
void write_usage(const hub::Usage& usage, std::uint64_t input_estimate,
                 std::uint64_t output_estimate, json::Writer& out);

}  // namespace penstock::dialect::anthropic
