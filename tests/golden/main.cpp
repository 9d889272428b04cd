// The golden suite. `--table` writes docs/compatibility.md anew, `--update` the expected parts of
// the cases; everything else is for doctest.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

int main(int argc, char** argv) {
  return doctest::Context(argc, argv).run();
}
