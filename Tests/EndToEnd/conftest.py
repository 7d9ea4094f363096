"""One Postgres cluster for the session, coordinators on databases of it, workers as processes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

pytest.register_assert_rewrite("harness.operations", "harness.operations_on_many")

from harness import Coordinator, Postgres, Process, RawWorker, Service
from harness.rules import broken_rules

ROOT = Path(__file__).resolve().parents[2]
WORKERS = Path(__file__).parent / "workers"


@pytest.fixture(scope="session")
def binary() -> Path:
    """The executable, built from the sources as they are."""
    build = ["swift", "build", "--configuration", os.environ.get("KAGZI_BUILD", "debug"), "--product", "kagzi"]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    folder = subprocess.run([*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(folder.stdout.strip()) / "kagzi"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    cluster = Postgres(tmp_path_factory.mktemp("cluster") / "postgres")
    cluster.start()
    yield cluster
    broken = broken_rules(cluster)
    cluster.stop()
    assert broken == []


@pytest.fixture(scope="session")
def shared(binary: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator for every test that does not hurt it: each keeps to queues of its own."""
    log = tmp_path_factory.mktemp("shared") / "coordinator.log"
    coordinator = Coordinator(binary, postgres.make_database(), log).start()
    yield coordinator
    coordinator.close()


@pytest.fixture
def service(shared: Coordinator) -> Iterator[Service]:
    service = Service(shared.address)
    yield service
    service.close()


@pytest.fixture
def queue() -> str:
    """A task queue that only this test uses."""
    return f"queue-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def new_database(postgres: Postgres) -> Callable[[], str]:
    return postgres.make_database


@pytest.fixture
def new_coordinator(binary: Path, tmp_path: Path) -> Iterator[Callable[..., Coordinator]]:
    """Starts coordinators; they end with the test."""
    made: list[Coordinator] = []

    def start(database: str, *options: str) -> Coordinator:
        coordinator = Coordinator(binary, database, tmp_path / f"coordinator-{len(made)}.log", options)
        made.append(coordinator)
        return coordinator.start()

    yield start
    for coordinator in made:
        coordinator.close()


@pytest.fixture
def new_worker(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts Python workers: a script of `workers` with its arguments; they end with the test."""
    made: list[Process] = []

    def start(script: str, *arguments: str, env: Mapping[str, str] | None = None) -> Process:
        command = [sys.executable, "-u", WORKERS / script, *arguments]
        process = Process(command, tmp_path / f"worker-{len(made)}.log", env)
        made.append(process)
        return process

    yield start
    for process in made:
        if process.is_running:
            process.kill()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawWorker]]:
    """Registers workers without an SDK; they leave with the test."""
    made: list[RawWorker] = []

    def register(service: Service, task_queue: str, **options: object) -> RawWorker:
        worker = RawWorker(service, task_queue, **options)  # type: ignore[arg-type]
        made.append(worker)
        return worker

    yield register
    for worker in made:
        worker.drop()
