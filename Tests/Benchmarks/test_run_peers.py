"""`benchmarks/run-peers` works from the command line to the table, with Kagzi alone: nothing is installed for it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".bench/test"
VARIABLES = {**os.environ, "KAGZI_BENCH_CONFIGURATION": "debug", "KAGZI_BENCH_FOLDER": str(FOLDER)}
SECONDS = 900


def test_a_quick_run_prints_a_table_and_keeps_figures_and_plots(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/run-peers", "--quick", "--no-limits", "--peers", "kagzi-python", "--only", "W1,W4",
               "--plots", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=VARIABLES, check=False,
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert re.search(r"round 1 of 1, kagzi-python, W4 start to result, idle \(step 2 of 2, about \d+ min left\)", done.stderr)
    assert re.search(r"\| Kagzi, Python worker and driver \| [\d,.]+ ", done.stdout)
    assert "FAILED" not in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"w1.svg", "w4.svg"}
    kept = re.search(r"kept in (\S+);", done.stdout)
    assert kept
    (record,) = json.loads((ROOT / kept[1]).read_text())["results"]["records"]["kagzi-python"]["W1"]
    assert record["value"] > 0
    assert record["writing_transactions"] > 0
    assert set(record["cpu_ms"]) == {"server", "worker", "driver", "postgres"}
    again = subprocess.run([sys.executable, "benchmarks/run-peers", "--tell", kept[1], "--plots", str(tmp_path)], cwd=ROOT, check=True,
                           capture_output=True, text=True, timeout=SECONDS)
    assert again.stdout == done.stdout, "what was kept tells the same"
    assert not list(FOLDER.glob("cluster*/data")), "the cluster is gone"


def test_two_benchmarks_do_not_share_a_folder() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run([sys.executable, "benchmarks/run-peers", "--quick", "--no-build", "--peers", "kagzi"], cwd=ROOT,
                              env=VARIABLES, check=False, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1
    assert "another benchmark uses" in done.stderr


def test_an_unknown_peer_is_refused_with_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "benchmarks/run-peers", "--peers", "cadence", "--no-build"], cwd=ROOT, check=False,
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode != 0
    assert "there is no cadence; choose of kagzi, " in done.stderr
