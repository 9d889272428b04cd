// Runs recorded and composed answers through the translation and keeps what the client got.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/translate.h"

namespace golden {

using penstock::dialect::Dialect;
using penstock::dialect::TargetTraits;

// Where the body of an upstream is cut: rising offsets, the last one its size.
using Cuts = std::vector<std::size_t>;
Cuts cut_nowhere(std::string_view body);
Cuts cut_everywhere(std::string_view body);
Cuts cut_randomly(std::string_view body, std::uint32_t seed, std::size_t largest);

// What came out of one exchange.
struct Outcome {
  std::string output;
  bool good = false;  // no error of ours
  bool started = false;
  std::optional<std::string> told_error{};  // the provider's words, kind first
  penstock::hub::Usage usage{};
  penstock::hub::Finish finish = penstock::hub::Finish::none;

  bool operator==(const Outcome& other) const {
    return output == other.output && good == other.good && started == other.started &&
           told_error == other.told_error && finish == other.finish;
  }
};

// One pair of dialects and what is fixed about the exchange.
struct Exchange {
  Dialect client;
  Dialect provider;
  TargetTraits target{};
  penstock::dialect::AnswerContext context{};
};
// `request` is echoed by dialects that do so.
Exchange exchange(Dialect client, Dialect provider, const TargetTraits& target,
                  const penstock::hub::Request& request);

Outcome replay_stream(const Exchange& exchange, std::string_view body, const Cuts& cuts);
// A whole body, answered whole; answered as a stream; a stream, answered whole by its fold.
Outcome replay_whole(const Exchange& exchange, std::string_view body);
Outcome replay_whole_as_stream(const Exchange& exchange, std::string_view body);
Outcome replay_stream_as_whole(const Exchange& exchange, std::string_view body);

// The events a provider's body means.
struct Folded {
  penstock::hub::Fold fold{};
  bool good = false;
};
void fold_stream(const Exchange& exchange, std::string_view body, Folded& out);
void fold_whole(const Exchange& exchange, std::string_view body, Folded& out);

}  // namespace golden
