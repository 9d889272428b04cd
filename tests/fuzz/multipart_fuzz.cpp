// Forms: the pieces are the input, cut or whole; what was found does not depend on the cuts; and a
// form whose field was replaced is one again, with the other value.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz_cuts.h"
#include "penstock/multipart.h"

namespace {

using namespace penstock::multipart;

struct Told {
  std::string all;
  std::string replaced;
  std::vector<std::string> values;
  Fault fault = Fault::none;
  bool done = false;
};

void check(bool holds) {
  if (!holds) std::abort();
}

Told scan(std::string_view form, const std::vector<std::size_t>& ends) {
  Scanner scanner("b", "model");
  Told told;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::string part(form.substr(begin, end - begin));
    penstock::Bytes in = part;
    begin = end;
    for (Piece p = scanner.next(in); p.kind != Piece::Kind::more; p = scanner.next(in)) {
      told.all += p.bytes;
      if (p.kind == Piece::Kind::value) told.values.emplace_back(p.bytes);
      told.replaced += p.kind == Piece::Kind::value ? penstock::Bytes("other") : p.bytes;
    }
    if (scanner.failed()) break;
    check(in.empty());
  }
  told.fault = scanner.fault();
  told.done = scanner.done();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input = fuzz::take_cuts(data, size);
  const Told whole = scan(input.bytes, {input.bytes.size()});
  const Told cut = scan(input.bytes, input.ends);
  check(whole.fault == cut.fault);
  check(whole.values == cut.values);
  if (whole.fault != Fault::none) return 0;
  check(whole.all == cut.all && whole.done == cut.done);
  check(input.bytes.starts_with(whole.all));
  if (!whole.done) return 0;
  check(whole.all == input.bytes);
  const Told again = scan(whole.replaced, {whole.replaced.size()});
  check(again.done && again.values.size() == whole.values.size());
  for (const std::string& value : again.values) check(value == "other");
  return 0;
}
