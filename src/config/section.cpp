#include "config/section.h"

#include <algorithm>

#include "config/secret_file.h"
#include "penstock/assert.h"

namespace penstock::config {
namespace {

std::string quoted(std::string_view word) {
  return "'" + std::string(word) + "'";
}

std::vector<std::string_view> split(std::string_view choices) {
  std::vector<std::string_view> words;
  while (!choices.empty()) {
    const std::size_t end = choices.find('|');
    words.push_back(choices.substr(0, end));
    choices.remove_prefix(end == std::string_view::npos ? choices.size() : end + 1);
  }
  return words;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

// Printable ASCII without quote and backslash, so that it can stand in JSON and in a log as it is.
bool is_plain_text(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

// What may stand in a header value as a credential.
bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string bound(Kind kind, std::int64_t value) {
  switch (kind) {
    case Kind::size:
    case Kind::memory:
      return write_size(static_cast<std::uint64_t>(value));
    case Kind::duration:
    case Kind::off_duration:
      return write_duration({value});
    default:
      return std::to_string(value);
  }
}

}  // namespace

Section::Section(Reading& reading, const SchemaNode& schema, const YamlNode* node, std::string path,
                 Mark mark)
    : reading_(&reading), schema_(&schema), node_(node), path_(std::move(path)), mark_(mark) {
  if (schema.row != nullptr) reading.used.insert(schema.row);
  if (node_ == nullptr || node_->kind == YamlNode::Kind::null) {
    node_ = nullptr;
  } else if (node_->kind != YamlNode::Kind::map) {
    reading_->mistake(node_->mark, path_, "must hold settings; write 'name: value' lines below it");
    node_ = nullptr;
  } else {
    check_keys();
  }
}

void Section::check_keys() const {
  std::vector<std::string_view> known;
  for (const SchemaNode& child : schema_->children) {
    if (child.row->kind != Kind::later) known.push_back(child.name);
  }
  for (const YamlNode::Entry& entry : node_->entries) {
    const SchemaNode* child = schema_->find(entry.key);
    if (child == nullptr) {
      std::string what = "is not a setting; ";
      if (const auto meant = reading_->guess(entry.key, known)) {
        what += "did you mean " + quoted(*meant) + "?";
      } else {
        what += "the settings here are " + joined(known);
      }
      reading_->mistake(entry.mark, path(entry.key), std::move(what));
    } else if (child->row->kind == Kind::later) {
      reading_->mistake(entry.mark, path(entry.key), "is not available in this version; remove it");
    }
  }
}

Mark Section::mark(std::string_view name) const {
  const YamlNode::Entry* entry = node_ == nullptr ? nullptr : node_->find(name);
  return entry == nullptr ? mark_ : entry->value.mark;
}

std::string Section::path(std::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string(name) : path_ + '.' + std::string(name);
}

void Section::mistake(std::string_view name, std::string what) const {
  reading_->mistake(mark(name), path(name), std::move(what));
}

const SchemaNode& Section::schema_of(std::string_view name) const {
  const SchemaNode* child = schema_->find(name);
  PENSTOCK_ASSERT(child != nullptr);
  reading_->used.insert(child->row);
  return *child;
}

const Row& Section::row_of(std::string_view name, std::initializer_list<Kind> kinds) const {
  const Row& row = *schema_of(name).row;
  PENSTOCK_ASSERT(std::ranges::find(kinds, row.kind) != kinds.end());
  return row;
}

const YamlNode* Section::value_of(std::string_view name) const {
  const YamlNode::Entry* entry = node_ == nullptr ? nullptr : node_->find(name);
  return entry == nullptr || entry->value.kind == YamlNode::Kind::null ? nullptr : &entry->value;
}

Section Section::section(std::string_view name) const {
  const SchemaNode& schema = schema_of(name);
  PENSTOCK_ASSERT(schema.row->kind == Kind::section);
  const YamlNode::Entry* entry = node_ == nullptr ? nullptr : node_->find(name);
  return {*reading_, schema, entry == nullptr ? nullptr : &entry->value, path(name),
          entry == nullptr ? mark_ : entry->mark};
}

// The list or mapping under `name`, or null. Reports one that is required and missing or empty.
const YamlNode* Section::collection_of(std::string_view name, YamlNode::Kind kind,
                                       std::string_view advice) const {
  const Row& row = *schema_of(name).row;
  const YamlNode* value = value_of(name);
  if (value != nullptr && value->kind != kind) {
    mistake(name, std::string(advice));
    return nullptr;
  }
  if (row.required && (value == nullptr || (value->items.empty() && value->entries.empty()))) {
    mistake(name, "is missing or empty; write at least one");
    return nullptr;
  }
  return value;
}

std::vector<Section::Named> Section::named(std::string_view name) const {
  row_of(name, {Kind::named});
  std::vector<Named> sections;
  const YamlNode* map = collection_of(name, YamlNode::Kind::map,
                                      "must hold names; write 'name: {...}' lines below it");
  if (map == nullptr) return sections;
  const SchemaNode& schema = *schema_of(name).find("*");
  for (const YamlNode::Entry& entry : map->entries) {
    const std::string child_path = path(name) + '.' + entry.key;
    sections.push_back(
        {entry.key, entry.mark, Section(*reading_, schema, &entry.value, child_path, entry.mark)});
  }
  return sections;
}

std::vector<Section> Section::list(std::string_view name) const {
  row_of(name, {Kind::list});
  std::vector<Section> sections;
  const YamlNode* list =
      collection_of(name, YamlNode::Kind::list, "must be a list; write [{...}, {...}]");
  if (list == nullptr) return sections;
  const SchemaNode& item_schema = *schema_of(name).find("[]");
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& item = list->items[i];
    const std::string child_path = path(name) + '[' + std::to_string(i) + ']';
    sections.emplace_back(*reading_, item_schema, &item, child_path, item.mark);
  }
  return sections;
}

// The text of a scalar with variables replaced.
std::optional<std::string> Section::expanded(const YamlNode& node, const std::string& path) const {
  return expanded(node, path, reading_->environment);
}

std::optional<std::string> Section::expanded(const YamlNode& node, const std::string& path,
                                             const Environment& environment) const {
  if (node.kind != YamlNode::Kind::scalar) {
    reading_->mistake(node.mark, path, "must be a single value");
    return std::nullopt;
  }
  auto text = expand(node.text, environment);
  if (text) return std::move(*text);
  reading_->mistake(node.mark, path, text.error());
  return std::nullopt;
}

// The file's value of a setting, or else its default. Nothing when it has neither or is no scalar.
std::optional<Section::Scalar> Section::scalar(std::string_view name, const Row& row) const {
  const YamlNode* value = value_of(name);
  if (value != nullptr) {
    auto text = expanded(*value, path(name));
    if (!text) return std::nullopt;
    return Scalar{std::move(*text), value->text, value->mark};
  }
  if (row.required) mistake(name, "is missing: " + std::string(row.about));
  if (row.fallback.empty()) return std::nullopt;
  return Scalar{std::string(row.fallback), std::string(row.fallback), mark_};
}

bool Section::in_bounds(const Row& row, const Scalar& scalar, std::int64_t value) const {
  if (row.high == 0 || (value >= row.low && value <= row.high)) return true;
  reading_->mistake(scalar.mark, path(row.path.substr(row.path.rfind('.') + 1)),
                    quoted(scalar.shown) + " is out of bounds; write a value from " +
                        bound(row.kind, row.low) + " to " + bound(row.kind, row.high));
  return false;
}

// Parses the value. A wrong one is reported and gives nothing.
template <class T>
std::optional<T> Section::parsed(std::string_view name, const Row& row,
                                 Parsed<T> (*parse)(std::string_view)) const {
  const auto given = scalar(name, row);
  if (!given) return std::nullopt;
  auto value = parse(given->text);
  if (!value) {
    mistake(name, quoted(given->shown) + " " + value.error());
    return std::nullopt;
  }
  if constexpr (std::is_same_v<T, Duration>) {
    if (!in_bounds(row, *given, value->ns)) return std::nullopt;
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    const auto most = static_cast<std::uint64_t>(INT64_MAX);
    if (!in_bounds(row, *given, static_cast<std::int64_t>(std::min(*value, most)))) {
      return std::nullopt;
    }
  }
  return std::move(*value);
}

std::string Section::text(std::string_view name) const {
  const Row& row = row_of(name, {Kind::text, Kind::name, Kind::path, Kind::log});
  const auto given = scalar(name, row);
  if (!given) return {};
  constexpr std::size_t text_max = 1024;
  if (given->text.empty() || given->text.size() > text_max || !is_plain_text(given->text)) {
    mistake(name, "must be 1 to 1024 printable ASCII characters without quotes and backslashes");
    return {};
  }
  return given->text;
}

std::vector<std::string> Section::names(std::string_view name) const {
  row_of(name, {Kind::names});
  std::vector<std::string> result;
  const YamlNode* list =
      collection_of(name, YamlNode::Kind::list, "must be a list; write [name, name]");
  if (list == nullptr) return result;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    auto text = expanded(list->items[i], path(name) + '[' + std::to_string(i) + ']');
    if (text) result.push_back(std::move(*text));
  }
  return result;
}

// Text or the content of a file. The mistakes never hold any of it.
std::optional<Secret> Section::secret_of(const YamlNode& node, const std::string& path) const {
  auto text = expanded(node, path, reading_->secret_environment);
  if (!text) return std::nullopt;
  Parsed<Secret> secret = text->starts_with("file:") ? read_secret_file(text->substr(5))
                                                     : Parsed<Secret>{Secret(*text)};
  wipe(text->data(), text->size());
  if (secret && secret->empty()) {
    secret = std::unexpected("is empty; write the secret, ${NAME} or file:/path");
  } else if (secret && !is_visible_ascii(secret->reveal())) {
    secret = std::unexpected(
        "has blanks, line breaks or characters outside ASCII; check for a "
        "copying mistake");
  }
  if (secret) return std::move(*secret);
  reading_->mistake(node.mark, path, secret.error());
  return std::nullopt;
}

Secret Section::secret(std::string_view name) const {
  const Row& row = row_of(name, {Kind::secret});
  if (const YamlNode* value = value_of(name)) {
    auto secret = secret_of(*value, path(name));
    return secret ? std::move(*secret) : Secret{};
  }
  if (row.required) mistake(name, "is missing: " + std::string(row.about));
  return {};
}

std::vector<Secret> Section::secrets(std::string_view name) const {
  row_of(name, {Kind::secrets});
  std::vector<Secret> result;
  const YamlNode* list =
      collection_of(name, YamlNode::Kind::list, "must be a list; write [\"${NAME}\"]");
  if (list == nullptr) return result;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    auto secret = secret_of(list->items[i], path(name) + '[' + std::to_string(i) + ']');
    if (secret) result.push_back(std::move(*secret));
  }
  return result;
}

