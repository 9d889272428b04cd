// Memory for secrets: not swapped, not in core files, not in a child. Private to Secret.
#pragma once

#include <cstddef>

namespace penstock {

// At least `bytes` of it. Any thread. Never null: without memory the process ends, as everywhere.
char* take_secret_memory(std::size_t bytes);
// Gives back what was taken with the same `bytes`, wiped.
void give_secret_memory(char* memory, std::size_t bytes) noexcept;

}  // namespace penstock
