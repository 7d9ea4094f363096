"""What larger machines would carry follows from what was measured, and the resource that ends first is found."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from model.capacity import MACHINES, Assumptions, Ceiling, beside, ceilings, coordinators, peak
from model.costs import MEASURED, Cost, Costs, measured_by

ROOT = Path(__file__).resolve().parents[2]
ROUND = Costs(
    first=Cost(postgres=0.1, coordinator=0.05, worker=0.05, wal=2_000, stored=1_000, wire=2_000),
    more=Cost(postgres=0.04, coordinator=0.02, worker=0.02, wal=1_000, stored=500, wire=1_000),
    payload_byte=Cost(postgres=1e-6, coordinator=0, worker=0, wal=1, stored=1, wire=2),
    removal=Cost(postgres=0.02, coordinator=0, worker=0, wal=500))
EIGHT = replace(MACHINES[0], efficiency=0.9, wal_disk=5e8, network=1e9, disk=2e12, flush_ms=1, vacuum=5)
ASSUME = Assumptions(busy=0.75, full_page_images=1.0)


def by_resource(costs: Costs = ROUND, activities: int = 1, payload: int = 0) -> dict[str, Ceiling]:
    found = ceilings(EIGHT, costs.of(activities, payload), costs.operations_of(activities), costs.removal, ASSUME, kept_days=10)
    return {each.resource.split(" (")[0].split(",")[0]: each for each in found}


def test_a_workflow_costs_its_first_activity_each_one_more_and_its_payloads() -> None:
    ten = ROUND.of(10, payload=100)
    assert ten.postgres == pytest.approx(0.1 + 9 * 0.04 + 2_200 * 1e-6)
    assert ten.wal == pytest.approx(2_000 + 9_000 + 2_200)
    assert ROUND.operations_of(10) == 22


def test_each_resource_has_its_ceiling() -> None:
    found = by_resource()
    assert found["Postgres CPU"].workflows_per_s == pytest.approx(1000 * 8 * 0.9 * 0.75 / 0.12)
    assert found["WAL to its disk"].workflows_per_s == pytest.approx(5e8 * 0.75 / 2_500)
    assert found["autovacuum"].workflows_per_s == pytest.approx(100_000 * 5 / 5)
    assert found["disk"].workflows_per_s == pytest.approx(2e12 * 0.75 / (1_000 * 10 * 86_400))


def test_a_peak_ends_at_the_lowest_rate_and_not_at_the_space_that_days_fill() -> None:
    assert peak(list(by_resource().values())).resource == "Postgres CPU"
    assert peak(list(by_resource(payload=5_000).values())).resource == "WAL to its disk"


def test_lanes_and_coordinators_follow_from_the_rate() -> None:
    cost = ROUND.of(1)
    needs = beside(45_000, EIGHT, cost, 4, ASSUME)
    # A full batch of 512 operations is 128 workflows: 14.2 ms at work and 1 ms flushed, three quarters of the time.
    assert needs.lanes == 8
    assert needs.coordinator_cores == 3
    assert coordinators(needs, cores_each=8, lanes_each=4) == 2
    assert coordinators(beside(1, EIGHT, cost, 4, ASSUME), 8, 4) == 2, "one of them may die"
    slow = beside(45_000, replace(EIGHT, flush_ms=20), cost, 4, ASSUME)
    assert slow.lanes > 2 * needs.lanes, "slow flushes are made up for by lanes"


def test_costs_come_from_what_was_kept(tmp_path: Path) -> None:
    bench, growth = tmp_path / "a.json", tmp_path / "b.json"
    line = ["0.200", "0.100", "0.010", "0.300", "0.03", "3,000", "50", "400", "CPU"]
    ten = ["1.100", "0.550", "0.010", "3.000", "0.3", "12,000", "50", "400", "CPU"]
    bench.write_text(json.dumps({"records": {}, "costs": [
        ["one activity, 1,000 at a time", *line], ["ten activities in a row, 500 at a time", *ten]]}))
    growth.write_text(json.dumps({"costs": [], "records": {"growth_stored": {"space": {"1000": [1, 1], "1000000": [600_000_000, 300_000_000]}}}}))
    found = measured_by([bench, growth])
    assert (found.first.postgres, found.first.coordinator, found.first.wal, found.first.stored) == (0.3, 0.2, 3_000, 900)
    assert found.more.postgres == pytest.approx(0.3)
    assert found.more.wal == pytest.approx(1_000)
    assert found.more.stored == MEASURED.more.stored
    assert measured_by([]) == MEASURED


def test_the_program_prints_the_tables_and_plots_them(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/capacity", "--plot", str(tmp_path / "c.svg"), "--set", "wal_disk=1e6", "--set", "busy=0.5"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("| WAL to its disk"))
    assert line.count("**") == 4, "the lowest of both machines"
    assert ElementTree.parse(tmp_path / "c.svg").getroot().tag.endswith("svg")
    refused = subprocess.run([*command, "--set", "colour=blue"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "there is no colour" in refused.stderr


def test_the_documented_plot_and_tables_are_those_of_the_program(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "benchmarks/capacity", "--plot", str(tmp_path / "c.svg")], cwd=ROOT, check=True, capture_output=True,
                          text=True)
    page = (ROOT / "docs/capacity.md").read_text()
    for part in done.stdout.split("\n\n")[:3]:
        assert part in page
    assert (tmp_path / "c.svg").read_text() == (ROOT / "docs/plots/capacity.svg").read_text()
