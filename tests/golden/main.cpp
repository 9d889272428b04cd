// The golden suite. `--table` writes docs/compatibility.md anew, `--update` the expected parts of
// the cases; everything else is for doctest.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <fstream>
#include <string_view>

#include "compatibility.h"
#include "composed.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--update") {
    golden::update_cases();
    return 0;
  }
  if (argc == 2 && std::string_view(argv[1]) == "--table") {
    std::ofstream(golden::compatibility_path()) << golden::compatibility_table();
    return 0;
  }
  return doctest::Context(argc, argv).run();
}
