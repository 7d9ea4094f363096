"""DBOS: workflows taken from its queue by two worker processes."""

from __future__ import annotations

from pathlib import Path

from peers.system import PythonPeer, Size


class Dbos(PythonPeer):
    name = "dbos"
    title = "DBOS"
    packages = ("dbos", "psycopg[binary]")
    program = "dbos_program.py"
    sizes = {
        "W1": Size(1_800), "W2": Size(250), "W3": Size(1), "W3x": Size(1, rounds=1), "W4": Size(60), "W4h": Size(4),
        "W5": Size(400), "W0": Size(5),
    }

    def worker(self, programs: Path, url: str, number: int) -> list[str]:
        return [*super().worker(programs, url, number), f"worker-{number}"]
