#include "dialect/gemini/partial_arguments.h"

#include <algorithm>
#include <charconv>

namespace penstock::dialect::gemini {
namespace {

constexpr std::size_t bytes_max = 16u << 20;
constexpr std::size_t steps_max = 48;

std::unexpected<Error> malformed() {
  return fail(Code::malformed, Side::upstream);
}

}  // namespace

void PartialArguments::begin() {
  text_.clear();
  path_.clear();
  in_string_ = false;
}

// `$.name[0]['other name']`. Escapes of the JSON string stay in the keys, which go into one again.
bool PartialArguments::read_path(Bytes path, std::vector<Step>& steps) {
  steps.clear();
  if (!path.starts_with('$')) return false;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (steps.size() == steps_max) return false;
    Step& step = steps.emplace_back();
    if (path.starts_with('.')) {
      path.remove_prefix(1);
      step.key = path.substr(0, path.find_first_of(".["));
      path.remove_prefix(step.key.size());
    } else if (path.starts_with("['")) {
      const std::size_t end = path.find("']");
      if (end == Bytes::npos) return false;
      step.key = path.substr(2, end - 2);
      path.remove_prefix(end + 2);
    } else {
      const char* const end = path.data() + path.size();
      step.in_list = true;
      const auto read = std::from_chars(path.data() + 1, end, step.index);
      if (path[0] != '[' || read.ec != std::errc() || read.ptr == end || *read.ptr != ']') {
        return false;
      }
      path.remove_prefix(static_cast<std::size_t>(read.ptr - path.data()) + 1);
    }
    if (!step.in_list && step.key.empty()) return false;
  }
  return !steps.empty() && !steps[0].in_list;
}

// Closes what is open until the container that step `level` of the path is in is the innermost.
void PartialArguments::close_to(std::size_t level) {
  if (in_string_) text_.push_back('"');
  in_string_ = false;
  while (path_.size() > level + 1) {
    text_.push_back(path_.back().in_list ? ']' : '}');
    path_.pop_back();
  }
  if (!path_.empty()) path_.pop_back();
}

void PartialArguments::write_step(const Step& step) {
  if (!step.in_list) text_.append("\"").append(step.key).append("\":");
  path_.push_back({std::string(step.key), step.index, step.in_list});
}

Result<> PartialArguments::go_to(const std::vector<Step>& steps) {
  std::size_t same = 0;
  while (same < steps.size() && same < path_.size() && path_[same].is(steps[same])) ++same;
  if (path_.empty()) {
    text_.push_back('{');
  } else {
    // A value inside of a value that is no container, or an object that is a list as well.
    if (same == steps.size() || same == path_.size()) return malformed();
    if (path_[same].in_list != steps[same].in_list) return malformed();
    close_to(same);
    text_.push_back(',');
  }
  for (std::size_t i = same; i < steps.size(); ++i) {
    if (i > same) text_.push_back(steps[i].in_list ? '[' : '{');
    write_step(steps[i]);
  }
  return {};
}

Result<> PartialArguments::add(json::View piece) {
  if (!read_path(piece["jsonPath"].text(), steps_)) return malformed();
  const json::View string = piece["stringValue"];
  if (text_.size() + piece.raw().size() > bytes_max) return fail(Code::too_large, Side::upstream);
  const bool again = path_.size() == steps_.size() &&
                     std::ranges::equal(path_, steps_, [](const Kept& kept, const Step& step) {
                       return kept.is(step);
                     });
  if (again && !in_string_) return {};
  if (!again) PENSTOCK_CHECK(go_to(steps_));
  if (string.is_string()) {
    if (!again) text_.push_back('"');
    text_.append(string.text());
    in_string_ = piece["willContinue"].is_true();
    if (!in_string_) text_.push_back('"');
    return {};
  }
  const json::View number = piece["numberValue"];
  const json::View boolean = piece["boolValue"];
  if (again) return malformed();
  text_.append(number.is_number() ? number.raw() : boolean.is_bool() ? boolean.raw() : "null");
  return {};
}

Bytes PartialArguments::end() {
  if (path_.empty()) return "{}";
  close_to(0);
  text_.push_back('}');
  return text_;
}

}  // namespace penstock::dialect::gemini
