"""The coordinator that an operator asked is killed around its commit or its push; the caller asks the other one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import Postgres
from harness.operations import Fork, Operation, Pause, Resume, Retry
from harness.operations_on_many import Cancel, Move, RetryMany, Signal, Terminate
from harness.victims import Stage

OPERATIONS: list[type[Operation]] = [Terminate, Cancel, Move, Pause, Resume, Retry, Fork, Signal, RetryMany]
# The ones that wait for scans go first.
CASES = [
    (operation, point)
    for point in ("after commit", "before push", "after push", "before commit")
    for operation in OPERATIONS
    if operation.act or not point.endswith("push")
]


def play(stage: Stage, operation: type[Operation], point: str) -> None:
    name = f"{operation.__name__}-{point}".lower().replace(" ", "-")
    with stage.scene(name) as scene:
        asked = operation(scene)
        is_push = point.endswith("push")
        asked.prepare(at_victim=is_push)
        if is_push:
            scene.attempt(point.replace("push", asked.act), lambda pushed: True, asked.call)
        else:
            scene.attempt(point, lambda statements: asked.statement in statements, asked.call)
        changed = [run_id for run_id in asked.runs if asked.is_changed(run_id)]
        assert bool(changed) == (point != "before commit")
        if is_push:
            scene.move([*asked.held.values()])
            scene.flow.grant(20, 20)
        if point in ("before commit", "after push"):
            asked.repeat()
            assert all(asked.is_changed(run_id) for run_id in asked.runs)
            asked.go_on(asked.runs)
        else:
            asked.go_on(changed)
            asked.repeat()
            asked.go_on([run_id for run_id in asked.runs if run_id not in changed])
        asked.finish()
        scene.flow.expect_nothing("task", 0.2)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, binary: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Any, Future[None]]]:
    """The selected cases, played side by side: most of the time they wait."""
    stage = Stage(binary, postgres, tmp_path_factory.mktemp("control"))
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module]
    chosen = [(item.callspec.params["operation"], item.callspec.params["point"]) for item in items]
    with ThreadPoolExecutor(len(CASES)) as pool:
        yield {case: pool.submit(play, stage, *case) for case in CASES if case in chosen}
    stage.close()


@pytest.mark.parametrize(("operation", "point"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_what_was_asked_is_wholly_done_or_not_at_all_and_once_when_it_is_asked_again(
    outcomes: dict[Any, Future[None]], operation: type[Operation], point: str
) -> None:
    outcomes[operation, point].result(120)
