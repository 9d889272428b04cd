#include "json/answer.h"

namespace penstock::json {
namespace {

// One answer being read. Members that the gateway does not read are only passed over.
class Reader {
 public:
  Reader(Bytes body, Walk& walk, AnswerFacts& facts) : body_(body), walk_(walk), facts_(facts) {}

  bool root() {
    const bool sound = walk_.members([this](const Key& key) {
      if (key.name == "id") return text(facts_.id);
      if (key.name == "model") return text(facts_.model);
      if (key.name == "usage") return usage();
      if (key.name == "error") return error();
      if (key.name == "choices") return choices();
      return walk_.pass();
    });
    return sound && walk_.at_end();
  }

 private:
  bool text(Span& out) {
    if (!walk_.judge()) return false;
    if (walk_.value().is_string()) out = walk_.value().span;
    return true;
  }

  bool usage() {
    if (walk_.peek() != '{') return walk_.pass();
    facts_.usage.present = true;
    Usage& to = facts_.usage;
    const bool sound = walk_.members([&](const Key& key) {
      if (key.name == "prompt_tokens") return count(to.prompt_tokens);
      if (key.name == "completion_tokens") return count(to.completion_tokens);
      if (key.name == "total_tokens") return count(to.total_tokens);
      if (walk_.peek() != '{') return walk_.pass();
      if (key.name == "prompt_tokens_details") return prompt_details();
      if (key.name == "completion_tokens_details") return completion_details();
      return walk_.pass();
    });
    facts_.usage_object = walk_.last();
    return sound;
  }

  bool prompt_details() {
    return walk_.members([&](const Key& key) {
      if (key.name == "cached_tokens") return count(facts_.usage.cached_tokens);
      if (key.name == "cache_write_tokens") return count(facts_.usage.cache_write_tokens);
      return walk_.pass();
    });
  }

  bool completion_details() {
    return walk_.members([&](const Key& key) {
      if (key.name == "reasoning_tokens") return count(facts_.usage.reasoning_tokens);
      return walk_.pass();
    });
  }

  // null counts as missing: providers send it for figures they do not have.
  bool count(Count& out) {
    if (!walk_.pass()) return false;
    const Value& value = walk_.value();
    out = {};
    if (value.is_null()) return true;
    out.state = Count::State::bad;
    if (!value.is_number()) return true;
    std::uint64_t sum = 0;
    for (const char c : value.span.in(body_)) {
      if (c < '0' || c > '9') return true;
      sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
      if (sum > tokens_counted_max) return true;
    }
    out = {Count::State::present, static_cast<std::uint32_t>(sum)};
    return true;
  }

  bool error() {
    if (walk_.peek() != '{') {
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      const bool zero =
          value.is_number() && value.span.in(body_).find_first_of("123456789") == Bytes::npos;
      const bool empty = value.is_string() && value.span.size() == 2;
      if (value.is_null() || value.is_false() || zero || empty) return true;
      facts_.error = value.span;
      if (value.is_string()) facts_.error_message = value.span;
      return true;
    }
    const bool sound = walk_.members([this](const Key& key) {
      if (key.name == "message") return text(facts_.error_message);
      if (key.name == "type") return text(facts_.error_type);
      if (key.name == "param") return text(facts_.error_param);
      if (key.name != "code") return walk_.pass();
      if (!walk_.judge()) return false;
      const Value& value = walk_.value();
      if (value.is_string() || value.is_number()) facts_.error_code = value.span;
      return true;
    });
    facts_.error = walk_.last();
    return sound;
  }

  bool choices() {
    if (walk_.peek() != '[') return walk_.pass();
    facts_.has_choices = true;
    return walk_.elements([this](std::uint32_t index) {
      facts_.choices = index + 1;
      return index == 0 && walk_.peek() == '{' ? first_choice() : walk_.pass();
    });
  }

  bool first_choice() {
    return walk_.members([this](const Key& key) {
      return key.name == "finish_reason" ? text(facts_.finish_reason) : walk_.pass();
    });
  }

  Bytes body_;
  Walk& walk_;
  AnswerFacts& facts_;
};

}  // namespace

bool read_answer(Bytes body, Walk& walk, AnswerFacts& facts) {
  return Reader(body, walk, facts).root();
}

}  // namespace penstock::json
