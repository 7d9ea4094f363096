"""Processes that a test owns: each is ended by its own pid, and what it says can be waited for."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 30.0


_given: set[int] = set()


def free_port() -> int:
    """A port that is free now. What starts on it may be restarted on it: the kernel gives it to nobody meanwhile, since it is
    outside of the range for the near ends of connections."""
    end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(end // 2, end)
        if port in _given:
            continue
        _given.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


class Process:
    """A running program. Its standard output and error go to a log that can be waited on."""

    def __init__(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.command = [str(word) for word in command]
        self.log = log
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, errors="replace", env={**os.environ, **(env or {})}, start_new_session=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def _read(self) -> None:
        assert self.process.stdout
        with self.log.open("a") as log, self.process.stdout as output:
            for line in output:
                log.write(line)
                log.flush()
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_line(self, pattern: str, timeout: float = PATIENCE, after: int = 0) -> re.Match[str]:
        """The first line, from the `after`-th on, that the pattern is found in."""
        deadline = time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                while seen < len(self.lines):
                    if match := re.search(pattern, self.lines[seen]):
                        return match
                    seen += 1
                left = deadline - time.monotonic()
                ended = not self._reader.is_alive()
                if left <= 0 or ended or not self._changed.wait(left):
                    if seen < len(self.lines):
                        continue
                    tail = "\n".join(self.lines[-15:])
                    raise AssertionError(f"{self.command[0]} never said {pattern!r}; it said:\n{tail}")

    def count(self, pattern: str) -> int:
        """How many lines the pattern is found in so far."""
        with self._changed:
            return sum(1 for line in self.lines if re.search(pattern, line))

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(5)

    def terminate(self, timeout: float = PATIENCE) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Waits for its own end; returns the exit code."""
        code = self.process.wait(timeout)
        self._reader.join(5)
        return code

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)
