// What of the standard library most files include, read once for each program or library instead of
// once for each file. Nobody includes this, and no file may rely on it: lint reads every file
// without it. No guard: GCC wants none in a file that it compiles by itself.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
