"""All systems are measured round by round; what fails is named and does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import bench
from harness.bench import Bench
from peers import goals, report
from peers.rounds import Estimate, Rounds, chosen_by
from peers.system import Running, Size, System, uri
from peers.workloads import Workload, latency, throughput


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
