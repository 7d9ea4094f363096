"""procrastinate: a job queue over Postgres; two workers."""

from __future__ import annotations

from peers.system import PythonPeer, Size


class Procrastinate(PythonPeer):
    name = "procrastinate"
    title = "procrastinate (jobs)"
    packages = ("procrastinate", "psycopg[binary]")
    program = "procrastinate_program.py"
    sizes = {"W1": Size(2_500), "W4": Size(300), "W4h": Size(4), "W5": Size(1_500), "W0": Size(5)}
