#include "json/answer.h"

#include <array>
#include <initializer_list>

#include "json/text.h"
#include "json/walk_container.h"

namespace penstock::json {
namespace {

// Where a container stands in an answer, as far as anything in it is read.
enum class Place : std::uint8_t {
  elsewhere,
  root,
  choices,
  first_choice,
  prompt_details,
  completion_details,
  // Those whose spans are kept.
  usage,
  error,
};

constexpr std::uint32_t tokens_digits_max = 10;  // of `tokens_counted_max`

// What a member is to us, by its place and its name.
enum class Member : std::uint8_t {
  none,
  // The figures of a usage, as `count_of` has them.
  prompt_tokens,
  completion_tokens,
  total_tokens,
  cached_tokens,
  cache_write_tokens,
  reasoning_tokens,
  usage,
  error,
  choices,
  finish_reason,
  prompt_details,
  completion_details,
  error_message,
  error_type,
  error_param,
  error_code,
};
constexpr auto first_figure = static_cast<std::size_t>(Member::prompt_tokens);

Member member_of_root(Bytes name) {
  if (name == "usage") return Member::usage;
  if (name == "error") return Member::error;
  return name == "choices" ? Member::choices : Member::none;
}

Member member_of_usage(Bytes name) {
  if (name == "prompt_tokens") return Member::prompt_tokens;
  if (name == "completion_tokens") return Member::completion_tokens;
  if (name == "total_tokens") return Member::total_tokens;
  if (name == "prompt_tokens_details") return Member::prompt_details;
  return name == "completion_tokens_details" ? Member::completion_details : Member::none;
}

Member member_of_error(Bytes name) {
  if (name == "message") return Member::error_message;
  if (name == "type") return Member::error_type;
  if (name == "param") return Member::error_param;
  return name == "code" ? Member::error_code : Member::none;
}

Member member_of(Place place, Bytes name) {
  switch (place) {
    case Place::root:
      return member_of_root(name);
    case Place::first_choice:
      return name == "finish_reason" ? Member::finish_reason : Member::none;
    case Place::usage:
      return member_of_usage(name);
    case Place::prompt_details:
      if (name == "cached_tokens") return Member::cached_tokens;
      return name == "cache_write_tokens" ? Member::cache_write_tokens : Member::none;
    case Place::completion_details:
      return name == "reasoning_tokens" ? Member::reasoning_tokens : Member::none;
    case Place::error:
      return member_of_error(name);
    case Place::choices:
    case Place::elsewhere:
      break;
  }
  return Member::none;
}

// The lengths of the names that `member_of` knows, a bit each: most others are told by theirs.
constexpr auto name_sizes = [] {
  std::array<std::uint64_t, 8> out{};
  const auto set = [&](Place place, std::initializer_list<Bytes> names) {
    for (const Bytes name : names) {
      out[static_cast<std::size_t>(place)] |= std::uint64_t{1} << name.size();
    }
  };
  set(Place::root, {"usage", "error", "choices"});
  set(Place::first_choice, {"finish_reason"});
  set(Place::usage, {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details",
                     "completion_tokens_details"});
  set(Place::prompt_details, {"cached_tokens", "cache_write_tokens"});
  set(Place::completion_details, {"reasoning_tokens"});
  set(Place::error, {"message", "type", "param", "code"});
  return out;
}();

// The place of a container that is the value of a member. Of another kind than it should be, it is
// of no interest: providers vary.
Place place_of(Member member, bool object) {
  if (member == Member::error) return Place::error;
  if (!object) return member == Member::choices ? Place::choices : Place::elsewhere;
  if (member == Member::usage) return Place::usage;
  if (member == Member::prompt_details) return Place::prompt_details;
  return member == Member::completion_details ? Place::completion_details : Place::elsewhere;
}

// Picks out of an answer what the gateway reads; the members of all other objects cost a look at a
// byte. A member that comes twice counts as the last one says.
class AnswerWatch {
 public:
  static constexpr bool wants_keys = true;
  using Wanted = Member;

  AnswerWatch(Bytes body, AnswerFacts& facts) : body_(body), facts_(facts) {}

  Member key(Bytes name) const {
    return (sizes_ >> name.size() % 64 & 1) != 0 ? member_of(place_, name) : Member::none;
  }

