"""What is said of a recovery follows from when the workflows were acknowledged and done."""

from __future__ import annotations

import pytest
from harness.spending import cost_line, cost_table
from measurements.recovery import figures


def test_work_goes_on_at_the_end_of_the_longest_silence_and_is_done_with_the_last() -> None:
    runs = [[0, 900], [0, 1_010], [10, 1_500], [20, 1_600], [990, 3_000], [1_200, 9_000]]
    told = figures({"runs": runs, "repeated": 7}, killed=1_000)
    assert told["workflows"] == 6
    assert told["in_flight"] == 4, "done before the kill, or begun after it, was not in flight"
    assert told["goes_on_s"] == pytest.approx(2.0)
    assert told["done_s"] == pytest.approx(2.0)
    assert told["repeated_calls"] == 7


def test_nothing_in_flight_is_done_at_once() -> None:
    told = figures({"runs": [[0, 10]], "repeated": 0}, killed=1_000)
    assert (told["in_flight"], told["goes_on_s"], told["done_s"]) == (0, 0, 0)


def test_costs_are_medians_by_process_and_name_the_usual_bottleneck() -> None:
    def record(postgres: float, bottleneck: str) -> dict[str, object]:
        return {"cpu_ms": {"coordinator": 0.05, "postgres": postgres, "driver": 0.01}, "per_workflow": {"writing_transactions": 0.02, "wal_bytes": 2_500},
                "memory_mib": {"coordinator": 80, "postgres": 300}, "bottleneck": bottleneck}

    line = cost_line("some work", [record(0.09, "CPU"), record(0.07, "CPU"), record(0.08, "waiting")])
    assert line == ["some work", "0.050", "", "0.010", "0.080", "0.020", "2,500", "80", "300", "CPU"]
    assert "some work" in cost_table([line])
