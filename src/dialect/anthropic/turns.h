// A conversation in the order Anthropic asks for: system text in front, turns that alternate and
// begin with the user, results of tools first in their turn.
#pragma once

#include <span>
#include <vector>

#include "dialect/anthropic/model_traits.h"
#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

enum class Speaker : std::uint8_t { user, assistant, system };

struct Turn {
  Speaker speaker = Speaker::user;
  std::uint32_t begin = 0;  // in the list of parts
  std::uint32_t end = 0;
};

// True when the text has no character but blanks, written out or escaped.
bool is_blank(hub::Escaped text);
// The text without the blanks at its end.
hub::Escaped trimmed(hub::Escaped text);
// Thinking that Anthropic signed, or its redacted form.
bool is_signed_thinking(const hub::Part& part);

class Turns {
 public:
  // Refuses parts that nobody here can read; what is left out otherwise is named in `losses`.
  Result<> build(const hub::Request& request, const TargetTraits& target, const ModelTraits& model,
                 Losses& losses);

  std::span<const hub::Part* const> instructions() const { return system_; }
  std::span<const Turn> turns() const { return turns_; }
  std::span<const hub::Part* const> parts(const Turn& turn) const {
    return std::span(parts_).subspan(turn.begin, turn.end - turn.begin);
  }
  // The model must answer results of tools, but the turn that called them does not begin with
  // thinking: models with a thinking budget refuse that.
  bool loop_without_thinking() const;

 private:
  Result<> add(const hub::Message& message, Speaker speaker, Losses& losses);
  Result<bool> keeps(const hub::Message& message, std::size_t i, Losses& losses) const;
  void append(Speaker speaker, const hub::Part& part);
  void results_first();
  void frame(const ModelTraits& model, Losses& losses);

  std::vector<const hub::Part*> system_;
  std::vector<const hub::Part*> parts_;
  std::vector<Turn> turns_;
  hub::Part filler_;
};

}  // namespace penstock::dialect::anthropic
