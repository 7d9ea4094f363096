"""A coordinator process that can be killed and started again at its address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .processes import Process, free_port
from .service import Service


class Coordinator:
    def __init__(
        self, binary: Path, database: str, log: Path, options: tuple[str, ...] = (), env: Mapping[str, str] | None = None
    ) -> None:
        self.binary = binary
        self.database = database
        self.log = log
        self.options = options
        self.env = env
        self.address = f"127.0.0.1:{free_port()}"
        self.process: Process
        self._services: list[Service] = []

    def start(self) -> Coordinator:
        """Returns when it listens."""
        command = [self.binary, "server", "--database-url", self.database, "--listen", self.address, *self.options]
        self.process = Process(command, self.log, self.env)
        self.process.wait_line("kagzi: listening on ")
        return self

    def service(self) -> Service:
        """A client of it."""
        service = Service(self.address)
        self._services.append(service)
        return service

    def kill(self) -> None:
        self.process.kill()

    def terminate(self, timeout: float = 40) -> int:
        return self.process.terminate(timeout)

    def close(self) -> None:
        for service in self._services:
            service.close()
        if self.process.is_running:
            self.kill()
