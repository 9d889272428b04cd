#include "penstock/config.h"

namespace penstock::config {

// The parts come from a file: control and non-ASCII bytes must not reach a terminal.
std::string to_string(const Mistake& mistake) {
  std::string line = mistake.file;
  if (mistake.mark.line > 0) {
    line += ':' + std::to_string(mistake.mark.line) + ':' + std::to_string(mistake.mark.column);
  }
  if (!mistake.path.empty()) line += ": " + mistake.path;
  line += ": " + mistake.what;
  for (char& c : line) {
    if (c < ' ' || c > '~') c = '?';
  }
  return line;
}

}  // namespace penstock::config
