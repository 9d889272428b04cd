// What an exchange keeps while a request and its answer are passed through: made when the head has
// named such an endpoint, gone with the exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/passage_rules.h"
#include "gateway/usage_scout.h"
#include "penstock/blocks.h"
#include "penstock/multipart.h"
#include "penstock/time.h"

namespace penstock {

struct Passage {
  // How much of a form is kept while its model is looked for.
  static constexpr std::size_t look_ahead_bytes = 64 * 1024;
  // The longest answer whose usage is read.
  static constexpr std::size_t usage_bytes_max = 1024 * 1024;

  Passage(const PassageRule& r, BlockPool& pool) : rule(r), ahead(pool) {}

  // True when the body goes to the provider while it arrives.
  bool streams() const { return body == PassageBody::form || body == PassageBody::raw; }
  Bytes boundary() const { return multipart::boundary_of(content_type).value_or(Bytes{}); }

  const PassageRule& rule;
  PassageBody body = PassageBody::none;
  std::string resource;                   // what the provider is asked for: path and query
  std::string content_type;               // of a body that streams
  bool fixed_model = false;               // the path named it
  std::optional<std::uint64_t> declared;  // bytes of that body, when the client said

  // -- The client's body, on its way.
  Buffer ahead;                            // read before the target was chosen
  std::optional<multipart::Scanner> form;  // first over `ahead`, then over what an attempt sends
  std::optional<std::string> form_model;   // found in `ahead`
  bool looked = false;                     // nothing more is to be found ahead
  bool chunked = false;                    // how this attempt's body is framed
  bool told_model = false;                 // the model was written to this attempt
  bool ended = false;                      // all of it was handed over
  bool body_left = false;                  // bytes of it may have left: nothing is tried again
  std::string added_part;                  // the model, for a form that has none
  std::vector<Bytes> pieces;               // what is sent next
  Instant body_began{};
  Instant body_heard{};  // when bytes of it last came
  Instant body_moved{};  // when the provider last took some
  Duration body_held{};  // how long the provider kept the client waiting

  // -- The answer.
  std::string answer_type;
  std::string disposition;
  bool chunked_answer = false;
  bool json_answer = false;         // and short enough that its usage can be read
  std::optional<UsageScout> scout;  // of a stream of events
  bool to_close = false;            // its end towards the client is the connection's end
  bool cut = false;                 // it did not end well
};

}  // namespace penstock
