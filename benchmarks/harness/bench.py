"""One run of the benchmark: its folder, its programs, its sizes."""

from __future__ import annotations

import datetime
import fcntl
import os
import platform
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .cluster import Cluster
from .processes import Child, run

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("KAGZI_BENCH_FOLDER", ROOT / ".bench"))
"""What is installed, measured with and kept; of one benchmark at a time."""
CONFIGURATION = os.environ.get("KAGZI_BENCH_CONFIGURATION", "release")
"""What is built and measured; `debug` is for tests of the harness itself."""


@dataclass
class Bench:
    quick: bool = False
    rounds: int = 5
    profile: bool = False
    prefill: int = 0
    stored_limit: int = 10_000_000
    records: dict[str, Any] = field(default_factory=dict)
    # Lines of the table of costs, see `spending`.
    costs: list[list[str]] = field(default_factory=list)
    _cluster: Cluster | None = None
    _begin: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Takes the folder: a second benchmark would throw away the cluster of the first, and disturb it besides."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._lock = (FOLDER / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"bench: another benchmark uses {FOLDER}; wait for it, or set KAGZI_BENCH_FOLDER")

    @property
    def log(self) -> Path:
        return FOLDER / "processes.log"

    @property
    def tool(self) -> str:
        return str(ROOT / ".build" / CONFIGURATION / "kagzi-bench")

    @property
    def kagzi(self) -> str:
        return str(ROOT / ".build" / CONFIGURATION / "kagzi")

    @property
    def cluster(self) -> Cluster:
        if self._cluster is None:
            self._cluster = Cluster(self.tool, FOLDER / "cluster", self.log)
        return self._cluster

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def progress(self, text: str) -> None:
        print(f"bench: {time.monotonic() - self._begin:5.0f} s  {text}", file=sys.stderr, flush=True)

    def server(self, database_url: str, *options: str, listen: str = "127.0.0.1:0") -> Child:
        """A coordinator; its `answer` is its address."""
        return Child(
            [self.kagzi, "server", "--database-url", database_url, "--listen", listen, *options], self.log,
            ready=r"listening on (\S+)")

    def worker(self, address: str, *options: str) -> Child:
        return Child([self.tool, "worker", address, *options], self.log, ready=r"^ready (.*)$")

    def close(self) -> None:
        """Ends what was started, and gives the folder back."""
        if self._cluster is not None:
            self._cluster.stop()
        self._lock.close()


def machine() -> dict[str, object]:
    """Where and of what this was measured."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", text)
    return {
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]).strip(),
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }
