"""A real coordinator in a process of its own, and a proxy that cuts connections to it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
START_SECONDS = 60
STOP_SECONDS = 30


class Coordinator:
    """`kagzi dev` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, at the same address if it ran before, and wait until it listens."""
        binary = Path(os.environ.get("KAGZI_BIN") or ROOT / ".build/debug/kagzi")
        if not binary.exists():
            pytest.fail(f"no {binary}: build it (swift build --product kagzi), set KAGZI_BIN, or run pytest -m 'not e2e'")
        listening = threading.Event()
        self._process = process = subprocess.Popen(
            [str(binary), "dev", "--data-dir", str(self.folder), "--listen", self.address or "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self.log.append(line.rstrip())
                found = re.match(r"kagzi: listening on (\S+)", line)
                if found:
                    self.address = found[1]
                    listening.set()
            listening.set()

        threading.Thread(target=read, daemon=True).start()
        if not listening.wait(START_SECONDS) or process.poll() is not None or not self.address:
            self.stop()
            pytest.fail("the coordinator did not start:\n" + "\n".join(self.log[:20]))

    def stop(self) -> int | None:
        """Stop it in good order; gives its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail("the coordinator did not stop within 30 s:\n" + "\n".join(self.log[:20]))


class Cutter:
    """A TCP proxy that can cut all of its connections."""

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.address = ""

    async def start(self, again: bool = False) -> None:
        """Take connections: `again`, at the same address as before."""
        port = int(self.address.rpartition(":")[2]) if again else 0
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> int:
        """Cut every connection; gives how many."""
        count = len(self._writers)
        for writer in list(self._writers):
            writer.transport.abort()
        return count

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (OSError, ConnectionError):
            pass
        finally:
            writer.close()
