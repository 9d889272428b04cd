// simdjson offers no public call for the structural index alone, but its implementation object,
// which its own parsers are built from, has kept one shape through all of 3.x: `stage1` fills
// `structural_indexes`. Stage 1 copies the last block of its input, so it never reads past the end
// (a unit test with a guard page holds it to that).
#include "json/index.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>

#include "penstock/json.h"

namespace penstock::json {
namespace {

constexpr std::size_t capacity_least = 1024;

}  // namespace

struct Index::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

Index::Index(std::size_t bytes_kept) : parser_(std::make_unique<Parser>()), kept_(bytes_kept) {}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

bool Index::grow(std::size_t bytes) {
  const std::size_t wanted = std::bit_ceil(std::max(bytes, capacity_least));
  if (capacity_ >= wanted) return true;
  parser_->stages.reset();
  capacity_ = 0;
  const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
      wanted, depth_max, parser_->stages);
  if (error != simdjson::SUCCESS) return false;
  capacity_ = wanted;
  return true;
}

std::uint32_t Index::read(Bytes text, bool any_value) {
  auto& stages = *parser_->stages;
  const auto error = stages.stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                   simdjson::stage1_mode::regular);
  const std::uint32_t count = stages.n_structural_indexes;
  if (error != simdjson::SUCCESS || count == 0) return 0;
  const char first = text[stages.structural_indexes[0]];
  const char last = text[stages.structural_indexes[count - 1]];
  const bool container = first == '{' || first == '[';
  if (!any_value && first != '{') return 0;
  if (!container) return count == 1 ? 1 : 0;
  return last == '}' || last == ']' ? count : 0;
}

const std::uint32_t* Index::positions() const {
  return parser_->stages->structural_indexes.get();
}

void Index::trim() {
  if (capacity_ <= kept_) return;
  parser_->stages.reset();
  capacity_ = 0;
}

bool valid_utf8(Bytes text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
