"""The examples that people copy."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid

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
    text, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, text.decode()
    return text.decode()


async def test_simple(coordinator: Coordinator) -> None:
    assert await output(await run(coordinator, "simple.py", "ada")) == "HELLO, ADA!\n"


async def test_order_fulfilment(coordinator: Coordinator) -> None:
    worker = await run(coordinator, "order_fulfilment.py", "worker")
    try:
        order = f"order-{uuid.uuid4().hex[:8]}"
        text = await output(await run(coordinator, "order_fulfilment.py", "order", order, "49.90"))
        assert f"shipped: TRACK-{order}" in text
        assert [line.split()[0] for line in text.splitlines()[2:]] == [
            "validate",
            "take-payment",
            "reserve-stock",
            "cool-down",
            "ship",
        ]
        assert "failed: " in await output(await run(coordinator, "order_fulfilment.py", "order", f"{order}-free", "0"))
    finally:
        worker.send_signal(signal.SIGTERM)
        await output(worker)
