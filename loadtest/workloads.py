"""The workloads of scripts/compare: what is sent, which figure counts, what the gateway has to
reach. The letters are those used in docs/performance.md."""

import dataclasses

from proxies import DESCRIPTORS

EVENT_PAUSE_US = 20_000  # workload d


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    text: str
    model: str
    figure: str               # the key of the load client's result that counts, see `figures`
    unit: str
    options: tuple = ()
    stream: bool = False
    events: int = 0           # of every stream; 0: streams do not end inside the run
    warmup_s: float = 1.0
    duration_s: float = 3.0
    larger_is_better: bool = True
    ratio_to_reach: float = 0  # to nginx in the same run; 0: none
    most_to_reach: float = 0   # absolute value; 0: none
    # Only the gateway can do it; it is compared with its own figure of this workload in the same
    # run, not with nginx.
    beside: str = ""
    shards: int = 1           # with more than one the tools share their CPU with a shard


def workloads(quick):
    """All workloads by name. `quick` shortens the measured windows; the figures get noisier."""
    short = {"duration_s": 1.0, "warmup_s": 0.5} if quick else {}
    paced_s = 3.0 if quick else 10.0
    paced_warmup_s = 1.5
    paced_events = int((paced_s + paced_warmup_s) * 1e6 / EVENT_PAUSE_US) + 100
    idle = min(9000, DESCRIPTORS // 2 - 1000)
    found = [
        Workload("a", "1 KB request, 600 B answer, 64 connections", "mock-whole-600",
                 "requests_per_cpu_s", "requests/CPU-s",
                 ("--connections=64", "--expect-bytes=600"), ratio_to_reach=1.40, **short),
        Workload("a1", "1 KB request, 600 B answer, one connection: added p50", "mock-whole-600",
                 "added_p50_us", "us added",
                 ("--connections=1", "--expect-bytes=600"), larger_is_better=False,
                 ratio_to_reach=0.85, **short),
        # Twice the requests on twice the CPUs, if a request costs the same on each.
        Workload("a2", "as a, with two shards on both CPUs: CPU per request", "mock-whole-600",
                 "cpu_us_per_request", "CPU us/request",
                 ("--connections=64", "--expect-bytes=600"), larger_is_better=False,
                 ratio_to_reach=round(2 / 1.8, 2), beside="a", shards=2, **short),
        Workload("b", "32 KB request, 600 B answer, 64 connections", "mock-whole-600",
                 "requests_per_cpu_s", "requests/CPU-s",
                 ("--connections=64", "--expect-bytes=600", "--body-bytes=32768"),
                 ratio_to_reach=1.25, **short),
        Workload("o10k", "1 KB request, open loop of 10,000/s: added p50", "mock-whole-600",
                 "added_p50_us", "us added",
                 ("--connections=64", "--expect-bytes=600", "--rate=10000"),
                 larger_is_better=False, **short),
        Workload("c", "16 streams of 200 events, no pause, 1 event per write",
                 "mock-stream-n200-b1-d0", "events_per_cpu_s", "events/CPU-s",
                 ("--connections=16",), stream=True, events=200, ratio_to_reach=1.0, **short),
        Workload("c20", "16 streams of 200 events, no pause, 20 events per write",
                 "mock-stream-n200-b20-d0", "events_per_cpu_s", "events/CPU-s",
                 ("--connections=16",), stream=True, events=200, ratio_to_reach=1.25, **short),
        Workload("ct", "as c, from a provider that speaks Anthropic's API",
                 "mock-stream-n200-b1-d0-anthropic", "cpu_us_per_event", "CPU us/event",
                 ("--connections=16",), stream=True, events=200, larger_is_better=False,
                 ratio_to_reach=1.5, beside="c", **short),
        # The ramp spreads the streams evenly over the pause: 1.02 ms from one to the next.
        Workload("d", "1,000 streams, an event every 20 ms: CPU per event",
                 f"mock-stream-n{paced_events}-b1-d{EVENT_PAUSE_US}", "cpu_us_per_event",
                 "CPU us/event", ("--connections=1000", "--ramp=1.02"), stream=True,
                 warmup_s=paced_warmup_s, duration_s=paced_s, larger_is_better=False,
                 ratio_to_reach=0.95),
        Workload("idle", f"{idle:,} idle keep-alive connections, one request each",
                 "mock-whole-600", "bytes_per_connection", "B/connection",
                 (f"--connections={idle}", "--hold", "--expect-bytes=600"), duration_s=1.0,
                 larger_is_better=False, most_to_reach=2048),
        Workload("idle-streams", "1,000 streams that wait after their first event",
                 "mock-stream-n1-b1-d0-hold", "bytes_per_connection", "B/stream",
                 ("--connections=1000", "--hold"), stream=True, duration_s=1.0,
                 larger_is_better=False, most_to_reach=6144),
    ]
    return {w.name: w for w in found}


def connections_of(workload):
    return next(int(o.split("=")[1]) for o in workload.options if o.startswith("--connections="))


def figures(workload, result, direct):
    """The figures of one cell in comparable form. `direct`: result without a proxy in the same
    round, or None."""
    moment = "transit_us" if workload.stream else "latency_us"
    proxy = result["proxy"]
    found = {
        "requests_per_cpu_s": result["requests_per_cpu_s"],
        "events_per_cpu_s": result["events_per_cpu_s"],
        "cpu_us_per_request": result["cpu_us_per_request"],
        "cpu_us_per_event": result["cpu_us_per_event"],
        "per_s": result["events_per_s"] if workload.stream else result["requests_per_s"],
        "p50_us": result[moment]["p50"],
        "p99_us": result[moment]["p99"],
        "resident_mib": proxy["resident_after"] / 2**20,
        "bytes_per_connection": (proxy["resident_after"] - proxy["resident_before"])
                                / connections_of(workload),
        "first_event_p50_us": result["first_event_us"]["p50"],
    }
    for share in ("p50", "p99"):
        found[f"added_{share}_us"] = (
            result[moment][share] - direct[moment][share] if direct else float("nan"))
    return found
