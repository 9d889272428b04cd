#include "process_meter.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace penstock::loadtest {

namespace {

std::string read_file(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char piece[4096];
  for (ssize_t size = 0; (size = read(fd, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(size));
  }
  close(fd);
  return text;
}

// Names of the entries of a /proc folder that are numbers.
std::vector<pid_t> numbered_entries(const std::string& path) {
  std::vector<pid_t> found;
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return found;
  while (const dirent* entry = readdir(folder)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0) {
      found.push_back(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)));
    }
  }
  closedir(folder);
  return found;
}

struct Stat {
  long parent = 0;
  long user_ticks = 0;
  long system_ticks = 0;
};

// proc_pid_stat(5): the name is in brackets and may hold anything, so fields count from the last
// bracket: state, ppid, ... utime is the 12th and stime the 13th after it.
Stat stat_of(pid_t process) {
  Stat stat;
  const std::string text = read_file("/proc/" + std::to_string(process) + "/stat");
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return stat;
  std::sscanf(text.c_str() + bracket + 1, " %*c %ld %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld",
              &stat.parent, &stat.user_ticks, &stat.system_ticks);
  return stat;
}

// Number behind "Name:" in a /proc text, 0 if absent.
std::int64_t field(const std::string& text, const char* name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return 0;
  return std::strtoll(text.c_str() + at + std::char_traits<char>::length(name), nullptr, 10);
}

}  // namespace

std::vector<pid_t> process_tree(pid_t root) {
  struct Link {
    pid_t process;
    pid_t parent;
  };
  std::vector<Link> links;
  for (const pid_t process : numbered_entries("/proc")) {
    links.push_back({process, static_cast<pid_t>(stat_of(process).parent)});
  }
  std::vector<pid_t> tree;
  if (std::ranges::any_of(links, [root](const Link& l) { return l.process == root; })) {
    tree.push_back(root);
  }
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const Link& link : links) {
      if (link.parent == tree[i]) tree.push_back(link.process);
    }
  }
  return tree;
}

std::int64_t cpu_ns_of(pid_t process) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

ProcessUse use_of(const std::vector<pid_t>& processes) {
  ProcessUse use;
  const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  for (const pid_t process : processes) {
    use.cpu_ns += cpu_ns_of(process);
    const Stat stat = stat_of(process);
    use.user_s += static_cast<double>(stat.user_ticks) * tick_s;
    use.system_s += static_cast<double>(stat.system_ticks) * tick_s;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    for (const pid_t thread : numbered_entries(tasks)) {
      const std::string folder = tasks + "/" + std::to_string(thread);
      long long run_ns = 0;
      long long wait_ns = 0;
      std::sscanf(read_file(folder + "/schedstat").c_str(), "%lld %lld", &run_ns, &wait_ns);
      use.threads.push_back({thread, run_ns, wait_ns});
      use.switches += field(read_file(folder + "/status"), "\nvoluntary_ctxt_switches:");
    }
  }
  return use;
}

std::int64_t foreign_wait_ns(const ProcessUse& before, const ProcessUse& after) {
  ThreadUse busiest;
  std::int64_t all_run_ns = 0;
  for (ThreadUse use : after.threads) {
    const auto earlier = std::ranges::find(before.threads, use.thread, &ThreadUse::thread);
    if (earlier != before.threads.end()) {
      use.run_ns -= earlier->run_ns;
      use.wait_ns -= earlier->wait_ns;
    }
    all_run_ns += use.run_ns;
    if (use.run_ns > busiest.run_ns) busiest = use;
  }
  return std::max<std::int64_t>(0, busiest.wait_ns - (all_run_ns - busiest.run_ns));
}

ProcessMemory memory_of(const std::vector<pid_t>& processes) {
  ProcessMemory memory;
  for (const pid_t process : processes) {
    const std::string folder = "/proc/" + std::to_string(process);
    memory.resident_bytes += 1024 * field(read_file(folder + "/status"), "\nVmRSS:");
    memory.anonymous_bytes += 1024 * field(read_file(folder + "/smaps_rollup"), "\nAnonymous:");
  }
  return memory;
}

}  // namespace penstock::loadtest
