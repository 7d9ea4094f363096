"""Running the examples as a user does: each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coordinator import ROOT, Coordinator

EXAMPLES = ROOT / "examples/python"


async def run(coordinator: Coordinator, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=EXAMPLES,
        env={**os.environ, "KAGZI_ADDRESS": coordinator.address, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def output(process: asyncio.subprocess.Process) -> str:
    text, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, text.decode()
    return text.decode()


@asynccontextmanager
async def working(coordinator: Coordinator, *arguments: str) -> AsyncIterator[list[str]]:
    """A worker process meanwhile, stopped by SIGTERM at the end; then its output is in the list."""
    process = await run(coordinator, *arguments)
    lines: list[str] = []
    try:
        yield lines
    finally:
        process.send_signal(signal.SIGTERM)
        lines += (await output(process)).splitlines()
