// Stage 1 of simdjson behind `Scanner`: the only file that sees simdjson.
//
// simdjson offers no public call for the structural index alone, but its implementation object,
// which its own parsers are built from, has kept one shape through all of 3.x: `stage1` fills
// `structural_indexes`. Stage 1 copies the last block of its input, so it never reads past the end
// (a unit test with a guard page holds it to that).
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <new>

#include "json/answer.h"
#include "json/request.h"
#include "json/text.h"
#include "json/walk.h"
#include "penstock/json.h"

namespace penstock::json {
namespace {

using Implementation = simdjson::internal::dom_parser_implementation;

constexpr std::size_t capacity_first = 64 << 10;  // bytes of body; the index takes four times that
constexpr std::size_t capacity_kept = 1 << 20;
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
    PENSTOCK_ASSERT(grow(capacity_first));
  }

  // Makes room for the index of a body of `bytes`.
  bool grow(std::size_t bytes) {
    const std::size_t wanted = std::bit_ceil(std::max(bytes, capacity_first));
    if (parser && capacity >= wanted) return true;
    parser.reset();
    capacity = 0;
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        wanted, depth_max, parser);
    if (error != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }

  // Forgets the body before, and gives back what it took if it was an unusual one.
  void trim() {
    work.marks.clear();
    if (capacity > capacity_kept) {
      parser.reset();
      capacity = 0;
    }
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

  // Indexes `body` and calls `read(Walk&)`. Errors of the index are invalid_json.
  template <class F>
  Result<> scan(Bytes body, bool any_value, F&& read) {
    const Trimmer trimmer{*this};
    if (body.size() > body_max) return fail(Code::body_too_large, Side::client);
    if (!grow(body.size())) return fail(Code::overloaded);
    const std::uint32_t count = index(body, any_value);
    if (count == 0) return fail(Code::invalid_json, Side::client);
    Walk walk(body, parser->structural_indexes.get(), count, work);
    return read(walk);
  }

  // Finds the structural positions and returns their number, 0 when the text cannot be walked: it
  // is not UTF-8, a string is open or holds raw controls, or the walk's precondition is not met,
  // that what opens with a bracket has one as its last token.
  std::uint32_t index(Bytes body, bool any_value) {
    const auto error = parser->stage1(reinterpret_cast<const std::uint8_t*>(body.data()),
                                      body.size(), simdjson::stage1_mode::regular);
    const std::uint32_t count = parser->n_structural_indexes;
    if (error != simdjson::SUCCESS || count == 0) return 0;
    const char first = body[parser->structural_indexes[0]];
    const char last = body[parser->structural_indexes[count - 1]];
    const bool container = first == '{' || first == '[';
    if (!any_value && first != '{') return 0;
    if (!container) return count == 1 ? 1 : 0;
    return last == '}' || last == ']' ? count : 0;
  }

  std::unique_ptr<Implementation> parser;
  std::size_t capacity = 0;
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
  return state_->scan(body, false,
                      [&](Walk& walk) { return read_request(body, walk, rules, facts); });
}

Result<> Scanner::answer(Bytes body, AnswerFacts& facts) {
  facts = AnswerFacts{};
  const auto result =
      state_->scan(body, false, [&](Walk& walk) { return read_answer(body, walk, facts); });
  if (result) return {};
  const bool too_large = result.error().code == Code::body_too_large;
  return fail(too_large ? Code::too_large : Code::malformed, Side::upstream);
}

Result<> Scanner::validate(Bytes body, bool any_value) {
  return state_->scan(body, any_value, [&](Walk& walk) -> Result<> {
    PENSTOCK_TRY(value, walk.judge());
    static_cast<void>(value);
    if (!walk.at_end() || walk.values() - walk.array_numbers() > values_max) {
      return fail(Code::invalid_json, Side::client);
    }
    return {};
  });
}

Result<Bytes> unescape(Bytes value, std::span<char> out) {
  PENSTOCK_ASSERT(value.size() >= 2 && value.front() == '"' && value.back() == '"');
  const Bytes inside = value.substr(1, value.size() - 2);
  if (inside.size() > out.size()) return fail(Code::too_large);
  return Bytes(out.data(), unescape_string(inside, out.data()));
}

bool valid_utf8(Bytes text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
