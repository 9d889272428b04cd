#include "telemetry/metric_page.h"

#include <charconv>

#include "telemetry/utf8.h"

namespace penstock {
namespace {

constexpr std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

// Backslash and line feed are escaped everywhere, the quote in label values only. One byte that is
// not UTF-8 would make a scraper refuse the whole page, so it is replaced.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    if (c.bytes == 0) {
      out += replacement_character;
    } else if (c.point == '\\') {
      out += "\\\\";
    } else if (c.point == '\n') {
      out += "\\n";
    } else if (c.point == '"' && quoted) {
      out += "\\\"";
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
}

}  // namespace

void MetricPage::head(const MetricInfo& info) {
  out_ += "# HELP ";
  out_ += info.name;
  out_ += ' ';
  append_escaped(out_, info.help, false);
  out_ += "\n# TYPE ";
  out_ += info.name;
  out_ += ' ';
  out_ += type_name(info.type);
  out_ += '\n';
}

void MetricPage::label(const MetricLabel& label, bool& first) {
  if (label.value.empty()) return;
  out_ += first ? '{' : ',';
  first = false;
  out_ += label.name;
  out_ += "=\"";
  append_escaped(out_, label.value, true);
  out_ += '"';
}

void MetricPage::name_and_labels(const MetricInfo& info, std::string_view suffix,
                                 std::initializer_list<MetricLabel> labels,
                                 std::string_view bound) {
  out_ += info.name;
  out_ += suffix;
  bool first = true;
  for (const MetricLabel& l : labels) label(l, first);
  label({"le", bound}, first);
  if (!first) out_ += '}';
  out_ += ' ';
}

void MetricPage::number(std::uint64_t value) {
  char text[20];
  out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void MetricPage::sample(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
                        std::uint64_t value) {
  name_and_labels(info, {}, labels);
  number(value);
  out_ += '\n';
}

void MetricPage::sample(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
                        std::int64_t value) {
  name_and_labels(info, {}, labels);
  if (value < 0) out_ += '-';
  number(value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                   : static_cast<std::uint64_t>(value));
  out_ += '\n';
}

void MetricPage::histogram(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
                           const HistogramSum& values, std::span<const MetricBound> bounds) {
  for (const MetricBound& bound : bounds) {
    name_and_labels(info, "_bucket", labels, bound.text);
    number(values.count_up_to(bound.ns));
    out_ += '\n';
  }
  name_and_labels(info, "_bucket", labels, "+Inf");
  number(values.count());
  out_ += '\n';

  name_and_labels(info, "_sum", labels);
  number(values.sum_ns() / 1'000'000'000);
  // Nine digits behind the point: a leading 1 keeps the zeros.
  char fraction[10];
  std::to_chars(fraction, fraction + sizeof fraction,
                1'000'000'000 + values.sum_ns() % 1'000'000'000);
  fraction[0] = '.';
  out_.append(fraction, sizeof fraction);
  out_ += '\n';

  name_and_labels(info, "_count", labels);
  number(values.count());
  out_ += '\n';
}

}  // namespace penstock
