"""pgqueuer: a job queue over Postgres that takes jobs in batches. One worker: two did about half as much."""

from __future__ import annotations

from peers.system import PythonPeer, Size


class PgQueuer(PythonPeer):
    name = "pgqueuer"
    title = "pgqueuer (jobs)"
    workers = 1
    packages = ("pgqueuer", "asyncpg", "uvloop")
    program = "pgqueuer_program.py"
    sizes = {"W1": Size(12_000), "W4": Size(40), "W4h": Size(4), "W5": Size(5_000), "W0": Size(5)}
