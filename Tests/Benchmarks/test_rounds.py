"""All systems are measured round by round; what fails is named and does not stop the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import bench
from harness.bench import Bench
from peers import goals, report
from peers.drivers import Conversation, TookTooLong
from peers.rounds import Estimate, Rounds, chosen_by
from peers.system import Running, Size, System, uri
from peers.workloads import Workload, fan_out, half_load, latency, throughput


class Steady:
    """A driver that does as many workflows a second as it is told."""

    def __init__(self, rate: float):
        self.rate = rate
        self.asked: list[tuple[str, int]] = []

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        self.asked.append((kind, count))
        return {"seconds": count / self.rate}

    def latency(self, count: int) -> dict[str, Any]:
        raise RuntimeError("no latency here")

    def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        return {}

    def sleepers(self, count: int, lead: float) -> dict[str, Any]:
        return {}


class Endless(Steady):
    """One that takes as long as it may, and is not done then."""

    def many(self, kind: str, argument: int, count: int) -> dict[str, Any]:
        super().many(kind, argument, count)
        if kind == "fan-out":
            raise TookTooLong("not done")
        return {"seconds": count / self.rate}


class Peer(System):
    title = "A peer"
    sizes = {"W1": Size(100), "W3x": Size(7, rounds=1)}

    def __init__(self, name: str, rate: float, prepares: bool = True, starts: bool = True):
        self.name = name  # type: ignore[misc]
        self.driver = Steady(rate)
        self.prepares, self.starts = prepares, starts
        self.times_started = 0

    def prepare(self) -> Path:
        if not self.prepares:
            raise RuntimeError("no such package")
        return Path()

    def start(self, bench: Bench, programs: Path) -> Iterator[Running]:
        self.times_started += 1
        if not self.starts:
            raise RuntimeError("the port is taken")
        yield Running(self.driver, {}, version="1.2")


W1 = Workload("W1", "one-activity workflows", "workflows/s", True, throughput("one", 1, 1))
BOUNDED = Workload("W3x", "many", "s", False, fan_out(10_000), bound=120)
W3X = Workload("W3x", "many", "workflows/s", True, throughput("fan-out", 10_000, 1))
W4 = Workload("W4", "latency", "ms (p50)", False, latency)


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "FOLDER", tmp_path)


def measured(systems: list[System], workloads: list[Workload], rounds: int = 3) -> Rounds:
    whole = Bench(rounds=rounds)
    measuring = Rounds(whole, systems, workloads)
    measuring.run()
    whole.close()
    return measuring


def test_systems_take_turns_and_their_figures_are_kept_by_round() -> None:
    fast, slow = Peer("kagzi", 8_000), Peer("dbos", 400)
    results = measured([fast, slow], [W1]).results
    assert [record["round"] for record in results.good("kagzi", "W1")] == [0, 1, 2]
    assert results.good("dbos", "W1")[0]["value"] == pytest.approx(400)
    assert fast.times_started == 3, "started afresh in each round"
    assert not results.has_failed
    row = goals.lead(results, goals.Lead("W1", "kagzi", "dbos", 12))
    assert (row.ratio, row.met) == ("20.0", True)
    assert goals.lead(results, goals.Lead("W1", "kagzi", "dbos", 21)).met is False


def test_a_workload_may_run_in_the_first_rounds_only() -> None:
    results = measured([Peer("absurd", 100)], [W1, W3X]).results
    assert len(results.good("absurd", "W3x")) == 1
    assert len(results.good("absurd", "W1")) == 3


def test_a_peer_that_cannot_be_installed_is_named_and_its_goals_are_not_met() -> None:
    peer = Peer("temporal", 80, prepares=False)
    results = measured([Peer("kagzi", 8_000), peer], [W1]).results
    assert results.has_failed
    assert "no such package" in results.failures["temporal"]
    assert peer.times_started == 0
    row = goals.lead(results, goals.Lead("W1", "kagzi", "temporal", 60))
    assert (row.figure, row.met) == ("FAILED", False)
    assert "no such package" in row.reference
    assert "FAILED: RuntimeError: no such package" in report.workload_table(results, W1, [peer])


def test_a_peer_that_does_not_start_is_tried_twice_and_given_up() -> None:
    peer = Peer("dbos", 80, starts=False)
    results = measured([peer], [W1], rounds=5).results
    assert peer.times_started == 2
    assert "the port is taken" in results.failures["dbos"]


def test_a_workload_that_fails_is_told_and_the_next_one_meets_a_new_start() -> None:
    peer = Peer("dbos", 80)
    peer.sizes = {"W4": Size(1), "W1": Size(100)}  # type: ignore[misc]
    results = measured([peer], [W4, W1], rounds=1).results
    assert results.has_failed
    assert "no latency here" in results.error("dbos", "W4")
    assert len(results.good("dbos", "W1")) == 1
    assert peer.times_started == 2
    assert "FAILED: RuntimeError: no latency here" in report.workload_table(results, W4, [peer])


def test_what_takes_too_long_is_stopped_once_and_its_bound_is_told_as_one(tmp_path: Path) -> None:
    ours, slow = Peer("kagzi", 10_000), Peer("dbos", 80)
    for peer in (ours, slow):
        peer.sizes = {"W3x": Size(1), "W1": Size(100)}  # type: ignore[misc]
    slow.driver = Endless(80)
    results = measured([ours, slow], [BOUNDED, W1]).results
    assert not results.has_failed, "a bound is a figure"
    assert [(record["value"], record["stopped_after_s"]) for record in results.good("dbos", "W3x")] == [(120, 120)]
    assert slow.driver.asked.count(("fan-out", 1)) == 1, "in the first round only"
    assert len(results.good("dbos", "W1")) == 3
    assert slow.times_started == 4, "afresh after it was stopped"
    line = report.workload_table(results, BOUNDED, [ours, slow]).splitlines()[-1]
    assert [cell.strip() for cell in line.split("|")[2:4]] == ["> 120", "> 1,200,000"]
    assert "1, stopped after 120 s" in line
    (path,) = report.plots(results, [BOUNDED], [ours, slow], tmp_path)
    assert "&gt; 120  (Kagzi &gt; 1,200,000 ×)" in path.read_text()


def test_a_rate_that_was_stopped_is_at_most_what_it_would_have_been() -> None:
    slow = Peer("dbos", 80)
    slow.driver = Endless(80)
    slow.sizes = {"W2": Size(600), "W4h": Size(4)}  # type: ignore[misc]
    bounded = Workload("W2", "steps", "steps/s", True, throughput("fan-out", 10, 10), bound=60)
    needs_it = Workload("W4h", "half", "ms (p50)", False, half_load, after="W2")
    results = measured([slow], [bounded, needs_it]).results
    assert results.good("dbos", "W2")[0]["value"] == pytest.approx(100)
    assert "< 100" in report.workload_table(results, bounded, [slow])
    assert len(results.records["dbos"]["W4h"]) == 1, "there is no half of what was not reached, and nothing is tried again"
    row = goals.lead(results, goals.Lead("W2", "dbos", "dbos", 1))
    assert (row.reference, row.ratio) == ("< 100", "> 1.0")


def test_a_driver_is_stopped_when_its_patience_ends(tmp_path: Path) -> None:
    silent = [sys.executable, "-c", "print('ready {\"version\": \"1\"}', flush=True); input(); input()"]
    with Conversation(silent, tmp_path / "log") as driver:
        driver.patience = 0.2
        with pytest.raises(TookTooLong, match="not done"):
            driver.many("one", 1, 1)
    gone = [sys.executable, "-c", "print('ready {\"version\": \"1\"}', flush=True); input()"]
    with Conversation(gone, tmp_path / "log") as driver, pytest.raises(RuntimeError, match="ended") as problem:
        driver.many("one", 1, 1)
    assert not isinstance(problem.value, TookTooLong)


def test_plots_are_written_for_what_was_measured(tmp_path: Path) -> None:
    systems: list[System] = [Peer("kagzi", 8_000), Peer("temporal", 80, prepares=False)]
    results = measured(systems, [W1]).results
    (path,) = report.plots(results, [W1, W4], systems, tmp_path / "plots")
    assert path == tmp_path / "plots/w1.svg"
    assert "8,000" in path.read_text()
    assert "failed" in path.read_text()


def test_the_estimate_takes_what_the_same_step_took_before() -> None:
    now = 0.0
    estimate = Estimate(["slow", "fast", "slow", "fast"], lambda: now)
    assert estimate.seconds is None
    now = 100.0
    estimate.done("slow")
    now = 110.0
    estimate.done("fast")
    assert estimate.seconds == 110
    assert str(estimate) == "step 3 of 4, about 2 min left"


def test_what_is_not_known_is_refused_by_name() -> None:
    assert chosen_by("b,a", {"a": 1, "b": 2, "c": 3}) == [1, 2]
    assert chosen_by(None, {"a": 1}) == [1]
    with pytest.raises(SystemExit, match="no d; choose of a, b"):
        chosen_by("a,d", {"a": 1, "b": 2})


def test_a_connection_string_becomes_a_uri() -> None:
    assert uri("host='/tmp/a b' port=5433 user=kagzi dbname='x' dbname=y", "y") == "postgresql://kagzi@/y?host=%2Ftmp%2Fa%20b&port=5433"
