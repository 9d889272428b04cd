// What an exchange needs beside the ordinary when its client or its target speaks anything but
// OpenAI's chat: made when that is known, gone with the exchange.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/side_call.h"
#include "penstock/dialect.h"
#include "penstock/hub.h"
#include "penstock/json_writer.h"
#include "penstock/provider.h"
#include "penstock/translate.h"

namespace penstock {

struct Translation {
  explicit Translation(std::size_t body_bytes_max) : body(body_bytes_max), answer(body_bytes_max) {}

  // What the client said that only some targets are told.
  std::string anthropic_version;
  std::string anthropic_beta;
  std::string betas_text;   // the same as JSON, what `request` views
  bool json_array = false;  // Gemini without alt=sse

  // The request, read once and written for each target. `request` views the upload's body.
  bool read = false;
  hub::Request request;
  dialect::RequestIssue issue;
  dialect::Losses losses;
  dialect::TargetTraits traits;
  json::Composer body;
  bool translates = false;  // this attempt's target speaks another dialect than the client
  std::string dropped;      // names of what was left out, for a header

  std::unique_ptr<SideCall> side;  // the request, where it is no turn of a conversation

  // The answer.
  json::Composer answer;
  std::optional<translate::StreamTranslation> stream;  // another dialect
  std::optional<translate::StreamWatch> watch;         // the same one
  std::optional<hub::ErrorNote> note;                  // the provider's error
  std::vector<char> note_words;                        // what `note` views

  static constexpr std::size_t dropped_bytes_max = 512;
  void write_dropped();
  void place_betas(ProviderKind kind);
};

}  // namespace penstock
