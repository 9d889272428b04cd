// The schema in two written forms: JSON Schema for editors, and the table of the documents.
#include <string>

#include "config/schema.h"
#include "config/value.h"
#include "penstock/config.h"

namespace penstock::config {
namespace {

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// Writes objects with two blanks of indentation a level.
class JsonWriter {
 public:
  void open(std::string_view key) {
    begin(key);
    out_ += '{';
    first_ = true;
    ++depth_;
  }
  void close() {
    --depth_;
    if (!first_) line();
    out_ += '}';
    first_ = false;
  }
  // `json` is written as it is.
  void member(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
  }
  std::string take() { return std::move(out_) + '\n'; }

 private:
  void line() {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
  }
  void begin(std::string_view key) {
    if (key.empty()) return;
    if (!first_) out_ += ',';
    line();
    out_ += json_text(key) + ": ";
    first_ = false;
  }

  std::string out_;
  bool first_ = true;
  int depth_ = 0;
};

// A variable may stand wherever text may; its value is not known to an editor.
constexpr std::string_view variable = R"({"type": "string", "pattern": "\\$\\{"})";

std::string pattern(std::string_view expression) {
  return R"({"type": "string", "pattern": )" + json_text(expression) + '}';
}

std::string any_of(std::initializer_list<std::string_view> schemas) {
  std::string text = "[";
  for (const std::string_view schema : schemas) {
    if (text.size() > 1) text += ", ";
    text += schema;
  }
  return text + ']';
}

std::string words_of(std::string_view choices) {
  std::string text = R"({"enum": [)";
  while (!choices.empty()) {
    const std::size_t end = choices.find('|');
    text += json_text(choices.substr(0, end));
    // Editors read a bare `off` as false (YAML 1.1).
    if (choices.substr(0, end) == "off") text += ", false";
    choices.remove_prefix(end == std::string_view::npos ? choices.size() : end + 1);
    if (!choices.empty()) text += ", ";
  }
  return text + "]}";
}

constexpr std::string_view size_pattern = "^[0-9]+(B|KiB|MiB|GiB)$";
constexpr std::string_view duration_pattern = "^[0-9]+(ms|s|m|h|d)$";

// The alternatives that a value of this row may take, as a JSON list; empty for plain text.
std::string alternatives(const Row& row) {
  switch (row.kind) {
    case Kind::flag:
      return any_of({R"({"type": "boolean"})", variable});
    case Kind::count:
      return any_of({R"({"type": "integer", "minimum": )" + std::to_string(row.low) +
                         R"(, "maximum": )" + std::to_string(row.high) + "}",
                     variable});
    case Kind::size:
      return any_of({pattern(size_pattern), variable});
    case Kind::memory:
      return any_of({pattern(size_pattern), pattern("^[0-9]+%$"), variable});
    case Kind::duration:
      return any_of({pattern(duration_pattern), variable});
    case Kind::off_duration:
      return any_of({pattern(duration_pattern), R"({"enum": ["off", false]})", variable});
    case Kind::choice:
      return any_of({words_of(row.choices), variable});
    case Kind::cpus:
      return any_of({R"({"enum": ["auto"]})",
                     R"({"type": "array", "items": {"type": "integer"}, "minItems": 1})",
                     variable});
    case Kind::log:
      return any_of({R"({"type": "string"})", R"({"enum": [false]})"});
    default:
      return {};
  }
}

void write_node(JsonWriter& json, const SchemaNode& node, std::string_view key);

void write_members(JsonWriter& json, const SchemaNode& node) {
  json.member("type", json_text("object"));
  json.member("additionalProperties", "false");
  std::string required;
  for (const SchemaNode& child : node.children) {
    if (child.row == nullptr || !child.row->required) continue;
    required += (required.empty() ? "" : ", ") + json_text(child.name);
  }
  if (!required.empty()) json.member("required", '[' + required + ']');
  json.open("properties");
  for (const SchemaNode& child : node.children) {
    if (child.row->kind != Kind::later) write_node(json, child, child.name);
  }
  json.close();
}

void write_node(JsonWriter& json, const SchemaNode& node, std::string_view key) {
  json.open(key);
  const Row* row = node.row;
  if (row == nullptr || row->kind == Kind::section) {
    if (row != nullptr) json.member("description", json_text(row->about));
    write_members(json, node);
    return json.close();
  }
  json.member("description", json_text(row->about));
  if (!row->fallback.empty()) json.member("default", json_text(row->fallback));
  const std::string any = alternatives(*row);
  if (!any.empty()) json.member("anyOf", any);
  switch (row->kind) {
    case Kind::named:
      json.member("type", json_text("object"));
      json.member("minProperties", "1");
      write_node(json, *node.find("*"), "additionalProperties");
      break;
    case Kind::list:
      json.member("type", json_text("array"));
      json.member("minItems", "1");
      write_node(json, *node.find("[]"), "items");
      break;
    case Kind::names:
    case Kind::secrets:
      json.member("type", json_text("array"));
      json.member("items", R"({"type": "string"})");
      break;
    case Kind::headers:
      json.member("type", json_text("object"));
      json.member("additionalProperties", R"({"type": "string"})");
      break;
    default:
      if (any.empty()) json.member("type", json_text("string"));
  }
  json.close();
}

std::string bounds(const Row& row) {
  if (row.high == 0) return {};
  const auto written = [&](std::int64_t value) {
    if (row.kind == Kind::count) return std::to_string(value);
    if (row.kind == Kind::size || row.kind == Kind::memory) {
      return write_size(static_cast<std::uint64_t>(value));
    }
    return write_duration({value});
  };
  return ", " + written(row.low) + " to " + written(row.high);
}

}  // namespace

std::string write_json_schema() {
  JsonWriter json;
  json.open("");
  json.member("$schema", json_text("https://json-schema.org/draft/2020-12/schema"));
  json.member("title", json_text("penstock.yaml"));
  write_members(json, schema_tree());
  json.close();
  return json.take();
}

std::string write_reference() {
  std::string text = "| setting | value | default | meaning |\n| --- | --- | --- | --- |\n";
  std::string later;
  for (const Row& row : schema_rows()) {
    if (row.kind == Kind::later) {
      later += (later.empty() ? "`" : ", `") + std::string(row.path) + '`';
      continue;
    }
    text += "| `" + std::string(row.path) + "` | ";
    if (row.kind == Kind::choice) {
      std::string words(row.choices);
      for (std::size_t i = 0; (i = words.find('|', i)) != std::string::npos; i += 5) {
        words.replace(i, 1, "`, `");
      }
      text += '`' + words + '`';
    } else {
      text += describe(row.kind);
    }
    text += bounds(row) + " | ";
    if (row.required) {
      text += "required";
    } else if (!row.fallback.empty()) {
      text += '`' + std::string(row.fallback) + '`';
    }
    text += " | " + std::string(row.about) + " |\n";
  }
  return text + "\nKnown, but not available in this version, and therefore refused: " + later +
         ".\n";
}

}  // namespace penstock::config
