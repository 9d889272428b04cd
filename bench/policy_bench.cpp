// Finding a virtual key: the digest is most of it.
#include <benchmark/benchmark.h>

#include <string>

#include "penstock/policy.h"

using namespace penstock;

namespace {

void digest_key(benchmark::State& state) {
  const std::string pepper(32, 'p');
  const KeyDigester digester(pepper);
  const std::string key = "sk-penstock-0123456789abcdef0123456789abcdef";
  for (auto _ : state) benchmark::DoNotOptimize(digester.digest(key));
}
BENCHMARK(digest_key);

}  // namespace
