// Names of label values as small numbers. The control thread gives them out when it loads a
// configuration; shards count by number; the exporter turns numbers into names. Values come only
// from configuration and from closed sets, never from a client's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// A name's number. `none` is shown as an empty value, which Prometheus treats as no label.
enum class LabelId : std::uint16_t { none = 0xFFFF };

// Numbers stay with their names for the life of the process, whatever is reloaded, so that counters
// keep their meaning. Past `names_max` every new name gets the number of "other".
class LabelSet {
 public:
  static constexpr std::size_t names_max = 4096;

  // The number of `name`, a new one if it was never seen. Control thread only.
  LabelId add(std::string_view name);
  // Empty for `none` and for numbers that were not given out here.
  std::string_view name(LabelId id) const {
    const auto i = static_cast<std::size_t>(id);
    return i < names_.size() ? std::string_view(names_[i]) : std::string_view();
  }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

// A value: on reload the control thread copies the labels in use, adds the new configuration's
// names, and publishes the copy beside the new snapshot. Two targets of the same name share a
// number, so indices of a snapshot are not label numbers: keep a vector of numbers with it.
struct Labels {
  LabelSet models;
  LabelSet providers;
  LabelSet targets;
  // Names of the HTTP parser's reasons, by their number. Static text.
  std::vector<std::string_view> parse_reasons;
};

}  // namespace penstock
