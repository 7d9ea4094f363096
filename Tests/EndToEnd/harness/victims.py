"""Coordinators that die at one message, beside one that lives on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from .coordinator import Coordinator
from .faults import PostgresProxy, Strike, WorkerProxy
from .postgres import Postgres
from .raw import RawWorker
from .service import Service

SMALL = ("--lanes", "1", "--read-connections", "1", "--lookup-connections", "1")


class Stage:
    """A database with a coordinator that lives on. Victims join it, a few at a time."""

    def __init__(self, binary: Path, postgres: Postgres, folder: Path, most_victims: int = 6) -> None:
        self.binary = binary
        self.postgres = postgres
        self.folder = folder
        self.database = postgres.make_database()
        self.other = Coordinator(binary, self.database, folder / "other.log").start()
        self._room = threading.Semaphore(most_victims)

    def close(self) -> None:
        self.other.close()

    @contextmanager
    def scene(self, name: str) -> Iterator[Scene]:
        self._room.acquire()
        scene = Scene(self, name, self._room.release)
        try:
            yield scene
        finally:
            scene.close()


class Scene:
    """One victim behind proxies, and one worker, at the victim or at the one that lives on."""

    def __init__(self, stage: Stage, name: str, left: Callable[[], None]) -> None:
        self.queue = f"queue-{name}"
        self._stage = stage
        self._left: Callable[[], None] | None = left
        self.strike = Strike()
        self._postgres_proxy = PostgresProxy(stage.postgres.port, self.strike)
        through = stage.database.replace(f":{stage.postgres.port}/", f":{self._postgres_proxy.port}/")
        self.victim = Coordinator(
            stage.binary, through + "?sslmode=disable&gssencmode=disable", stage.folder / f"{name}.log", SMALL
        )
        self.victim.start()
        self._worker_proxy = WorkerProxy(int(self.victim.address.rpartition(":")[2]), self.strike)
        self.here = Service(stage.other.address)
        self._there = Service(self.victim.address)
        self._watched = Service(f"127.0.0.1:{self._worker_proxy.port}")
        self.flow: RawWorker
        self._hired: list[RawWorker] = []

    def register(self, at_victim: bool, **options: Any) -> RawWorker:
        """The worker; its lease outlives the scene as long as it beats."""
        self.flow = RawWorker(self._watched if at_victim else self.here, self.queue, **options)
        self.flow.open()
        self.flow.keep_beating(5)
        return self.flow

    def hire(self, **options: Any) -> RawWorker:
        """Another worker, at the coordinator that lives on."""
        worker = RawWorker(self.here, self.queue, **options)
        worker.open()
        self._hired.append(worker)
        return worker

    def attempt(self, point: str, matches: Callable[..., bool], call: Callable[[Service], Any]) -> None:
        """Calls through the victim, which is killed at that message; returns when it is dead, and whatever Postgres still had
        to do for it is done."""
        self.strike.arm(point, matches, self.victim.kill)
        try:
            call(self._there)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        assert self.strike.struck.wait(20), "the message to strike at never came"
        ports = ",".join(map(str, self._postgres_proxy.own_ports))
        backends = f"SELECT count(*) FROM pg_stat_activity WHERE client_port IN ({ports})"
        while self._stage.postgres.query(self._stage.database, backends) != [["0"]]:
            time.sleep(0.05)
        self._leave()

    def move(self, held: list[bytes]) -> None:
        """The worker goes on at the coordinator that lives."""
        self.flow.move(self.here, held)
        self.flow.keep_beating(5)

    def _leave(self) -> None:
        left, self._left = self._left, None
        if left:
            left()

    def close(self) -> None:
        for worker in [*self._hired, *([self.flow] if hasattr(self, "flow") else [])]:
            worker.drop()
        for service in (self.here, self._there, self._watched):
            service.close()
        self._postgres_proxy.close()
        self._worker_proxy.close()
        self.victim.close()
        self._leave()
