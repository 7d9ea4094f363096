"""What a system under measurement is to the harness."""

from __future__ import annotations

import abc
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from harness.bench import ROOT, Bench
from harness.processes import Child, run

from peers import environment
from peers.drivers import Conversation, Driver

PROGRAMS = ROOT / "benchmarks/peers/programs"


@dataclass(frozen=True)
class Size:
    """How much of a workload a system is given, so that it takes a few seconds."""

    count: int
    rounds: int | None = None
    """In how many rounds it runs; in each, if None."""


@dataclass
class Running:
    """A system that is up."""

    driver: Driver
    groups: dict[str, list[int]]
    """The roots of its process trees by what they are: server, worker, driver, postgres."""
    database: str | None = None
    room: dict[str, float] = field(default_factory=dict)
    """How many cores a group can use, where that is fewer than there are: a Python process uses one."""
    version: str = ""


class System(abc.ABC):
    """A system and how much it is asked for. `sizes` names the workloads that it can do."""

    name: ClassVar[str]
    title: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[dict[str, Size]]
    is_ours: ClassVar[bool] = False

    def prepare(self) -> Path:
        """Installs what it needs; gives the folder with its programs."""
        return environment.install(self.name, self.packages)

    @abc.abstractmethod
    def start(self, bench: Bench, programs: Path) -> Iterator[Running]:
        """Starts it afresh and yields it once: a generator, ended by `running`."""

    @contextmanager
    def running(self, bench: Bench, programs: Path) -> Iterator[Running]:
        yield from self.start(bench, programs)


class PythonPeer(System):
    """A peer that is a library over Postgres: no server, some worker processes, a program that is worker and driver."""

    program: ClassVar[str]
    workers: ClassVar[int] = 2

    def install(self, bench: Bench, programs: Path, url: str) -> None:
        """Makes its tables."""
        run([*self.command(programs), "install", url], env=environment.quiet())

    def worker(self, programs: Path, url: str, number: int) -> list[str]:
        return [*self.command(programs), "worker", url]

    def command(self, programs: Path) -> list[str]:
        return [str(programs / "python"), "-B", str(PROGRAMS / self.program)]

    def start(self, bench: Bench, programs: Path) -> Iterator[Running]:
        database = f"bench_{self.name}"
        url = uri(bench.cluster.make_database(database), database)
        self.install(bench, programs, url)
        with ExitStack() as children:
            workers = [children.enter_context(Child(self.worker(programs, url, number), bench.log, ready=r"^ready (.*)$"))
                       for number in range(self.workers)]
            driver = children.enter_context(Conversation([*self.command(programs), "driver", url], bench.log))
            yield Running(
                driver, {"worker": [worker.pid for worker in workers], "driver": [driver.pid], "postgres": [bench.cluster.pid]},
                database, {"worker": self.workers, "driver": 1}, driver.version)


def uri(connection: str, database: str) -> str:
    """A libpq connection string over a unix socket as the URI that all clients take."""
    words = dict(word.split("=", 1) for word in shlex.split(connection))
    return f"postgresql://{words['user']}@/{database}?host={quote(words['host'], safe='')}&port={words.get('port', '5432')}"
