// `Scanner`: the readers of bodies, and the room they share.
#include <unistd.h>

#include <algorithm>
#include <new>

#include "json/answer.h"
#include "json/request.h"
#include "json/text.h"
#include "json/walk.h"
#include "penstock/json.h"

namespace penstock::json {
namespace {

constexpr std::size_t marks_kept = 1 << 10;
constexpr std::size_t unescaped_kept = 4 << 10;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  PENSTOCK_ASSERT(getentropy(&seed, sizeof seed) == 0);
  return seed;
}

}  // namespace

struct Scanner::State {
  explicit State(std::size_t max) : body_max(std::min(max, body_bytes_max)) {
    work.seed = random_seed();
    work.marks.reserve(marks_kept);
  }

  // Forgets the body before, and gives back what it took if it was an unusual one.
  void trim() {
    work.marks.clear();
    if (work.marks.capacity() > marks_kept) {
      std::vector<KeyMark>().swap(work.marks);
      work.marks.reserve(marks_kept);
    }
    if (work.unescaped.capacity() > unescaped_kept) std::string().swap(work.unescaped);
  }

  struct Trimmer {
    State& state;
    ~Trimmer() { state.trim(); }
  };

  // Walks over `body`: calls `read(Walk&)`, which says whether it is sound, then judges what the
  // walk leaves to others.
  template <class F>
  Result<> scan(Bytes body, Walk::Keys keys, F&& read) {
    const Trimmer trimmer{*this};
    if (body.size() > body_max) return fail(Code::body_too_large, Side::client);
    Walk walk(body, work, keys);
    if (!read(walk)) return std::unexpected(walk.error());
    if (!valid_utf8(body)) return fail(Code::invalid_json, Side::client);
    return {};
  }

  std::size_t body_max;
  Workspace work;
};

Scanner::Scanner(std::size_t body_max) : state_(std::make_unique<State>(body_max)) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;

Result<> Scanner::request(Bytes body, const RequestRules& rules, Facts& facts) {
  // Not `facts = {}`: the large arrays may stay as they are.
  ::new (static_cast<void*>(&facts)) Facts;
  return state_->scan(body, Walk::Keys::unique,
                      [&](Walk& walk) { return read_request(body, walk, rules, facts); });
}

Result<> Scanner::answer(Bytes body, AnswerFacts& facts) {
  facts = AnswerFacts{};
  const auto result = state_->scan(body, Walk::Keys::any,
                                   [&](Walk& walk) { return read_answer(body, walk, facts); });
  if (result) return {};
  const bool too_large = result.error().code == Code::body_too_large;
  return fail(too_large ? Code::too_large : Code::malformed, Side::upstream);
}

Result<> Scanner::validate(Bytes body, bool any_value) {
  return state_->scan(body, Walk::Keys::unique, [&](Walk& walk) {
    return (any_value || walk.peek() == '{') && walk.judge() && walk.at_end() &&
           walk.values() - walk.array_numbers() <= values_max;
  });
}

Result<Bytes> unescape(Bytes value, std::span<char> out) {
  PENSTOCK_ASSERT(value.size() >= 2 && value.front() == '"' && value.back() == '"');
  const Bytes inside = value.substr(1, value.size() - 2);
  if (inside.size() > out.size()) return fail(Code::too_large);
  return Bytes(out.data(), unescape_string(inside, out.data()));
}

}  // namespace penstock::json
