#include "dialect/web_search.h"

#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect {
namespace {

// An empty list restricts nothing.
hub::Raw list_of(json::View value) {
  return value.is_array() && !value.empty() ? value.raw() : hub::Raw();
}

}  // namespace

hub::WebSearch read_web_search(json::View options) {
  hub::WebSearch search;
  const json::View filters = options["filters"].is_object() ? options["filters"] : options;
  search.allowed_domains = list_of(filters["allowed_domains"]);
  search.blocked_domains = list_of(filters["blocked_domains"]);
  search.context_size = options["search_context_size"].text();
  json::View place = options["user_location"];
  if (place["approximate"].is_object()) place = place["approximate"];
  search.city = place["city"].text();
  search.country = place["country"].text();
  search.region = place["region"].text();
  search.timezone = place["timezone"].text();
  search.max_uses = options["max_uses"].integer();
  return search;
}

bool is_dated_type(Bytes type) {
  constexpr std::size_t date = 9;
  if (type.size() <= date || type[type.size() - date] != '_') return false;
  return type.substr(type.size() - date + 1).find_first_not_of("0123456789") == Bytes::npos;
}

void write_place(const hub::WebSearch& search, json::Writer& out) {
  const auto member = [&](Bytes key, hub::Escaped value) {
    if (!value.empty()) out.key(key).escaped_string(value);
  };
  member("city", search.city);
  member("country", search.country);
  member("region", search.region);
  member("timezone", search.timezone);
}

Result<> lose_search_options(const hub::Request& request, SearchWords takes,
                             const TargetTraits& target, Losses& losses) {
  if (!request.web_search) return {};
  const hub::WebSearch& search = *request.web_search;
  const bool tool = search_field(request) == "tools";
  // `medium` is what every vendor does by itself.
  const bool size = !search.context_size.empty() && search.context_size != "medium";
  struct Option {
    bool lost;
    Bytes in_tool, in_options;
  };
  const Option options[] = {
      {!search.allowed_domains.empty() && !takes.allowed_domains, "tools.allowed_domains",
       "web_search_options.allowed_domains"},
      {!search.blocked_domains.empty() && !takes.blocked_domains, "tools.blocked_domains",
       "web_search_options.blocked_domains"},
      {size && !takes.context_size, "tools.search_context_size",
       "web_search_options.search_context_size"},
      {search.has_place() && !takes.place, "tools.user_location",
       "web_search_options.user_location"},
      {search.max_uses && !takes.max_uses, "tools.max_uses", "web_search_options.max_uses"},
  };
  for (const Option& option : options) {
    if (!option.lost) continue;
    PENSTOCK_CHECK(lose(tool ? option.in_tool : option.in_options, target, losses));
  }
  return {};
}

}  // namespace penstock::dialect