  void open(std::uint32_t depth, Member member, bool object, bool first, std::uint32_t begin) {
    around_[depth] = place_;
    if (member != Member::none) return enter(open_member(member, object, begin));
    const bool choice = place_ == Place::choices && first && object;
    enter(depth == 0 ? Place::root : choice ? Place::first_choice : Place::elsewhere);
  }

  void close(std::uint32_t depth, std::uint32_t end) {
    if (place_ >= Place::usage) {
      (place_ == Place::usage ? facts_.usage_object : facts_.error) = {begin_, end};
    }
    enter(around_[depth]);
  }

  [[gnu::always_inline]] bool scalar(Member member, const Value& value) {
    if (Count* const figure = count_of(member)) {
      count(value, *figure);
      return true;
    }
    return other_scalar(member, Value(value));  // a copy, so that figures stay in registers
  }

 private:
  // Of a member that is no figure.
  [[gnu::noinline]] bool other_scalar(Member member, const Value& value) {
    switch (member) {
      case Member::finish_reason:
        return text(value, facts_.finish_reason);
      case Member::error:
        return error(value);
      case Member::error_message:
        return text(value, facts_.error_message);
      case Member::error_type:
        return text(value, facts_.error_type);
      case Member::error_param:
        return text(value, facts_.error_param);
      case Member::error_code:
        if (value.is_number()) facts_.error_code = value.span;
        return text(value, facts_.error_code);
      default:
        return true;
    }
  }

  void enter(Place place) {
    place_ = place;
    sizes_ = name_sizes[static_cast<std::size_t>(place)];
  }

  Place open_member(Member member, bool object, std::uint32_t begin) {
    const Place place = place_of(member, object);
    if (Count* const figure = count_of(member)) *figure = {Count::State::bad, 0};
    if (place >= Place::usage) begin_ = begin;
    if (place == Place::usage) facts_.usage.present = true;
    return place;
  }

  // Where the figure of a member goes; null: it is none.
  Count* count_of(Member member) {
    static constexpr std::array figures{&Usage::prompt_tokens,      &Usage::completion_tokens,
                                        &Usage::total_tokens,       &Usage::cached_tokens,
                                        &Usage::cache_write_tokens, &Usage::reasoning_tokens};
    const auto index = static_cast<std::size_t>(member) - first_figure;
    return index < figures.size() ? &(facts_.usage.*figures[index]) : nullptr;
  }

  // Only a string that is read has to have sound escapes.
  bool text(const Value& value, Span& out) {
    if (!value.is_string()) return true;
    out = value.span;
    return !value.escaped || judge_string(value.inside().in(body_)).valid;
  }

  // null counts as missing: providers send it for figures they do not have.
  void count(const Value& value, Count& out) const {
    out = {Count::State::bad, 0};
    if (value.first < '0' || value.first > '9') {
      if (value.is_null()) out = {};
      return;
    }
    if (value.span.size() > tokens_digits_max) return;
    std::uint64_t sum = 0;
    const char* p = body_.data() + value.span.begin;
    for (std::uint32_t left = value.span.size(); left > 0; --left, ++p) {
      const auto digit = static_cast<unsigned char>(*p - '0');
      if (digit > 9) return;
      sum = sum * 10 + digit;
    }
    if (sum <= tokens_counted_max) {
      out = {Count::State::present, static_cast<std::uint32_t>(sum)};
    }
  }

  bool error(const Value& value) {
    const bool zero =
        value.is_number() && value.span.in(body_).find_first_of("123456789") == Bytes::npos;
    const bool empty = value.is_string() && value.span.size() == 2;
    if (value.is_null() || value.is_false() || zero || empty) return true;
    facts_.error = value.span;
    return text(value, facts_.error_message);
  }

  Bytes body_;
  AnswerFacts& facts_;
  std::uint32_t begin_ = 0;              // of the usage or error object that is open
  Place place_ = Place::elsewhere;       // of the innermost container
  std::uint64_t sizes_ = 0;              // of the names wanted there, a bit each
  std::array<Place, depth_max> around_;  // of the containers around it; not initialised
};

}  // namespace

bool read_answer(Bytes body, Walk& walk, AnswerFacts& facts) {
  AnswerWatch watch(body, facts);
  return walk.peek() == '{' && walk.watch(watch) && walk.at_end();
}

}  // namespace penstock::json
