#include "penstock/hub.h"

#include <algorithm>

#include "penstock/dialect.h"

namespace penstock::hub {

bool Usage::any() const {
  return input.present || cache_read.present || input_audio.present || input_image.present ||
         output.present || reasoning.present || output_audio.present || output_image.present ||
         cache_write() > 0;
}

std::uint64_t Usage::cache_write() const {
  return cache_write_5m.value + cache_write_30m.value + cache_write_1h.value +
         cache_write_12h.value;
}

std::uint64_t Usage::input_total() const {
  return input.value + cache_read.value + cache_write() + input_audio.value + input_image.value;
}

std::uint64_t Usage::output_total() const {
  return output.value + reasoning.value + output_audio.value + output_image.value;
}

void Usage::take(const Usage& later) {
  input.take(later.input);
  cache_read.take(later.cache_read);
  cache_write_5m.take(later.cache_write_5m);
  cache_write_30m.take(later.cache_write_30m);
  cache_write_1h.take(later.cache_write_1h);
  cache_write_12h.take(later.cache_write_12h);
  input_audio.take(later.input_audio);
  input_image.take(later.input_image);
  output.take(later.output);
  reasoning.take(later.reasoning);
  output_audio.take(later.output_audio);
  output_image.take(later.output_image);
  web_searches.take(later.web_searches);
  web_fetches.take(later.web_fetches);
}

}  // namespace penstock::hub

namespace penstock::dialect {
namespace {

void note(std::vector<Bytes>& list, Bytes field) {
  if (std::ranges::find(list, field) == list.end()) list.push_back(field);
}

}  // namespace

void Losses::drop(Bytes field) {
  note(dropped, field);
}
void Losses::emulate(Bytes field) {
  note(emulated, field);
}

Result<> StreamReader::word(Bytes, hub::EventSink&) {
  return fail(Code::malformed, Side::upstream);
}

}  // namespace penstock::dialect
