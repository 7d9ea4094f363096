"""A Postgres cluster of the test's own, on loopback, that can be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from .processes import Process, free_port

PASSWORD = "only-for-this-test"


def binaries() -> Path:
    """The newest server programs of the system."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    where = shutil.which("postgres")
    assert where, "no PostgreSQL server programs were found: run make setup"
    return Path(where).parent


def as_server_account() -> list[str]:
    """The words before a command that make it run as `postgres` when we are root. pytest's folders are closed to
    others: the capability lets it pass through them."""
    if os.geteuid() != 0:
        return []
    entry = pwd.getpwnam("postgres")
    return [
        "setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups",
        "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--",
    ]  # fmt: skip


class Postgres:
    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.settings = settings or {}
        self.port = free_port()
        self.process: Process | None = None
        self._programs = binaries()
        self._prefix = as_server_account()
        self.databases: list[str] = []
        """The names of those that were made here."""
        self._make()

    def _make(self) -> None:
        self.folder.mkdir()
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            for path in (self.folder, password):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        initdb = [
            *self._prefix, str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", "kagzi", "-A",
            "scram-sha-256", f"--pwfile={password}", "--no-instructions", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
        ]  # fmt: skip
        done = subprocess.run(initdb, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://kagzi:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts it; returns when it accepts connections, after recovery if there was a crash."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "max_connections": 100,
            "shared_buffers": "32MB", "log_min_messages": "log", "deadlock_timeout": "200ms",
            **self.settings,
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [*self._prefix, self._programs / "postgres", "-D", self.folder / "data", *options]
        log = self.folder.parent / f"{self.folder.name}.log"
        for attempt in range(40):
            self.process = Process(command, log, {"LC_ALL": "C"})
            try:
                self.process.wait_line("ready to accept connections|shared memory block|already exists|lock file", 20)
            except AssertionError:
                if attempt == 39:
                    raise
            if self.process.count("ready to accept connections"):
                return
            self.process.terminate()
        raise AssertionError("Postgres did not start")

    def make_database(self) -> str:
        """A new, empty database; its URL."""
        name = f"test_{len(self.databases) + 1}"
        self.databases.append(name)
        psql = [shutil.which("psql") or str(self._programs / "psql"), self.url(), "-qXc", f"CREATE DATABASE {name}"]
        done = subprocess.run(psql, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return self.url(name)

    def query(self, url: str, sql: str) -> list[list[str]]:
        psql = [shutil.which("psql") or str(self._programs / "psql"), url, "-qXAtF", "\t", "-c", sql]
        done = subprocess.run(psql, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def kill(self) -> None:
        """kill -9 of the postmaster and of each of its children."""
        assert self.process
        children = self._children(self.process.pid)
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        for child in children + self._children(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.kill()

    def freeze(self) -> None:
        """SIGSTOP of the postmaster and of each of its children: connections stay, answers do not come."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Ends `freeze`."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self.process
        for pid in [self.process.pid, *self._children(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        if self.process and self.process.is_running:
            self.process.process.send_signal(signal.SIGQUIT)
            self.process.process.wait(20)

    @staticmethod
    def _children(pid: int) -> list[int]:
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(word) for word in text.split()]
