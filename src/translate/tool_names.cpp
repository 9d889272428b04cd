#include "translate/tool_names.h"

#include <algorithm>

#include "penstock/tool_name.h"

namespace penstock::translate {
namespace {

using dialect::Dialect;
using dialect::fit_tool_name;
using dialect::fits_name_rule;
using dialect::NameRoom;
using dialect::NameRule;

void fit(hub::Escaped& name, NameRule rule, hub::Request& request) {
  NameRoom room;
  const hub::Escaped fitted = fit_tool_name(name, rule, room);
  if (fitted.data() != name.data()) name = request.keep(std::string(fitted));
}

// Tools of servers have the names that their providers gave them.
bool is_named_by_client(const hub::Tool& tool) {
  return tool.kind != hub::ToolKind::server;
}

// Whether names that the client told apart still differ.
bool are_distinct(const std::vector<hub::Tool>& before, const std::vector<hub::Tool>& after) {
  struct Pair {
    hub::Escaped fitted, original;
  };
  std::vector<Pair> names;
  names.reserve(after.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (is_named_by_client(after[i])) names.push_back({after[i].name, before[i].name});
  }
  std::ranges::sort(names, {}, &Pair::fitted);
  return std::ranges::adjacent_find(names, [](const Pair& a, const Pair& b) {
           return a.fitted == b.fitted && a.original != b.original;
         }) == names.end();
}

}  // namespace

bool is_own_dialect(Dialect provider, const hub::Request& request) {
  switch (provider) {
    case Dialect::openai_chat:
      return request.issuer == hub::Issuer::openai && !request.responses;
    case Dialect::openai_responses:
      return request.responses;
    case Dialect::anthropic:
      return request.issuer == hub::Issuer::anthropic;
    case Dialect::gemini:
      return request.issuer == hub::Issuer::gemini;
    default:
      return false;
  }
}

bool has_fitting_names(const hub::Request& request, NameRule rule) {
  if (rule == NameRule::any) return true;
  const auto fits = [rule](hub::Escaped name) { return fits_name_rule(name, rule); };
  return std::ranges::all_of(
             request.tools,
             [&](const hub::Tool& tool) { return !is_named_by_client(tool) || fits(tool.name); }) &&
         fits(request.tool_choice.name) && std::ranges::all_of(request.tool_choice.names, fits) &&
         std::ranges::all_of(request.messages, [&](const hub::Message& message) {
           return std::ranges::all_of(message.parts,
                                      [&](const hub::Part& part) { return fits(part.name); });
         });
}

bool fit_names(hub::Request& request, NameRule rule) {
  const std::vector<hub::Tool> before = request.tools;
  for (hub::Tool& tool : request.tools) {
    if (is_named_by_client(tool)) fit(tool.name, rule, request);
  }
  fit(request.tool_choice.name, rule, request);
  for (hub::Escaped& name : request.tool_choice.names) fit(name, rule, request);
  for (hub::Message& message : request.messages) {
    for (hub::Part& part : message.parts) fit(part.name, rule, request);
  }
  return are_distinct(before, request.tools);
}

NamesBack::NamesBack(Dialect provider, const hub::Request* request) {
  const NameRule rule = dialect::dialect_of(provider).tool_names;
  if (request == nullptr || rule == NameRule::any || is_own_dialect(provider, *request)) return;
  for (const hub::Tool& tool : request->tools) {
    if (!is_named_by_client(tool) || fits_name_rule(tool.name, rule)) continue;
    NameRoom room;
    const hub::Escaped fitted = fit_tool_name(tool.name, rule, room);
    names_.push_back({std::string(fitted), std::string(tool.name)});
  }
  std::ranges::sort(names_, {}, &Name::fitted);
}

hub::Escaped NamesBack::original(hub::Escaped name) const {
  const auto at = std::ranges::lower_bound(names_, name, {},
                                           [](const Name& known) { return Bytes(known.fitted); });
  return at != names_.end() && at->fitted == name ? hub::Escaped(at->original) : name;
}

void NamingSink::on(const hub::Event& event) {
  if (event.kind != hub::EventKind::tool_open) {
    out_.on(event);
    return;
  }
  hub::Event named = event;
  named.name = names_.original(event.name);
  out_.on(named);
}

}  // namespace penstock::translate
