"""Drives `make demo`: starts the workers and two orders, kills a worker, prints what happens and how it ended, then shows in
a line or two each what features.py has.

    python tour.py ADDRESS SWIFT-WORKER LOG-FOLDER

Exits 0 only if both orders were delivered as they should be, and every worker stopped in good order.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import features
from kagzi import Client, Handle, RunStatus, StepAttempt, StepKind, StepState
from worker import Delivery, Order

TIMEOUT_SECONDS = 90
"""An order that takes longer is a failure of the demo."""

STOP_SECONDS = 15
"""How long a worker may take to stop."""

USES_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def paint(text: str, colour: str) -> str:
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if USES_COLOUR and colour else text


class Deviation(Exception):
    """The demo did not go as it should."""


class Screen:
    """Aligned lines: seconds since the start, run, step, state, attempt, worker."""

    WIDTHS = (7, 14, 14, 13, 9, 10)

    def __init__(self) -> None:
        self._start = time.monotonic()

    def head(self) -> None:
        print(paint(self._row("seconds", "run", "step", "state", "attempt", "worker", "remark"), "dim"))

    def line(self, run: str, step: str, state: str, attempt: int | str = "", worker: str = "", remark: str = "") -> None:
        colour = {"completed": "green", "failed": "red", "lost": "red", "retrying": "yellow"}.get(state, "cyan")
        seconds = f"{time.monotonic() - self._start:7.2f}"
        print(self._row(seconds, run, step, state, str(attempt), worker, remark, colour=colour), flush=True)

    def say(self, text: str, colour: str = "bold") -> None:
        print(f"  {time.monotonic() - self._start:7.2f}  {paint(text, colour)}", flush=True)

    def _row(self, *cells: str, colour: str = "") -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells, self.WIDTHS)]
        padded[3] = paint(padded[3], colour)
        return ("  " + "  ".join([*padded, paint(cells[-1], "dim")])).rstrip()


class Workers:
    """The worker processes, each with a log of its own. Ends them all when it is left."""

    def __init__(self, address: str, swift_worker: str, logs: Path) -> None:
        self._address = address
        self._swift_worker = swift_worker
        self._logs = logs
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(self, *_: object) -> None:
        left = [process for process in self._processes.values() if process.returncode is None]
        for process in left:
            process.kill()
        for process in left:
            await process.wait()

    async def start(self, name: str) -> int:
        """Starts the worker of this name, in the language that the name begins with. Gives its process id."""
        if name.startswith("swift"):
            program = [self._swift_worker]
        else:
            program = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        with (self._logs / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *program, self._address, name, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes[name] = process
        return process.pid

    async def kill(self, name: str) -> None:
        """kill -9."""
        process = self._processes.pop(name)
        process.kill()
        await process.wait()

    async def expect_end(self, name: str) -> None:
        """Waits for a worker that was drained: it ends by itself, in good order."""
        code = await asyncio.wait_for(self._processes.pop(name).wait(), STOP_SECONDS)
        if code != 0:
            raise Deviation(f"the worker {name} ended with {code}")

    def check(self) -> None:
        """Every worker that should be there is there."""
        for name, process in self._processes.items():
            if process.returncode is not None:
                raise Deviation(f"the worker {name} ended by itself, with {process.returncode}")

    async def stop(self) -> None:
        """Asks all to stop, together, and waits for it."""
        for process in self._processes.values():
            process.terminate()
        for name, process in self._processes.items():
            try:
                code = await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except asyncio.TimeoutError:
                raise Deviation(f"the worker {name} did not stop within {STOP_SECONDS} s") from None
            if code != 0:
                raise Deviation(f"the worker {name} stopped with {code}")


async def follow(handle: Handle[Delivery], screen: Screen) -> None:
    """Prints a run's changes as they come."""
    run = handle.workflow_id
    async for change in handle.watch():
        if change.run is not None:
            status = change.run.status
            if status.is_closed:
                state = "completed" if status == RunStatus.COMPLETED else status.name.lower()
                screen.line(run, "(the run)", state, remark=change.run.status_reason)
        elif change.attempt is not None:
            attempt = change.attempt
            failure = attempt.failure
            is_lost = failure is not None and failure.kind.name == "WORKER_LOST"
            remark = "its worker died" if is_lost else str(failure.message if failure else "")
            if attempt.retry_delay is not None:
                remark += f"; next try in {attempt.retry_delay:.1f} s"
            screen.line(run, attempt.step, "lost" if is_lost else "retrying", attempt.attempt, attempt.worker_id, remark)
        elif change.step is not None:
            step = change.step
            is_settled = change.kind == "step_settled"
            if step.kind == StepKind.SLEEP:
                screen.line(run, step.key, "woken" if is_settled else "asleep")
            elif is_settled:
                worker = await worker_of(handle, step.key)
                screen.line(run, step.key, step.state.name.lower(), step.attempt, worker)
            else:
                screen.line(run, step.key, "asked for")


