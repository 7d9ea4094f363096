"""What is wanted of Kagzi beside its peers, and whether it was reached."""

from __future__ import annotations

from dataclasses import dataclass

from harness.statistics import Spread, median_of, paired_ratio, spread_of
from harness.table import Row

from peers import limits
from peers.rounds import Results

SWIFT = "kagzi"
PYTHON = ("kagzi-python-worker", "kagzi-python")
WORKFLOW_PEERS = ("temporal", "dbos", "absurd")
TITLES = {
    "kagzi": "Kagzi, Swift worker", "kagzi-python-worker": "Kagzi, Python worker", "kagzi-python": "Kagzi, all Python",
    "temporal": "Temporal", "dbos": "DBOS", "absurd": "Absurd", "pgqueuer": "pgqueuer", "procrastinate": "procrastinate",
}


@dataclass(frozen=True)
class Lead:
    """One system is so many times as fast as another in a workload."""

    workload: str
    ours: str
    theirs: str
    times: float


LEADS = [
    Lead("W1", SWIFT, "temporal", 60), Lead("W1", SWIFT, "dbos", 12), Lead("W1", SWIFT, "absurd", 8),
    Lead("W1", SWIFT, "pgqueuer", 2),
    *(Lead("W1", ours, theirs, times) for ours in PYTHON for theirs, times in (("temporal", 20), ("dbos", 4), ("absurd", 3))),
]
UNITS = {"W1": "workflows/s", "W2": "steps/s"}


def rows(results: Results, chosen: set[str], systems: set[str]) -> list[Row]:
    """The goals of what was chosen: of workloads and of systems."""
    found = [lead(results, goal) for goal in LEADS if goal.workload in chosen and {goal.ours, goal.theirs} <= systems]
    if SWIFT in systems:
        if "W1" in chosen:
            found += [postgres_limit(results), cost(results)]
        if "W2" in chosen and systems & set(WORKFLOW_PEERS):
            found.append(best_peer(results, systems))
        if "W3x" in chosen:
            found.append(big_fan_out(results))
        if "W4" in chosen:
            found.append(latency(results))
    if limits.ECHO in results.limits or limits.ECHO in results.failures:
        found.append(echo(results))
    return found


def lead(results: Results, goal: Lead) -> Row:
    name = f"{goal.workload} {UNITS[goal.workload]}: {TITLES[goal.ours]} / {TITLES[goal.theirs]}"
    wanted = f">= {goal.times:g}"
    ours, theirs = results.good(goal.ours, goal.workload), results.good(goal.theirs, goal.workload)
    ratio = paired_ratio(ours, theirs, "value")
    if ratio is None:
        return missing(results, name, wanted, goal.workload, goal.ours, goal.theirs)
    is_bound = results.bound(goal.theirs, goal.workload) is not None
    return Row(name, spread(spread_of(ours, "value")), ("< " if is_bound else "") + spread(spread_of(theirs, "value")),
               ("> " if is_bound else "") + f"{ratio.median:.1f}", wanted, ratio.median >= goal.times)


def best_peer(results: Results, systems: set[str]) -> Row:
    medians = {peer: median_of(good, "value") for peer in WORKFLOW_PEERS if peer in systems
               if (good := results.good(peer, "W2"))}
    best = max(medians, key=lambda peer: medians[peer], default="absurd")
    return lead(results, Lead("W2", SWIFT, best, 10))


def postgres_limit(results: Results) -> Row:
    """A one-activity workflow changes rows as two lives of a job do: of its run and of its step."""
    name, wanted = "W1 workflows/s: Kagzi, Swift worker / Postgres alone in batches (two job lifecycles each)", ">= 0.5"
    ours, alone = results.good(SWIFT, "W1"), results.limits.get(limits.POSTGRES, [])
    ratio = paired_ratio(ours, alone, "value") if not alone else paired_ratio(
        ours, [{"round": each["round"], "value": each["lifecycles"]["lifecycles_per_s"] / 2} for each in alone], "value")
    if ratio is None:
        return missing(results, name, wanted, "W1", SWIFT, limits.POSTGRES)
    half = Spread.of(each["lifecycles"]["lifecycles_per_s"] / 2 for each in alone)
    return Row(name, spread(spread_of(ours, "value")), spread(half), f"{ratio.median:.2f}", wanted, ratio.median >= 0.5)


def cost(results: Results) -> Row:
    name, wanted = "W1 CPU-ms a workflow of coordinator and Postgres: Kagzi, Swift worker", "< 0.25"
    ours = results.good(SWIFT, "W1")
    if not ours:
        return missing(results, name, wanted, "W1", SWIFT)
    used = Spread.of(each["cpu_ms"]["server"] + each["cpu_ms"]["postgres"] for each in ours)
    parts = f"coordinator {median_of(ours, 'cpu_ms', 'server'):.3f}, Postgres {median_of(ours, 'cpu_ms', 'postgres'):.3f}"
    return Row(name, spread(used), parts, "", wanted, used.median < 0.25)


def big_fan_out(results: Results) -> Row:
    name, wanted = "W3 10,000 members and join: Kagzi, Swift worker", "< 3 s"
    ours = results.good(SWIFT, "W3x")
    if not ours:
        return missing(results, name, wanted, "W3x", SWIFT)
    took = spread_of(ours, "value")
    return Row(name, spread(took, " s"), "", "", wanted, took.median < 3)


def latency(results: Results) -> Row:
    name = "W4 start to result, p50: Kagzi, Swift worker / 4 commits + 1 ms"
    ours, alone = results.good(SWIFT, "W4"), results.limits.get(limits.POSTGRES, [])
    allowed = [{"round": each["round"], "value": 4 * each["commit"]["p50_ms"] + 1} for each in alone]
    ratio = paired_ratio(ours, allowed, "value")
    if ratio is None:
        return missing(results, name, "<= 1", "W4", SWIFT, limits.POSTGRES)
    return Row(name, spread(spread_of(ours, "value"), " ms"), spread(spread_of(allowed, "value"), " ms"), f"{ratio.median:.2f}",
               "<= 1", ratio.median <= 1)


def echo(results: Results) -> Row:
    name, wanted = "echo calls a CPU second: ours / gRPC C++", ">= 3"
    rounds = results.limits.get(limits.ECHO, [])
    if not rounds:
        return missing(results, name, wanted, "", limits.ECHO)
    ours, theirs = (Spread.of(1e6 / each[side]["cpu_us_per_request"] for each in rounds) for side in ("kagzi", "grpc_cpp"))
    ratio = Spread.of(each["grpc_cpp"]["cpu_us_per_request"] / each["kagzi"]["cpu_us_per_request"] for each in rounds)
    return Row(name, spread(ours), spread(theirs), f"{ratio.median:.2f}", wanted, ratio.median >= 3)


def missing(results: Results, name: str, wanted: str, workload: str, *systems: str) -> Row:
    """A goal that could not be measured is not met."""
    why = "; ".join(f"{system}: {error}" for system in systems if (error := results.error(system, workload)))
    return Row(name, "FAILED", short(why or "no round has both"), "", wanted, False)


def short(text: str) -> str:
    """On one line of a table."""
    return " ".join(text.split()).replace("|", "/")[:120]


def spread(value: Spread, unit: str = "") -> str:
    """The median, the least and the most."""
    if value.rounds == 1:
        return figure(value.median) + unit
    return f"{figure(value.median)}{unit} ({figure(value.low)}–{figure(value.high)})"


def figure(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
