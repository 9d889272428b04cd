// docs/compatibility.md, made from the composed cases: what each provider takes of a request, what
// comes back of its answers.
#pragma once

#include <filesystem>
#include <string>

namespace golden {

std::filesystem::path compatibility_path();
std::string compatibility_table();

}  // namespace golden
