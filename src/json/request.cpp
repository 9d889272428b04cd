#include "json/request.h"

#include <algorithm>

#include "json/keys.h"
#include "json/text.h"

namespace penstock::json {
namespace {

constexpr std::size_t param_bytes_max = 64;
constexpr std::size_t integer_digits_max = 20;

constexpr bool is_control(char c) {
  return (c >= 0 && c < 0x20) || c == 0x7f;
}

constexpr auto model_chars = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : Bytes("._:/@+-")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
constexpr bool is_model_char(char c) {
  return model_chars[static_cast<unsigned char>(c)];
}

// An unsigned integer without fraction and exponent, within [low, high].
std::optional<std::uint32_t> integer(Bytes digits, std::uint32_t low, std::uint32_t high) {
  if (digits.size() > integer_digits_max) return {};
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
    if (value > high) return {};
  }
  if (value < low) return {};
  return static_cast<std::uint32_t>(value);
}

// One request being read. Every method steps over exactly one value.
class Reader {
 public:
  Reader(Bytes body, Walk& walk, const RequestRules& rules, Facts& facts)
      : body_(body), walk_(walk), rules_(rules), facts_(facts) {}

  bool root() {
    if (!walk_.members<true>([this](const Key& key) { return member(key); })) {
      if (walk_.error().code == Code::duplicate_field) {
        facts_.param = clipped(walk_.duplicate());
      }
      return false;
    }
    if (twice_) {
      facts_.param = clipped(walk_.raw_key(*twice_));
      return walk_.fail(Code::duplicate_field);
    }
    facts_.root = walk_.last();
    if (!walk_.at_end() || walk_.values() - token_numbers_ > values_max) {
      return walk_.fail(Code::invalid_json);
    }
    if (facts_.model.empty() && rules_.model_required) return missing("model");
    if (rules_.endpoint == Endpoint::chat && !facts_.has_messages) return missing("messages");
    if (rules_.endpoint == Endpoint::embeddings && facts_.input == InputKind::none) {
      return missing("input");
    }
    return true;
  }

 private:
  bool member(const Key& key) {
    const std::uint32_t begin = walk_.place(key);
    if (cut_last_) facts_.cuts[facts_.cut_count - 1u].next = begin;
    cut_last_ = false;
    const Field field = field_of(key.name);
    if (!note(field, key)) return walk_.fail(Code::invalid_json);
    const bool extension = field >= Field::models && field <= Field::tags;
    if (field == Field::steering && !rules_.drop_steering) {
      facts_.param = clipped(walk_.raw_key(begin));
      return walk_.fail(Code::unknown_field);
    }
    if (!read(field)) return false;
    if (extension || field == Field::steering) {
      if (facts_.cut_count == Facts::cuts_max) return walk_.fail(Code::unknown_field);
      facts_.cuts[facts_.cut_count++] = {begin, span_.end, 0, previous_end_};
      cut_last_ = true;
    } else {
      ++facts_.kept;
    }
    previous_end_ = span_.end;
    return true;
  }

  // No member may come twice. Those we know have a bit, all others are told apart by the walk.
  bool note(Field field, const Key& key) {
    if (field == Field::other || field == Field::steering) return walk_.mark(key);
    const std::uint32_t bit = std::uint32_t{1} << static_cast<unsigned>(field);
    if ((seen_ & bit) != 0 && !twice_) twice_ = walk_.place(key);
    seen_ |= bit;
    return true;
  }

  // Reads the value of one member; `span_` is then where it stood.
  bool read(Field field) {
    switch (field) {
      case Field::model:
        return model();
      case Field::messages:
        return messages();
      case Field::input:
        return input("input");
      case Field::prompt:  // of Responses: an object
        return rules_.endpoint == Endpoint::other ? other() : input("prompt");
      case Field::stream:
        return stream();
      case Field::stream_options:
        return stream_options();
      case Field::max_tokens:
        return number("max_tokens", 0, INT32_MAX, facts_.max_tokens);
      case Field::max_completion_tokens:
        return number("max_completion_tokens", 0, INT32_MAX, facts_.max_completion_tokens);
      case Field::n:
        return number("n", 1, 128, facts_.n);
      case Field::user:
        return plain_text("user", facts_.user);
      case Field::session_id:
        return plain_text("session_id", facts_.session_id);
      case Field::metadata:
        return metadata();
      case Field::tools:
        return tools(&facts_.tools);
      case Field::functions:
        return tools(nullptr);
      case Field::models:
        return container("models", "[", facts_.models);
      case Field::fallbacks:
        return container("fallbacks", "[", facts_.fallbacks);
      case Field::provider:
        return container("provider", "{", facts_.provider);
      case Field::cache:
        return container("cache", "{", facts_.cache);
      case Field::tags:
        return container("tags", "[{\"", facts_.tags);
      case Field::steering:
      case Field::other:
        break;
    }
    return other();
  }

  // Unknown members: scalars are judged, since they stand at the top level; containers pass.
  bool other() {
    const char first = walk_.peek();
    const bool opens = first == '{' || first == '[';
    if (!(opens ? walk_.pass() : walk_.judge())) return false;
    return took(walk_.value().span);
  }

  bool model() {
    if (!walk_.judge()) return false;
    const Value& value = walk_.value();
    if (!value.is_string() || value.controls) return bad("model");
    Bytes name = value.inside().in(body_);
    // An escape is at most six times as long as what it stands for.
    if (name.empty() || name.size() > 6 * model_bytes_max) return bad("model");
    if (value.escaped) {
      std::array<char, 6 * model_bytes_max> room;
      const std::size_t bytes = unescape_string(name, room.data());
      if (bytes > model_bytes_max) return bad("model");
      std::copy_n(room.data(), bytes, facts_.model_unescaped.data());
      facts_.model_unescaped_bytes = static_cast<std::uint16_t>(bytes);
      name = {facts_.model_unescaped.data(), bytes};
    }
    if (name.size() > model_bytes_max) return bad("model");
    if (!std::all_of(name.begin(), name.end(), is_model_char)) {
      if (holds_controls(value)) return bad("model");
      facts_.param = "model";
      return walk_.fail(Code::model_not_found);
    }
    facts_.model = value.span;
    return took(value.span);
  }

