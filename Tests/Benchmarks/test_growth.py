"""What is stored beforehand is cut into chunks, and a curve is judged by its rounds."""

from __future__ import annotations

from typing import Any

import pytest
from growth.load import flatness
from growth.stored import told
from harness.table import duration
from measurements.prefill import Estimate, chunks



def test_chunks_hold_each_number_once() -> None:
    parts = chunks(1_000_001, 250_000)
    assert parts[0] == (1, 250_000)
    assert parts[-1] == (1_000_001, 1_000_001)
    assert sum(last - first + 1 for first, last in parts) == 1_000_001
    assert chunks(5, 10) == [(1, 5)]


def test_the_estimate_follows_the_slower_table() -> None:
    now = 0.0
    estimate = Estimate(4, lambda: now)
    assert estimate.done("steps") == "0 %"
    now = 60.0
    assert estimate.done("runs") == "25 %, about 3 min left"
    estimate.done("steps")
    now = 80.0
    assert estimate.done("runs") == "50 %, about 80 s left"


def test_durations_are_told_as_a_person_would() -> None:
    assert [duration(seconds) for seconds in (0.4, 89, 90, 600)] == ["0 s", "89 s", "2 min", "10 min"]


def record(rate: float, alone: float, postgres: float = 0.06) -> dict[str, Any]:
    return {"per_s": rate, "alone": {"p50_ms": alone}, "cpu_ms": {"postgres": postgres}}


def judged(points: dict[int, list[dict[str, Any]]]) -> dict[str, bool | None]:
    rows = told(points, {size: (size * 800, size * 300) for size in points})
    return {row.name.split(": ")[-1]: row.met for row in rows if row.goal}


def test_a_curve_within_a_fifth_is_flat_and_one_outside_is_not() -> None:
    flat = {1_000: [record(10_000, 2.5), record(9_000, 2.6)], 10_000_000: [record(9_000, 2.9), record(8_400, 2.8)]}
    assert judged(flat) == dict.fromkeys(
        ["workflows/s, least to most", "one alone, p50, least to most", "Postgres CPU a workflow, least to most"], True)
    steep = {1_000: [record(10_000, 2.5)], 10_000_000: [record(7_900, 3.2, 0.08)]}
    assert set(judged(steep).values()) == {False}
    assert flatness(steep, "per_s") == pytest.approx(0.79)


def test_the_most_are_compared_with_the_fewest_of_the_same_round() -> None:
    points = {10: [record(100, 1), record(50, 1)], 1_000: [record(90, 1), record(45, 1)]}
    rows = told(points, {10: (8_000, 3_000), 1_000: (800_000, 300_000)})
    (row,) = (row for row in rows if "workflows/s, least" in row.name)
    assert row.reference == "0.90 (0.90–0.90) × with 1,000, round by round"
    assert rows[-1].figure == "1,100 B"
