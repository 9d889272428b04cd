// What may go wrong in a simulated run, and the random numbers that decide it.
#pragma once

#include <cstdint>
#include <string>

namespace penstock {

// SplitMix64 (Steele, Lea, Flood 2014): small, seeded by any number, the same on every machine.
class SimRandom {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // A number in [0, bound); 0 when `bound` is 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  // A number in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(unsigned per_mille) { return per_mille > 0 && below(1000) < per_mille; }

 private:
  std::uint64_t state_;
};

// Chances in 1/1000 of each occasion; all off by default.
struct SimFaults {
  unsigned short_send = 0;          // a send takes a part of what the socket has room for
  unsigned blocked_send = 0;        // -EAGAIN although there is room
  unsigned batched_send = 0;        // a send is made, and its failure told, at the end of the turn
  unsigned stale_send = 0;          // of those, one on a connection used before meets a reset
  unsigned short_receive = 0;       // a receive is cut at any byte
  unsigned late = 0;                // a completion comes up to 20 ms late
  unsigned reorder = 0;             // completions of different operations swap places
  unsigned delay = 0;               // bytes travel up to 200 ms
  unsigned reset = 0;               // the connection breaks, at each send and each receive
  unsigned lossy_reset = 0;         // a reset also takes bytes that had arrived
  unsigned peer_death = 0;          // the peer's end closes early: FIN here, reset there
  unsigned refuse_connect = 0;      // refused, unreachable
  unsigned blackhole_connect = 0;   // no answer; the kernel gives up after 127 s
  unsigned out_of_descriptors = 0;  // accept ends with -EMFILE, open_socket refuses
  unsigned last_accept = 0;         // a multishot accept ends together with a connection
  unsigned starve = 0;              // a receive finds no buffer and is held back
  unsigned cancel_race = 0;         // results still arrive after a cancel, and its end comes late
  unsigned lost_completions = 0;    // a turn's are lost: all operations end with -EBADR, with gaps
  unsigned clock_jump = 0;          // a turn takes long: mostly up to 100 ms, sometimes 10 s

  // The faults of a seed, swarm style: each one is off in half of the runs and of random strength
  // in the others; one run in eight has none.
  static SimFaults swarm(std::uint64_t seed);
  // The ones that are on, in one line.
  std::string text() const;
};

}  // namespace penstock