async def worker_of(handle: Handle[Delivery], step: str) -> str:
    """The worker of a step's newest attempt."""
    attempts = await handle.attempts(step)
    return attempts[-1].worker_id if attempts else ""


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Waits for what the watched runs do not tell: that something is going on inside of a step."""
    give_up_at = time.monotonic() + TIMEOUT_SECONDS
    while not await condition():
        if time.monotonic() > give_up_at:
            raise Deviation(f"{what} did not happen within {TIMEOUT_SECONDS} s")
        await asyncio.sleep(0.05)


async def is_packing(handle: Handle[Delivery]) -> bool:
    """Whether the Python workflow has its payment and packs: its worker holds the run."""
    steps = {step.key: step.state for step in await handle.steps(include_payloads=False)}
    run = await handle.describe()
    return steps.get("charge-card") == StepState.COMPLETED and run.status == RunStatus.RUNNING and "pack" not in steps


async def has_picked(handle: Handle[Delivery], count: int) -> bool:
    """Whether the Python activity of the Swift workflow has told that it picked so many items."""
    return any(step.key == "pick-items" and (step.progress() or 0) >= count for step in await handle.steps())


async def check(handle: Handle[Delivery], expected: Delivery) -> None:
    run = await handle.describe()
    if run.status != RunStatus.COMPLETED:
        raise Deviation(f"{handle.workflow_id} is {run.status.name}: {run.status_reason or run.failure}")
    result = run.output(Delivery)
    if result != expected:
        raise Deviation(f"{handle.workflow_id} returned {asdict(result)} instead of {asdict(expected)}")


async def show(handles: list[Handle[Delivery]]) -> None:
    """The final state: each run, its steps, their attempts and who ran them."""
    rows = [("run", "step", "kind", "state", "attempts", "worker", "result")]
    for handle in handles:
        run = await handle.describe()
        by_step: dict[str, list[StepAttempt]] = {}
        for attempt in await handle.attempts():
            by_step.setdefault(attempt.step, []).append(attempt)
        rows.append((handle.workflow_id, "", "workflow", run.status.name, "", "", f"version {run.version}"))
        for step in await handle.steps():
            workers = [attempt.worker_id for attempt in by_step.get(step.key, [])]
            names = [name for at, name in enumerate(workers) if at == 0 or workers[at - 1] != name]
            attempts = "" if step.kind == StepKind.SLEEP else str(step.attempt)
            rows.append(
                ("", step.key, step.kind.name.lower(), step.state.name, attempts, " > ".join(names), str(step.output() or ""))
            )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for at, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        if at == 0:
            print(("  " + paint("  ".join(cells), "dim")).rstrip())
            continue
        cells[3] = paint(cells[3], "green" if row[3] == "COMPLETED" else "red")
        if row[0]:
            cells[0] = paint(cells[0], "bold")
        print(("  " + "  ".join(cells)).rstrip())
    print()


async def play(address: str, swift_worker: str, logs: Path) -> None:
    screen = Screen()
    async with Client(address, retry_for=5) as client, Workers(address, swift_worker, logs) as workers:
        for name in ("swift-1", "python-1"):
            screen.say(f"worker {name} starts, process {await workers.start(name)}")
        python = Order("python-order", "books", 6, 4_900)
        swift = Order("swift-order", "lamps", 8, 12_500)
        first = await client.start("python-order", python, id=python.id, result_type=Delivery)
        second = await client.start("swift-order", swift, id=swift.id, result_type=Delivery)
        screen.say("two orders are placed: one workflow in Python, one in Swift; each needs the other language's activities")
        screen.head()
        followers = [asyncio.ensure_future(follow(handle, screen)) for handle in (first, second)]
        try:
            await until(lambda: is_packing(first), "packing")
            await until(lambda: has_picked(second, 2), "picking")
            screen.say(f"worker python-2 starts, process {await workers.start('python-2')}")
            workers.check()
            screen.say("kill -9 of python-1, which is packing for python-order and has picked items for swift-order", "red")
            await workers.kill("python-1")
            await asyncio.wait_for(asyncio.gather(*followers), TIMEOUT_SECONDS)
        except asyncio.TimeoutError:
            raise Deviation(f"the orders were not delivered within {TIMEOUT_SECONDS} s") from None
        finally:
            for follower in followers:
                follower.cancel()
        await show([first, second])
        await check(
            first,
            Delivery(python.id, "4900 cents taken in Swift", "6 books packed in Python", "courier python-order booked in Swift"),
        )
        await check(
            second,
            Delivery(swift.id, "12500 cents taken in Swift", "8 lamps picked in Python", "courier swift-order booked in Swift"),
        )
        if await worker_of(first, "pack") != "python-2" or await worker_of(second, "pick-items") != "python-2":
            raise Deviation("the work of the killed worker was not finished by python-2")
        workers.check()
        screen.say("both orders are delivered; now, in short, what else there is")
        await features.parallel(client, screen.say)
        await features.race(client, screen.say)
        await features.canary(client, screen.say)

        async def start_another() -> None:
            screen.say(f"worker python-3 starts, process {await workers.start('python-3')}")

        await features.drain(client, screen.say, until, "python-2", start_another)
        await workers.expect_end("python-2")
        workers.check()
        screen.say("the workers stop")
        await workers.stop()


async def main() -> None:
    address, swift_worker, logs = sys.argv[1:]
    playing = asyncio.ensure_future(play(address, swift_worker, Path(logs)))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        """The first signal ends the tour; later ones must not disturb it while it tidies up."""
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        playing.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await playing
    except asyncio.CancelledError:
        sys.exit(130)
    except (Deviation, features.Unexpected) as error:
        print(paint(f"\n  the demo failed: {error}", "red"))
        sys.exit(1)
    except Exception as error:  # whatever it is, the logs beside it tell more
        print(paint(f"\n  the demo failed: {error!r}", "red"))
        sys.exit(1)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
