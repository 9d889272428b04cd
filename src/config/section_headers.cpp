// Static headers of a provider: what may be sent on top of what the gateway writes itself.
#include <algorithm>
#include <array>

#include "config/section.h"

namespace penstock::config {
namespace {

constexpr std::size_t headers_max = 32;
constexpr std::size_t name_max = 64;
constexpr std::size_t value_max = 4096;

// Framing, hop-by-hop and content fields (RFC 9110 §7.6.1): the gateway writes them, or must not.
constexpr std::array<std::string_view, 19> reserved{"accept",
                                                    "accept-encoding",
                                                    "authorization",
                                                    "connection",
                                                    "content-encoding",
                                                    "content-length",
                                                    "content-type",
                                                    "expect",
                                                    "host",
                                                    "keep-alive",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "proxy-connection",
                                                    "te",
                                                    "trailer",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "via",
                                                    "x-request-id"};

// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of(
             "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
             std::string_view::npos;
}

bool is_value(std::string_view text) {
  return !text.empty() && text.size() <= value_max && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// What is wrong with a header's name, or nothing.
std::string judge_name(const std::string& name, const std::vector<StaticHeader>& before) {
  const std::string plain = lower(name);
  if (!is_token(name) || name.size() > name_max) {
    return "is not a header name; write up to 64 letters, digits and '-'";
  }
  if (plain == "authorization") return "is written by the gateway; use 'keys' for the credential";
  if (std::ranges::find(reserved, plain) != reserved.end()) {
    return "is written by the gateway; remove it";
  }
  const auto same = [&](const StaticHeader& header) { return lower(header.name) == plain; };
  if (std::ranges::any_of(before, same)) return "is given twice; keep one";
  return {};
}

}  // namespace

std::vector<StaticHeader> Section::headers(std::string_view name) const {
  row_of(name, {Kind::headers});
  std::vector<StaticHeader> result;
  const YamlNode* map =
      collection_of(name, YamlNode::Kind::map, "must hold headers; write {X-Name: value}");
  if (map == nullptr) return result;
  if (map->entries.size() > headers_max) mistake(name, "has more than 32 headers; remove some");
  for (const YamlNode::Entry& entry : map->entries) {
    const std::string child_path = path(name) + '.' + entry.key;
    const std::string wrong = judge_name(entry.key, result);
    if (!wrong.empty()) reading_->mistake(entry.mark, child_path, wrong);
    // Some carry a credential.
    auto text = expanded(entry.value, child_path, reading_->secret_environment);
    if (!text) continue;
    if (is_value(*text)) {
      result.push_back({entry.key, Secret(*text)});
    } else {
      reading_->mistake(entry.value.mark, child_path,
                        "has no valid value; write 1 to 4096 printable ASCII characters without "
                        "blanks at the ends");
    }
    wipe(text->data(), text->size());
  }
  return result;
}

}  // namespace penstock::config
