#include "gateway/models_body.h"

#include "penstock/json_writer.h"
#include "penstock/policy.h"

namespace penstock {
namespace {

// One entry without its names, and the frame around all of them.
constexpr std::size_t entry_bytes = 128;
// A byte of a name takes six at most when it is escaped.
constexpr std::size_t escape_factor = 6;

void write_entry(json::Writer& writer, const Snapshot& snapshot, ModelIndex index) {
  const Model& model = snapshot.at(index);
  const Target& first = snapshot.at(model.first_target);
  writer.begin_object().key("id").string(model.name).key("object").string("model");
  // An alias has no date of its own; clients want the member.
  writer.key("created").integer(0);
  writer.key("owned_by").string(snapshot.at(first.provider).name).end_object();
}

}  // namespace

std::size_t models_body_bytes(const Snapshot& snapshot) {
  std::size_t bytes = entry_bytes;
  for (const Model& model : snapshot.models) {
    const Target& first = snapshot.at(model.first_target);
    bytes +=
        entry_bytes + escape_factor * (model.name.size() + snapshot.at(first.provider).name.size());
  }
  return bytes;
}

Bytes write_models(const Snapshot& snapshot, KeyIndex key, std::span<char> out) {
  json::Writer writer(out);
  writer.begin_object().key("object").string("list").key("data").begin_array();
  for_each_permitted_model(snapshot, key,
                           [&](ModelIndex model) { write_entry(writer, snapshot, model); });
  writer.end_array().end_object();
  PENSTOCK_ASSERT(writer.fits());
  return writer.text();
}

Bytes write_model(const Snapshot& snapshot, ModelIndex model, std::span<char> out) {
  json::Writer writer(out);
  write_entry(writer, snapshot, model);
  PENSTOCK_ASSERT(writer.fits());
  return writer.text();
}

}  // namespace penstock
