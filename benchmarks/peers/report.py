"""What a person reads: the goals, a table a workload, and a plot of each."""

from __future__ import annotations

from pathlib import Path

from harness.plot import Bar, bar_chart, number
from harness.statistics import Spread, median_of, paired_ratio, spread_of
from harness.table import aligned

from peers.goals import SWIFT, short, spread
from peers.rounds import Results
from peers.system import System
from peers.workloads import Record, Workload

PARTS = ("server", "worker", "driver", "postgres")


def workload_table(results: Results, workload: Workload, systems: list[System]) -> str:
    """A line a system that can do it."""
    head = ["", f"{workload.unit} (min–max)", "Kagzi is × better", f"CPU-ms a {workload.per}: {', '.join(PARTS)}",
            "writing transactions", "WAL bytes", "peak MiB", "bottleneck", "rounds"]
    if workload.unit.startswith("ms"):
        head.insert(2, "p99")
    lines = [head] + [_line(results, workload, system) for system in systems if workload.key in system.sizes]
    return aligned(lines)


def _line(results: Results, workload: Workload, system: System) -> list[str]:
    good = results.good(system.name, workload.key)
    has_tail = workload.unit.startswith("ms")
    if not good:
        return [system.title, f"FAILED: {short(results.error(system.name, workload.key) or 'not measured')}"] + [""] * (8 if has_tail else 7)
    cells = [system.title, limited(results, workload, system) + spread(spread_of(good, "value"))]
    if has_tail:
        cells.append(spread(spread_of(good, "p99_ms")))
    cells += [_lead(results, workload, system), _parts(good, "cpu_ms", "{:.3f}"), _figure(good, "writing_transactions", "{:.3f}"),
              _figure(good, "wal_bytes", "{:,.0f}"), _parts(good, "memory_mib", "{:,.0f}"), _bottleneck(good),
              _rounds(results, workload, system)]
    return cells


def limited(results: Results, workload: Workload, system: System) -> str:
    """What stands before a figure that is a bound, because the system was stopped: the true one is worse."""
    if results.bound(system.name, workload.key) is None:
        return ""
    return "< " if workload.more_is_better else "> "


def _lead(results: Results, workload: Workload, system: System) -> str:
    if system.name == SWIFT:
        return ""
    ours, theirs = results.good(SWIFT, workload.key), results.good(system.name, workload.key)
    ratio = paired_ratio(ours, theirs, "value") if workload.more_is_better else paired_ratio(theirs, ours, "value")
    return ("> " if results.bound(system.name, workload.key) else "") + number(ratio.median) if ratio else ""


def _parts(good: list[Record], figure: str, shape: str) -> str:
    known = [name for name in PARTS if name in good[0][figure]]
    return ", ".join(f"{name} {shape.format(median_of(good, figure, name))}" for name in known)


def _figure(good: list[Record], name: str, shape: str) -> str:
    return shape.format(median_of(good, name)) if all(name in record for record in good) else ""


def _bottleneck(good: list[Record]) -> str:
    """Of the round with the median value."""
    ordered = sorted(good, key=lambda record: float(record["value"]))
    return str(ordered[len(ordered) // 2]["bottleneck"])


def _rounds(results: Results, workload: Workload, system: System) -> str:
    all_of_them = results.records[system.name][workload.key]
    good = results.good(system.name, workload.key)
    if bound := results.bound(system.name, workload.key):
        return f"{len(good)}, stopped after {bound:.0f} s"
    if len(good) == len(all_of_them):
        return str(len(good))
    return f"{len(good)}, {len(all_of_them) - len(good)} FAILED: {short(results.error(system.name, workload.key))}"


def disturbance(results: Results) -> str:
    """How much of the machine others used while workloads were measured."""
    shares = [record["other_share"] for each in results.records.values() for some in each.values() for record in some
              if "other_share" in record]
    if not shares:
        return "nothing was measured"
    spread_of_shares = Spread.of(100 * share for share in shares)
    return f"{spread_of_shares.median:.0f} % (at most {spread_of_shares.high:.0f} %) of the machine used by others meanwhile"


def plots(results: Results, workloads: list[Workload], systems: list[System], folder: Path) -> list[Path]:
    """An SVG a workload that some system was given."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for workload in workloads:
        bars = [_bar(results, workload, system) for system in systems if workload.key in system.sizes]
        if bars:
            better = "more is better" if workload.more_is_better else "less is better"
            path = folder / f"{workload.key.lower()}.svg"
            path.write_text(bar_chart(f"{workload.key}  {workload.title}", workload.unit, bars,
                                      f"{better}; medians, with the least and the most of the rounds; in brackets how often Kagzi is as good"))
            written.append(path)
    return written


def _bar(results: Results, workload: Workload, system: System) -> Bar:
    good = results.good(system.name, workload.key)
    if not good:
        return Bar(system.title, None, note="failed", is_ours=system.is_ours)
    value = spread_of(good, "value")
    lead = _lead(results, workload, system)
    return Bar(system.title, value.median, value.low, value.high, f"(Kagzi {lead} ×)" if lead else "", system.is_ours,
               limited(results, workload, system))