std::optional<Secret> Section::key_file(std::string_view name) const {
  row_of(name, {Kind::key_file});
  const YamlNode* value = value_of(name);
  if (value == nullptr) return std::nullopt;
  auto text = expanded(*value, path(name), reading_->secret_environment);
  if (!text) return std::nullopt;
  Parsed<Secret> content = std::unexpected("is not file:/path; write where the file is");
  if (text->starts_with("file:")) content = read_secret_file(text->substr(5));
  wipe(text->data(), text->size());
  if (content) return std::move(*content);
  mistake(name, content.error());
  return std::nullopt;
}

bool Section::flag(std::string_view name) const {
  return parsed(name, row_of(name, {Kind::flag}), parse_flag).value_or(false);
}

std::uint32_t Section::count(std::string_view name) const {
  const Row& row = row_of(name, {Kind::count});
  PENSTOCK_ASSERT(row.high > 0 && row.high <= UINT32_MAX);
  return static_cast<std::uint32_t>(parsed(name, row, parse_count).value_or(0));
}

std::uint64_t Section::size(std::string_view name) const {
  const Row& row = row_of(name, {Kind::size, Kind::memory});
  if (row.kind == Kind::size) return parsed(name, row, parse_size).value_or(0);
  const auto given = scalar(name, row);
  if (!given || !given->text.ends_with('%')) return parsed(name, row, parse_size).value_or(0);
  const auto percent = parse_percent(given->text);
  if (!percent || *percent == 0) {
    mistake(name, quoted(given->shown) + " is not a percentage; write 1% to 100%");
    return 0;
  }
  return reading_->memory_bytes / 100 * *percent;
}

