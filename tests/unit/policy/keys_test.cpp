#include <doctest/doctest.h>

#include <string>

#include "penstock/config.h"
#include "penstock/policy.h"

using namespace penstock;

namespace {

constexpr std::string_view pepper = "0123456789abcdef0123456789abcdef";

VirtualKey key_of(const std::string& name, std::string_view secret) {
  VirtualKey key;
  key.name = name;
  key.digest = config::digest_key(pepper, secret);
  return key;
}

Snapshot snapshot_of(std::size_t keys) {
  Snapshot snapshot;
  snapshot.pepper = Secret(pepper);
  for (std::size_t i = 0; i < keys; ++i) {
    snapshot.keys.push_back(key_of("k" + std::to_string(i), "secret-number-" + std::to_string(i)));
  }
  return snapshot;
}

std::string hex(const KeyDigest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("digest: RFC 4231 vectors") {
  CHECK(hex(KeyDigester(std::string(20, '\x0b')).digest("Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(KeyDigester("Jefe").digest("what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("digest: the fast one and the configuration's agree at every length") {
  const KeyDigester digester(pepper);
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::string key(size, static_cast<char>('a' + size % 26));
    CHECK(digester.digest(key) == config::digest_key(pepper, key));
  }
}

TEST_CASE("key table: finds each key and nothing else") {
  for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 1000u}) {
    const Snapshot snapshot = snapshot_of(count);
    const KeyTable table(snapshot);
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = table.identify("secret-number-" + std::to_string(i), 0);
      REQUIRE(found);
      CHECK(static_cast<std::size_t>(*found) == i);
    }
    const Error unknown{Code::invalid_api_key, Side::client};
    CHECK(table.identify("secret-number-" + std::to_string(count), 0).error() == unknown);
    CHECK(table.identify("", 0).error() == unknown);
    CHECK(table.identify(std::string(KeyTable::presented_max + 1, 'x'), 0).error() == unknown);
    CHECK(table.identify("secret-number-0 ", 0).error() == unknown);
    CHECK(table.identify("secret-number-", 0).error() == unknown);
  }
}

TEST_CASE("key table: an equal prefix of the digest is not enough") {
  Snapshot snapshot = snapshot_of(2);
  // Both slots now have the prefix of key 0; only one has its whole digest.
  std::copy_n(snapshot.keys[0].digest.begin(), 8, snapshot.keys[1].digest.begin());
  snapshot.keys.erase(snapshot.keys.begin());
  const KeyTable table(snapshot);
  CHECK(table.identify("secret-number-0", 0).error().code == Code::invalid_api_key);
}

TEST_CASE("key table: an expired key looks unknown, a disabled one says so") {
  Snapshot snapshot = snapshot_of(3);
  snapshot.keys[0].expires_s = 1000;
  snapshot.keys[1].disabled = true;
  snapshot.keys[2].disabled = true;
  snapshot.keys[2].expires_s = 1000;
  const KeyTable table(snapshot);
  CHECK(table.identify("secret-number-0", 999));
  CHECK(table.identify("secret-number-0", 1000 + KeyTable::expiry_tolerance_s - 1));
  CHECK(table.identify("secret-number-0", 1000 + KeyTable::expiry_tolerance_s).error().code ==
        Code::invalid_api_key);
  CHECK(table.identify("secret-number-1", 0).error().code == Code::key_disabled);
  CHECK(table.identify("secret-number-2", 2000).error().code == Code::invalid_api_key);
}

TEST_CASE("models: only what the key may use exists") {
  Snapshot snapshot = snapshot_of(2);
  for (std::size_t i = 0; i < 130; ++i) {
    Model model;
    model.name = "m" + std::to_string(i);
    snapshot.models_by_name.emplace(model.name, static_cast<ModelIndex>(i));
    snapshot.models.push_back(std::move(model));
  }
  VirtualKey& narrow = snapshot.keys[1];
  narrow.all_models = false;
  narrow.models = {std::uint64_t{1} << 63, 0, 2};  // m63 and m129
  const auto all = KeyIndex{0};
  const auto some = KeyIndex{1};
  CHECK(find_permitted_model(snapshot, all, "m0") == ModelIndex{0});
  CHECK(find_permitted_model(snapshot, some, "m63") == ModelIndex{63});
  CHECK(find_permitted_model(snapshot, some, "m129") == ModelIndex{129});
  CHECK(find_permitted_model(snapshot, some, "m0").error().code == Code::model_not_found);
  CHECK(find_permitted_model(snapshot, all, "other").error() ==
        find_permitted_model(snapshot, some, "m0").error());
  std::vector<std::size_t> visited;
  for_each_permitted_model(snapshot, some, [&](ModelIndex model) {
    visited.push_back(static_cast<std::size_t>(model));
  });
  CHECK(visited == std::vector<std::size_t>{63, 129});
}
