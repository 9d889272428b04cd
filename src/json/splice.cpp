// The request that goes upstream, as slices of the client's body with literals between them.
#include "penstock/json.h"
#include "penstock/json_writer.h"

namespace penstock::json {
namespace {

// Bytes [begin, end) of the body give way to the texts.
struct Change {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  Bytes text;
};

// In the order of the body; those at the same place in the order they were added. At most: the
// cuts, stream_options, model and its comma.
class Changes {
 public:
  static constexpr std::size_t max = Facts::cuts_max + 3;

  void add(Change change) {
    PENSTOCK_ASSERT(count_ < max);
    std::size_t place = count_++;
    for (; place > 0 && changes_[place - 1].begin > change.begin; --place) {
      changes_[place] = changes_[place - 1];
    }
    changes_[place] = change;
  }
  std::span<const Change> all() const { return {changes_.data(), count_}; }

 private:
  std::array<Change, max> changes_;
  std::size_t count_ = 0;
};

// Cuts whole runs of neighbouring members. A run takes the comma behind it along; the last run,
// which has none, the comma before it.
void cut_members(const Facts& facts, Changes& changes) {
  const std::span cuts(facts.cuts.data(), facts.cut_count);
  for (std::size_t first = 0; first < cuts.size();) {
    std::size_t last = first;
    while (last + 1 < cuts.size() && cuts[last].next == cuts[last + 1].begin) ++last;
    const Cut& head = cuts[first];
    const Cut& tail = cuts[last];
    if (tail.next != 0) {
      changes.add({head.begin, tail.next, {}});
    } else {
      changes.add({head.previous_end != 0 ? head.previous_end : head.begin, tail.end, {}});
    }
    first = last + 1;
  }
}

void ask_for_usage(Bytes body, const Facts& facts, Changes& changes) {
  const Span options = facts.stream_options;
  if (options.empty()) {
    const std::uint32_t inside = facts.root.begin + 1;
    changes.add({inside, inside, R"("stream_options":{"include_usage":true},)"});
  } else if (!facts.include_usage_value.empty()) {
    changes.add({facts.include_usage_value.begin, facts.include_usage_value.end, "true"});
  } else if (options.in(body).find('"') == Bytes::npos) {  // null or {}
    changes.add({options.begin, options.end, R"({"include_usage":true})"});
  } else {
    changes.add({options.begin + 1, options.begin + 1, R"("include_usage":true,)"});
  }
}

}  // namespace

Result<> splice_request(Bytes body, const Facts& facts, const RequestEdits& edits,
                        SpliceScratch& scratch, Gather& out) {
  Changes changes;
  if (facts.stream && edits.include_usage && !facts.include_usage) {
    ask_for_usage(body, facts, changes);
  }
  // A body that names the model as its target does stays as it is.
  const bool same = facts.model_unescaped_bytes == 0 && facts.model_name(body) == edits.model;
  if (!edits.model.empty() && !same) {
    Writer writer(scratch.bytes);
    if (facts.model.empty()) {
      // The path named the model; this body needs it.
      writer.key("model").string(edits.model);
      const std::uint32_t inside = facts.root.begin + 1;
      changes.add({inside, inside, writer.text()});
      if (facts.kept != 0) changes.add({inside, inside, ","});
    } else {
      writer.string(edits.model);
      changes.add({facts.model.begin, facts.model.end, writer.text()});
    }
    if (!writer.fits()) return fail(Code::too_large);
  }
  cut_members(facts, changes);

  std::uint32_t from = 0;
  for (const Change& change : changes.all()) {
    out.add(Span{from, change.begin}.in(body));
    out.add(change.text);
    from = change.end;
  }
  out.add(body.substr(from));
  return {};
}

}  // namespace penstock::json