std::optional<Duration> Section::duration(std::string_view name) const {
  const Row& row = row_of(name, {Kind::duration, Kind::off_duration});
  if (row.kind == Kind::off_duration) {
    const YamlNode* value = value_of(name);
    if (value != nullptr && value->text == "off") return Duration{};
  }
  return parsed(name, row, parse_duration);
}

std::optional<std::size_t> Section::choice(std::string_view name) const {
  const Row& row = row_of(name, {Kind::choice});
  const auto given = scalar(name, row);
  if (!given) return std::nullopt;
  const auto words = split(row.choices);
  const auto found = std::ranges::find(words, given->text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto later = split(row.later);
  std::string what = quoted(given->shown);
  if (std::ranges::find(later, given->text) != later.end()) {
    what += " is not available in this version; ";
  } else {
    what += " is not known here; ";
    if (const auto meant = reading_->guess(given->text, words)) {
      what += "did you mean " + quoted(*meant) + "? ";
    }
  }
  mistake(name, what + "write one of " + joined(words));
  return std::nullopt;
}

std::optional<ListenAddress> Section::address(std::string_view name) const {
  return parsed(name, row_of(name, {Kind::address}), parse_address);
}

std::optional<BaseUrl> Section::url(std::string_view name) const {
  const Row& row = row_of(name, {Kind::url});
  const auto given = scalar(name, row);
  if (!given) return std::nullopt;
  auto url = parse_base_url(given->text);
  if (url) return std::move(*url);
  // The text is not repeated: it may hold a password.
  mistake(name, url.error());
  return std::nullopt;
}

std::int64_t Section::date(std::string_view name) const {
  return parsed(name, row_of(name, {Kind::date}), parse_date).value_or(0);
}

std::vector<std::uint16_t> Section::cpus(std::string_view name) const {
  row_of(name, {Kind::cpus});
  constexpr std::uint64_t cpu_max = 4095;
  constexpr auto advice = "write auto, or a list of CPU numbers such as [0, 1], each once";
  const YamlNode* value = value_of(name);
  std::vector<std::uint16_t> result;
  if (value == nullptr) return result;
  if (value->kind != YamlNode::Kind::list) {
    const auto text = expanded(*value, path(name));
    if (text && *text != "auto")
      mistake(name, quoted(value->text) + " does not say which CPUs; " + advice);
    return result;
  }
  if (value->items.empty()) mistake(name, std::string("is an empty list; ").append(advice));
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const auto text = expanded(value->items[i], path(name));
    if (!text) continue;
    const auto cpu = parse_count(*text);
    if (!cpu || *cpu > cpu_max || std::ranges::find(result, *cpu) != result.end()) {
      reading_->mistake(value->items[i].mark, path(name),
                        quoted(value->items[i].text) + " is wrong; " + advice);
      continue;
    }
    result.push_back(static_cast<std::uint16_t>(*cpu));
  }
  return result;
}

}  // namespace penstock::config
