#include "case_file.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "dialects.h"

namespace golden {

std::string CaseFile::field(std::string_view wanted) const {
  for (const auto& [key, value] : fields) {
    if (key == wanted) return value;
  }
  return {};
}

const std::string* CaseFile::part(std::string_view wanted) const {
  for (const auto& [key, text] : parts) {
    if (key == wanted) return &text;
  }
  return nullptr;
}

void CaseFile::set_part(const std::string& wanted, std::string text) {
  for (auto& [key, value] : parts) {
    if (key == wanted) {
      value = std::move(text);
      return;
    }
  }
  parts.emplace_back(wanted, std::move(text));
}

std::vector<CaseFile> read_cases(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<CaseFile> cases;
  const fs::path root = fs::path(PENSTOCK_SOURCE_ROOT) / "tests" / "golden" / "cases" / folder;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.path().extension() != ".txt") continue;
    CaseFile& file = cases.emplace_back();
    file.path = entry.path();
    file.name = entry.path().stem().string();
    std::ifstream in(file.path);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("--- ")) {
        file.parts.emplace_back(line.substr(4), "");
      } else if (!file.parts.empty()) {
        file.parts.back().second += line + "\n";
      } else if (line.starts_with('#')) {
        file.comment += line + "\n";
      } else if (const auto colon = line.find(": "); colon != std::string::npos) {
        file.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
      }
    }
  }
  std::ranges::sort(cases, {}, &CaseFile::name);
  return cases;
}

void write_case(const CaseFile& file) {
  std::ofstream out(file.path);
  out << file.comment;
  for (const auto& [key, value] : file.fields) out << key << ": " << value << "\n";
  for (const auto& [key, text] : file.parts) out << "--- " << key << "\n" << text;
}

Dialect dialect_named(std::string_view name) {
  for (const Dialect dialect : all_dialects()) {
    if (name_of(dialect) == name) return dialect;
  }
  std::fprintf(stderr, "no dialect is named %.*s\n", static_cast<int>(name.size()), name.data());
  std::exit(1);
}

}  // namespace golden
