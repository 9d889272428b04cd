// A strict reader of the Prometheus text format 0.0.4, written apart from the writer. It refuses
// what scrapers refuse, and also what they only frown on: samples away from their metric, missing
// HELP or TYPE, series given twice, buckets that fall.
#pragma once

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

struct MetricsReader {
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> samples;  // name{label="value",…} as written → value
  std::vector<std::string> mistakes;

  explicit MetricsReader(std::string_view text) {
    if (!text.empty() && !text.ends_with('\n')) mistakes.emplace_back("no line feed at the end");
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      line(text.substr(0, end));
      if (end == text.npos) break;
      text.remove_prefix(end + 1);
    }
    for (const auto& [name, type] : types) {
      if (type == "counter" && !name.ends_with("_total")) bad("counter without _total", name);
      if (type != "counter" && name.ends_with("_total")) bad("_total that is no counter", name);
    }
    end_of_histogram();
  }

  double value(const std::string& sample) const {
    const auto found = samples.find(sample);
    return found == samples.end() ? std::nan("") : std::strtod(found->second.c_str(), nullptr);
  }

 private:
  void bad(std::string_view what, std::string_view where) {
    mistakes.push_back(std::string(what) + ": " + std::string(where));
  }

  static bool is_name(std::string_view s, bool colon) {
    if (s.empty()) return false;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char c = s[i];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                          (colon && c == ':') || (i > 0 && c >= '0' && c <= '9');
      if (!letter) return false;
    }
    return true;
  }

  void line(std::string_view l) {
    if (l.starts_with("# HELP ")) return help(l.substr(7));
    if (l.starts_with("# TYPE ")) return type(l.substr(7));
    if (l.starts_with('#') || l.empty()) return bad("a line that says nothing", l);
    sample(l);
  }

  void help(std::string_view l) {
    end_of_histogram();
    const std::size_t space = l.find(' ');
    current_ = l.substr(0, space);
    if (!is_name(current_, true)) bad("name", l);
    if (space == l.npos || space + 1 == l.size()) bad("empty HELP", l);
    if (!helped_.insert(current_).second) bad("HELP twice", l);
  }

  void type(std::string_view l) {
    const std::size_t space = l.find(' ');
    if (space == l.npos || l.substr(0, space) != current_) return bad("TYPE not behind HELP", l);
    const std::string kind(l.substr(space + 1));
    if (kind != "counter" && kind != "gauge" && kind != "histogram") bad("kind", l);
    if (!types.emplace(current_, kind).second) bad("TYPE twice", l);
  }

  void sample(std::string_view l) {
    const std::string_view whole = l;
    const std::size_t name_end = l.find_first_of("{ ");
    if (name_end == l.npos) return bad("no value", whole);
    const std::string name(l.substr(0, name_end));
    if (!is_name(name, true)) return bad("name", whole);
    l.remove_prefix(name_end);
    std::map<std::string, std::string> labels;
    std::size_t series_end = name_end;
    if (l.starts_with('{')) {
      if (!read_labels(l, labels)) return bad("labels", whole);
      series_end = whole.size() - l.size();
    }
    if (!l.starts_with(' ')) return bad("no space before the value", whole);
    l.remove_prefix(1);
    const std::string number(l);
    char* end = nullptr;
    const double v = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || number.find(' ') != number.npos) bad("value", whole);
    const std::string series(whole.substr(0, series_end));
    if (!samples.emplace(series, number).second) bad("series twice", whole);
    check_place(name, labels, v, whole);
  }

  static bool read_labels(std::string_view& l, std::map<std::string, std::string>& labels) {
    do {
      l.remove_prefix(1);  // the brace or the comma
      const std::size_t equals = l.find("=\"");
      if (equals == l.npos) return false;
      const std::string name(l.substr(0, equals));
      if (!is_name(name, false) || name.starts_with("__")) return false;
      l.remove_prefix(equals + 2);
      std::string value;
      while (!l.empty() && l.front() != '"') {
        if (l.front() == '\\') {
          if (l.size() < 2) return false;
          const char c = l[1];
          if (c != '\\' && c != '"' && c != 'n') return false;
          value += c == 'n' ? '\n' : c;
          l.remove_prefix(2);
        } else {
          value += l.front();
          l.remove_prefix(1);
        }
      }
      if (l.empty()) return false;
      l.remove_prefix(1);
      if (!labels.emplace(name, value).second) return false;
    } while (l.starts_with(','));
    if (!l.starts_with('}')) return false;
    l.remove_prefix(1);
    return true;
  }

  // The sample belongs to the metric announced last; buckets rise up to +Inf, which is the count.
  void check_place(const std::string& name, std::map<std::string, std::string> labels, double v,
                   std::string_view whole) {
    const auto found = types.find(current_);
    if (found == types.end()) return bad("sample before TYPE", whole);
    if (found->second != "histogram") {
      if (name != current_) bad("sample away from its metric", whole);
      if (labels.contains("le")) bad("le outside a histogram", whole);
      if (found->second == "counter" && (v < 0 || std::isnan(v))) bad("counter value", whole);
      return;
    }
    std::string rest;
    for (const auto& [n, value] : labels) {
      if (n != "le") rest += n + "=" + value + ";";
    }
    Buckets& b = histogram_[rest];
    if (name == current_ + "_bucket") {
      if (!labels.contains("le")) return bad("bucket without le", whole);
      const double bound = std::strtod(labels["le"].c_str(), nullptr);
      if (bound <= b.bound || v < b.value) bad("buckets must rise", whole);
      b.bound = bound;
      b.value = v;
    } else if (name == current_ + "_sum") {
      b.has_sum = true;
    } else if (name == current_ + "_count") {
      b.count = v;
    } else {
      bad("sample away from its metric", whole);
    }
  }

  void end_of_histogram() {
    for (const auto& [labels, b] : histogram_) {
      if (!b.has_sum || !std::isinf(b.bound) || b.count != b.value) bad("histogram", current_);
    }
    histogram_.clear();
  }

  struct Buckets {
    double bound = -1;
    double value = 0;
    double count = -1;
    bool has_sum = false;
  };
  std::string current_;
  std::set<std::string> helped_;
  std::map<std::string, Buckets> histogram_;
};
