// Variables of the environment in values, and guesses at mistyped words.
#include <algorithm>
#include <numeric>

#include "config/section.h"

namespace penstock::config {
namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
         std::string_view::npos;
}

// The text of one `${…}`, given what stands between the braces.
Parsed<std::string> value_of(std::string_view inside, const Environment& environment) {
  const std::size_t mark = inside.find(":-");
  const std::string_view name = inside.substr(0, mark);
  if (!is_variable_name(name)) {
    return std::unexpected(
        "has ${...} without a variable name in it; write ${NAME}, ${NAME:-default}, or $${ for a "
        "plain ${");
  }
  auto value = environment(name);
  if (mark != std::string_view::npos && (!value || value->empty())) {
    return std::string(inside.substr(mark + 2));
  }
  if (value) return std::move(*value);
  return std::unexpected("uses the environment variable " + std::string(name) +
                         ", which is not set; set it, or write ${" + std::string(name) +
                         ":-default}");
}

// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// `text` with `more` behind it. What variables hold may be secret, so no copy is left in memory
// that is given back.
void append(std::string& text, std::string_view more) {
  if (text.capacity() - text.size() < more.size()) {
    std::string larger;
    larger.reserve(2 * (text.size() + more.size()));
    larger.append(text);
    text.swap(larger);
    wipe(larger.data(), larger.size());
  }
  text.append(more);
}

}  // namespace

Parsed<std::string> expand(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const std::size_t start = text.find("${");
    append(result, text.substr(0, start));
    if (start == std::string_view::npos) return result;
    if (start > 0 && text[start - 1] == '$') {
      append(result, "{");  // the first of the two dollars is there already
      text.remove_prefix(start + 2);
      continue;
    }
    const std::size_t end = text.find('}', start);
    if (end == std::string_view::npos) {
      return std::unexpected("has ${ without a closing }; write ${NAME}, or $${ for a plain ${");
    }
    auto value = value_of(text.substr(start + 2, end - start - 2), environment);
    if (!value) {
      wipe(result.data(), result.size());
      return value;
    }
    append(result, *value);
    wipe(value->data(), value->size());
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates) {
  constexpr std::size_t word_max = 64;  // the distance costs the product of both lengths
  if (word.size() > word_max) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > 2 * word_max) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best_distance || (d == best_distance && !best)) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace penstock::config
