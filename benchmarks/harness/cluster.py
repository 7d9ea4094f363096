"""A private Postgres cluster: durable, on a unix socket, thrown away afterwards."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path

from .processes import Child, run

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "off",
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
}


def _programs() -> Path:
    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pgbench")]
    found = max(folders, key=version, default=None)
    on_path = shutil.which("pgbench")
    if found is None and on_path is None:
        raise RuntimeError("no pgbench was found: install PostgreSQL 15 or newer")
    return found or Path(str(on_path)).parent


class Cluster:
    """Started now; `connection` reaches its first database."""

    def __init__(self, tool: str, folder: Path, log: Path):
        self.folder = folder
        self.programs = _programs()
        shutil.rmtree(folder, ignore_errors=True)
        settings = [word for name, value in SETTINGS.items() for word in (f"--{name}", value)]
        self.host = Child([tool, "cluster", str(folder), *settings], log, ready=r"^ready (.*)$")
        self.connection = self.host.answer
        self.psql("CREATE EXTENSION pg_stat_statements")
        self.track_statements(False)

    def url(self, database: str | None) -> str:
        return f"{self.connection} dbname={database}" if database else self.connection

    @property
    def pid(self) -> int:
        return int((self.folder / "data/postmaster.pid").read_text().split("\n", 1)[0])

    def psql(self, sql: str, database: str | None = None) -> str:
        psql = str(self.programs / "psql")
        return run([psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)], input=sql).strip()

    def make_database(self, name: str) -> str:
        """An empty database; the one of that name before is gone. Ends with a checkpoint, so that rounds begin alike."""
        self.psql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.psql(f"CREATE DATABASE {name}")
        self.psql("CHECKPOINT")
        return self.url(name)

    def pgbench(self, database: str, script: Path, clients: int, seconds: int, *extra: str) -> str:
        return run([
            str(self.programs / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)),
            "-T", str(seconds), "-f", str(script), *extra, self.url(database),
        ])

    def transactions(self, database: str) -> int:
        """Commits of a database, reading ones too, as the counters say: idle backends report theirs up to ten seconds late."""
        return int(self.psql("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()", database))

    def written(self) -> dict[str, int]:
        """Transactions that wrote, and bytes of WAL, of the cluster since it was made: exact and at once, unlike counters."""
        row = self.psql("SELECT pg_snapshot_xmax(pg_current_snapshot()), pg_current_wal_insert_lsn() - '0/0'")
        return dict(zip(("writing_transactions", "wal_bytes"), map(int, row.split("|"))))

    def track_statements(self, on: bool) -> None:
        self.psql(f"ALTER SYSTEM SET pg_stat_statements.track = '{'top' if on else 'none'}'")
        self.psql("SELECT pg_reload_conf()")

    def statements(self, database: str) -> list[dict[str, float | str]]:
        """What was tracked in a database, the costliest first."""
        rows = self.psql(
            "SELECT calls, round(total_exec_time::numeric, 1), rows, regexp_replace(left(query, 160), '\\s+', ' ', 'g')"
            " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
            f" WHERE d.datname = '{database}' AND query !~ 'pg_stat_statements'"
            " ORDER BY total_exec_time DESC")
        names = ("calls", "total_ms", "rows", "query")
        found = [dict(zip(names, row.split("|", 3))) for row in rows.split("\n") if row]
        return [{name: value if name == "query" else float(value) for name, value in row.items()} for row in found]

    def kill(self) -> None:
        """SIGKILL to the server and all its processes, then a new start, which recovers from the WAL."""
        self.host.process.send_signal(signal.SIGUSR1)
        assert self.host.process.stdout
        while not (line := self.host.process.stdout.readline()).startswith("ready"):
            if not line or line.startswith("failed"):
                raise RuntimeError(f"the cluster did not come back: {line.strip()}")

    def stop(self) -> None:
        self.host.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def transactions_per_second(output: str) -> float:
    match = re.search(r"tps = ([\d.]+)", output)
    if not match:
        raise RuntimeError(f"pgbench said nothing of its speed: {output[-500:]}")
    return float(match[1])
