// The search of the web that a provider does itself. Nearly every vendor has one, under a name and
// with options of its own; what they have in common is hub::WebSearch.
#pragma once

#include "penstock/dialect.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::dialect {

// Reads the options of OpenAI's tool, of its `web_search_options` and of Anthropic's tool, whose
// keys do not collide.
hub::WebSearch read_web_search(json::View options);

// Types of Anthropic's own tools end in the day of their version: web_search_20250305.
bool is_dated_type(Bytes type);

// The members of a place: city, country, region, timezone, as far as they were said.
void write_place(const hub::WebSearch& search, json::Writer& out);

// The options that a target has a word for.
struct SearchWords {
  bool allowed_domains = false;
  bool blocked_domains = false;
  bool context_size = false;
  bool place = false;
  bool max_uses = false;
};

// Loses what was said and the target has no word for, each under the client's name for it.
Result<> lose_search_options(const hub::Request& request, SearchWords takes,
                             const TargetTraits& target, Losses& losses);

}  // namespace penstock::dialect
