"""Absurd: workflows in stored procedures of Postgres, and two workers of its Python SDK."""

from __future__ import annotations

from pathlib import Path

from harness.bench import Bench
from harness.processes import run

from peers import environment
from peers.system import PythonPeer, Size


class Absurd(PythonPeer):
    name = "absurd"
    title = "Absurd"
    packages = ("absurd-sdk", "absurdctl", "psycopg[binary]")
    program = "absurd_program.py"
    sizes = {
        "W1": Size(2_800), "W2": Size(600), "W3": Size(1), "W3x": Size(1, rounds=1), "W4": Size(60), "W4h": Size(4),
        "W5": Size(1_000), "W0": Size(5),
    }

    def install(self, bench: Bench, programs: Path, url: str) -> None:
        path = f"{bench.cluster.programs}:{environment.quiet()['PATH']}"
        for words in (["init"], ["create-queue", "bench"], ["create-queue", "children"]):
            run([str(programs / "absurdctl"), *words, "-d", url], env={**environment.quiet(), "PATH": path})