  bool messages() {
    if (!walk_.pass()) return false;
    const Value& value = walk_.value();
    if (!value.is_array() || value.elements > messages_max) return bad("messages");
    facts_.messages = value.elements;
    facts_.has_messages = true;
    return took(value.span);
  }

  bool input(Bytes name) {
    const std::uint32_t numbers = walk_.array_numbers();
    InputKind kind = InputKind::other;
    if (walk_.peek() == '"') {
      kind = InputKind::text;
    } else if (walk_.peek() == '[') {
      const char first = walk_.peek_inside();
      if (first == '"')
        kind = InputKind::texts;
      else if (first == '[')
        kind = InputKind::token_lists;
      else if (first >= '0' && first <= '9')
        kind = InputKind::tokens;
    } else if (walk_.peek() == 'n') {
      kind = InputKind::none;
    }
    if (!(kind == InputKind::text ? walk_.judge() : walk_.pass())) return false;
    const Value& value = walk_.value();
    if (kind == InputKind::other && !value.is_array()) return bad(name);
    token_numbers_ += walk_.array_numbers() - numbers;
    facts_.input = kind;
    facts_.inputs = kind == InputKind::text ? 1 : value.elements;
    return took(value.span);
  }

  bool stream() {
    if (!walk_.judge()) return false;
    const Value& value = walk_.value();
    if (!value.is_true() && !value.is_false() && !value.is_null()) return bad("stream");
    facts_.stream = value.is_true();
    return took(value.span);
  }

  bool stream_options() {
    if (walk_.peek() != '{') {
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      if (!value.is_null()) return bad("stream_options");
      facts_.stream_options = value.span;
      return took(value.span);
    }
    const bool sound = walk_.members([this](const Key& key) {
      const bool wanted = key.name == "include_usage";
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      if (!wanted) return true;
      if (!value.is_true() && !value.is_false() && !value.is_null()) {
        return bad("stream_options.include_usage");
      }
      facts_.include_usage = value.is_true();
      facts_.include_usage_value = value.span;
      return true;
    });
    facts_.stream_options = walk_.last();
    return sound && took(walk_.last());
  }

  bool number(Bytes name, std::uint32_t low, std::uint32_t high,
              std::optional<std::uint32_t>& out) {
    // Judged as an integer below, which a number too long or too large never is.
    if (!walk_.pass()) return false;
    const Value& value = walk_.value();
    if (value.is_null()) return took(value.span);
    if (!value.is_number()) return bad(name);
    out = integer(value.span.in(body_), low, high);
    if (!out) return bad(name);
    return took(value.span);
  }

  // A string that names somebody or something: free of controls.
  bool plain_text(Bytes name, Span& out) {
    if (!walk_.judge()) return false;
    const Value& value = walk_.value();
    if (value.is_null()) return took(value.span);
    if (!value.is_string() || holds_controls(value)) return bad(name);
    out = value.span;
    return took(value.span);
  }

  bool metadata() {
    if (walk_.peek() != '{') {
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      if (!value.is_null()) return bad("metadata");
      return took(value.span);
    }
    const bool sound = walk_.members([this](const Key& key) {
      if (std::any_of(key.name.begin(), key.name.end(), is_control)) {
        return bad("metadata");
      }
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      static_cast<void>(value);
      return true;
    });
    facts_.metadata = walk_.last();
    return sound && took(walk_.last());
  }

  bool tools(Span* out) {
    if (!walk_.pass()) return false;
    const Value& value = walk_.value();
    if (value.is_array() && value.elements > 0) facts_.has_tools = true;
    if (value.is_array() && out != nullptr) *out = value.span;
    return took(value.span);
  }

  // A value that starts with one of `kinds`, or null.
  bool container(Bytes name, Bytes kinds, Span& out) {
    if (!walk_.judge()) return false;
    const Value& value = walk_.value();
    if (value.is_null()) return took(value.span);
    if (kinds.find(value.first) == Bytes::npos) return bad(name);
    out = value.span;
    return took(value.span);
  }

  // Raw ones below U+0020 can not be: that leaves DEL.
  bool holds_controls(const Value& text) const {
    return text.controls || text.inside().in(body_).find('\x7f') != Bytes::npos;
  }
  bool took(Span span) {
    span_ = span;
    return true;
  }
  bool bad(Bytes name) {
    facts_.param = name;
    return walk_.fail(Code::invalid_value);
  }
  bool missing(Bytes name) {
    facts_.param = name;
    return walk_.fail(Code::missing_field);
  }
  static Bytes clipped(Bytes name) { return name.substr(0, param_bytes_max); }

  Bytes body_;
  Walk& walk_;
  const RequestRules& rules_;
  Facts& facts_;
  Span span_;                           // of the value read last
  std::uint32_t previous_end_ = 0;      // of the value before this member; 0: there is none
  std::uint32_t token_numbers_ = 0;     // numbers inside `input` and `prompt`
  std::uint32_t seen_ = 0;              // members met so far, one bit each
  std::optional<std::uint32_t> twice_;  // where one of them stands again
  bool cut_last_ = false;               // the member before this one is cut
};

}  // namespace

bool read_request(Bytes body, Walk& walk, const RequestRules& rules, Facts& facts) {
  return Reader(body, walk, rules, facts).root();
}

}  // namespace penstock::json
