// Demands of a request without which its answer would be another: more than one answer, an answer
// in audio or images, a search, a tool that must be called. A target either meets them or refuses
// the request; they are never dropped, whatever `drop_params` says (docs/translation.md, rule 3).
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect {

// What a target can be asked for. Its writer says so, and writes what it says.
struct Abilities {
  bool many_answers = false;  // `n`
  bool audio_output = false;
  bool image_output = false;
  bool web_search = false;
  // A tool that the provider runs itself can be the one that must be called.
  bool forced_server_tools = false;
};

// Refuses what the target cannot do. Every writer of requests asks first.
Result<> judge_demands(const hub::Request& request, const Abilities& can, Losses& losses);

// Some tool must be called.
bool forces_a_tool(const hub::ToolChoice& choice);

// A search of the web is asked for, and not as a tool of which none may be used.
bool wants_search(const hub::Request& request);
// The client's field that asks for it.
Bytes search_field(const hub::Request& request);

// The schema of the one argument that stands for the input of a custom tool; the writers of the
// dialects that have such tools take it out again.
inline constexpr Bytes custom_input_schema =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

// What asks for a call where no field can demand one. Only the tools that may be it are offered
// then.
inline constexpr Bytes call_instruction = "Answer by calling one of the given tools.";

// Notes that a custom tool becomes a function with one string, and loses its grammar if it has one.
Result<> emulate_custom_tool(const hub::Tool& tool, const TargetTraits& target, Losses& losses);

}  // namespace penstock::dialect
