"""What the machine itself can do: measured in the same rounds, so that ratios hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from harness.bench import FOLDER, Bench
from harness.processes import Child, run
from measurements import echo, limit

POSTGRES = "postgres"
ECHO = "echo"


def postgres(bench: Bench) -> dict[str, Any]:
    """The life of a job in three batched transactions, and a single-row commit."""
    return {"lifecycles": limit.lifecycles(bench, bench.size(5, 2)), "commit": limit.commit(bench, bench.size(2, 1))}


class Echoes:
    """Our unary echo beside that of gRPC C++."""

    def __init__(self) -> None:
        self.program = echo.build_peer()
        self.body = FOLDER / "echo-body"
        self.body.write_bytes(echo.FRAME)

    def measure(self, bench: Bench) -> dict[str, Any]:
        seconds = bench.size(3, 1)
        with self._servers(bench) as (ours, theirs):
            for server in (ours, theirs):
                echo.load(server, 1, self.body)
            return {"kagzi": echo.load(ours, seconds, self.body), "grpc_cpp": echo.load(theirs, seconds, self.body)}

    @contextmanager
    def _servers(self, bench: Bench) -> Iterator[tuple[Child, Child]]:
        with ExitStack() as children:
            servers = [children.enter_context(Child(command, bench.log, ready=r"^ready (\d+)"))
                       for command in ([bench.tool, "echo-server", "-"], [self.program])]
            for server in servers:
                run([bench.tool, "echo-check", server.answer])
            yield servers[0], servers[1]
