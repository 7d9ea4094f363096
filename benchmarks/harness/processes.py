"""Child processes that end with us, and what they cost, from /proc."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

TICKS = os.sysconf("SC_CLK_TCK")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Child:
    """A process that is started now, and ended by its pid at the end of a `with`."""

    def __init__(self, command: list[str], log: Path, ready: str | None = None, timeout: float = 120,
                 stdin: int = subprocess.DEVNULL):
        """`ready`: a pattern that a line of its output must match first; its group 1 becomes `answer`."""
        self.command = command
        self.log = log.open("a")
        self._log_begin = self.log.tell()
        self.answer = ""
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=self.log, text=True,
            preexec_fn=_end_with_parent,
        )
        if ready:
            self._await(re.compile(ready), timeout)

    def _await(self, pattern: re.Pattern[str], timeout: float) -> None:
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        assert self.process.stdout
        for line in self.process.stdout:
            if match := pattern.search(line):
                timer.cancel()
                self.answer = match[1]
                return
        timer.cancel()
        raise RuntimeError(f"{self.command[0]} ended before it was ready: {self.last_words}; see {self.log.name}")

    @property
    def last_words(self) -> str:
        """The last line of errors since it was started, its own in all likelihood."""
        with open(self.log.name, errors="replace") as text:
            text.seek(self._log_begin)
            lines = [line.strip() for line in text if line.strip()]
        return lines[-1] if lines else "it said nothing"

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def run(command: list[str], timeout: float = 600, **options: object) -> str:
    """Runs a command and gives its output; fails with its errors."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-2000:]}")
    return str(done.stdout)


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
            except (OSError, ValueError):
                continue
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of a process tree, children that have ended included."""
    ticks = 0
    for pid in tree(root):
        try:
            ticks += sum(map(int, _stat(pid)[11:15]))
        except OSError:
            continue
    return ticks / TICKS


def memory_mib(root: int) -> float:
    """The memory of a process tree; what its processes share, such as Postgres's buffers, counts once."""
    own, shared = 0, 0
    for pid in tree(root):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        kib = {name: int(value) for name, value in re.findall(r"(RssAnon|RssFile|RssShmem):\s+(\d+) kB", status)}
        own += kib.get("RssAnon", 0)
        shared = max(shared, kib.get("RssFile", 0) + kib.get("RssShmem", 0))
    return (own + shared) / 1024


def resident_mib(pid: int) -> float:
    """The resident memory of one process."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0
