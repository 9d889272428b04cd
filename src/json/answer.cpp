#include "json/answer.h"

namespace penstock::json {
namespace {

// One answer being read. Members that the gateway does not read are only passed over.
class Reader {
 public:
  Reader(Bytes body, Walk& walk, AnswerFacts& facts) : body_(body), walk_(walk), facts_(facts) {}

  Result<> root() {
    PENSTOCK_CHECK(walk_.members([this](const Key& key) -> Result<> {
      if (key.name == "id") return text(facts_.id);
      if (key.name == "model") return text(facts_.model);
      if (key.name == "usage") return usage();
      if (key.name == "error") return error();
      if (key.name == "choices") return choices();
      return pass();
    }));
    if (!walk_.at_end()) return fail(Code::malformed, Side::upstream);
    return {};
  }

 private:
  Result<> pass() {
    PENSTOCK_TRY(value, walk_.pass());
    static_cast<void>(value);
    return {};
  }

  Result<> text(Span& out) {
    PENSTOCK_TRY(value, walk_.judge());
    if (value.is_string()) out = value.span;
    return {};
  }

  Result<> usage() {
    if (walk_.peek() != '{') return pass();
    facts_.usage.present = true;
    Usage& to = facts_.usage;
    PENSTOCK_CHECK(walk_.members([&](const Key& key) -> Result<> {
      if (key.name == "prompt_tokens") return count(to.prompt_tokens);
      if (key.name == "completion_tokens") return count(to.completion_tokens);
      if (key.name == "total_tokens") return count(to.total_tokens);
      if (walk_.peek() != '{') return pass();
      if (key.name == "prompt_tokens_details") return prompt_details();
      if (key.name == "completion_tokens_details") return completion_details();
      return pass();
    }));
    return {};
  }

  Result<> prompt_details() {
    PENSTOCK_CHECK(walk_.members([&](const Key& key) -> Result<> {
      if (key.name == "cached_tokens") return count(facts_.usage.cached_tokens);
      if (key.name == "cache_write_tokens") return count(facts_.usage.cache_write_tokens);
      return pass();
    }));
    return {};
  }

  Result<> completion_details() {
    PENSTOCK_CHECK(walk_.members([&](const Key& key) -> Result<> {
      if (key.name == "reasoning_tokens") return count(facts_.usage.reasoning_tokens);
      return pass();
    }));
    return {};
  }

  // null counts as missing: providers send it for figures they do not have.
  Result<> count(Count& out) {
    PENSTOCK_TRY(value, walk_.pass());
    if (value.is_null()) return {};
    out.state = Count::State::bad;
    if (!value.is_number()) return {};
    std::uint64_t sum = 0;
    for (const char c : value.span.in(body_)) {
      if (c < '0' || c > '9') return {};
      sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
      if (sum > tokens_counted_max) return {};
    }
    out = {Count::State::present, static_cast<std::uint32_t>(sum)};
    return {};
  }

  Result<> error() {
    if (walk_.peek() != '{') {
      PENSTOCK_TRY(value, walk_.judge());
      const bool zero =
          value.is_number() && value.span.in(body_).find_first_of("123456789") == Bytes::npos;
      const bool empty = value.is_string() && value.span.size() == 2;
      if (value.is_null() || value.is_false() || zero || empty) return {};
      facts_.error = value.span;
      if (value.is_string()) facts_.error_message = value.span;
      return {};
    }
    PENSTOCK_CHECK(walk_.members([this](const Key& key) -> Result<> {
      if (key.name == "message") return text(facts_.error_message);
      if (key.name == "type") return text(facts_.error_type);
      if (key.name == "param") return text(facts_.error_param);
      if (key.name != "code") return pass();
      PENSTOCK_TRY(value, walk_.judge());
      if (value.is_string() || value.is_number()) facts_.error_code = value.span;
      return {};
    }));
    facts_.error = walk_.last();
    return {};
  }

  Result<> choices() {
    if (walk_.peek() != '[') return pass();
    facts_.has_choices = true;
    PENSTOCK_CHECK(walk_.elements([this](std::uint32_t index) -> Result<> {
      facts_.choices = index + 1;
      return index == 0 && walk_.peek() == '{' ? first_choice() : pass();
    }));
    return {};
  }

  Result<> first_choice() {
    PENSTOCK_CHECK(walk_.members([this](const Key& key) -> Result<> {
      return key.name == "finish_reason" ? text(facts_.finish_reason) : pass();
    }));
    return {};
  }

  Bytes body_;
  Walk& walk_;
  AnswerFacts& facts_;
};

}  // namespace

Result<> read_answer(Bytes body, Walk& walk, AnswerFacts& facts) {
  return Reader(body, walk, facts).root();
}

}  // namespace penstock::json
