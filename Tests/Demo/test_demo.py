"""`make demo` keeps its word: it ends well, and it leaves nothing behind when it is interrupted or when something breaks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 900
STOP_SECONDS = 60

Demo = subprocess.Popen[str]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """The demo, built for debugging, in a process group of its own, with a folder for temporary files of its own."""
    if os.geteuid() == 0:  # Postgres then runs as another user, who must pass through
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o711)
    process = subprocess.Popen(
        ["examples/demo/run"],
        cwd=ROOT,
        env={**os.environ, "KAGZI_DEMO_CONFIGURATION": "debug", "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_until(process: Demo, pattern: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if re.search(pattern, line):
            return lines
    pytest.fail(f"the demo ended before it said '{pattern}':\n" + "\n".join(lines))


def process_ids(lines: list[str]) -> list[int]:
    return [int(found[1]) for line in lines if (found := re.search(r"process (\d+)$", line))]


def test_two_orders_are_delivered_although_a_worker_is_killed(demo: Demo) -> None:
    output, _ = demo.communicate(timeout=BUILD_SECONDS)
    assert demo.returncode == 0, output
    for row in (
        r"python-order +pack +completed +1 +python-2$",
        r"swift-order +pick-items +lost +1 +python-1 ",
        r"swift-order +pick-items +completed +2 +python-2$",
        r"^  python-order +workflow +COMPLETED",
        r"^  swift-order +workflow +COMPLETED",
        r"^ +pick-items +activity +COMPLETED +2 +python-1 > python-2 ",
        r"parallel: 5 quotes of 0\.5 s each, 3 from Python and 2 from Swift, joined by the coordinator after ",
        r"race: courier 'near' answered first, for 700 cents",
        r"canary: 25 % of the ids go to version 2: \d+ of 40 orders were priced with tax$",
        r"rollback: .* the next 10 orders all went to version 1$",
        r"drain: python-2 finished the parcel it was packing, took nothing new, and left in good order$",
    ):
        assert re.search(row, output, re.MULTILINE), f"{row} is not in:\n{output}"
    assert "\x1b" not in output, "colours are for terminals"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        pytest.param(lambda demo, _: os.killpg(demo.pid, signal.SIGINT), 130, id="Ctrl-C"),
        pytest.param(lambda _, coordinator: os.kill(coordinator, signal.SIGKILL), 1, id="the coordinator is killed"),
    ],
)
def test_it_leaves_nothing_behind_when(
    demo: Demo, tmp_path: Path, how: Callable[[Demo, int], None], code: int
) -> None:
    lines = read_until(demo, "charge-card +completed")
    started = process_ids(lines)
    assert len(started) == 3, lines
    how(demo, started[0])
    output, _ = demo.communicate(timeout=STOP_SECONDS)
    assert demo.returncode == code, output
    assert ("the end of kagzi.log" in output) == (code == 1)
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert [path.name for path in tmp_path.glob("tmp.*")] == []
