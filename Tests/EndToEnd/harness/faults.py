"""Proxies that watch a coordinator's talk with Postgres and with its workers, and strike at one message of it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .contract import worker_service
from .processes import free_port


class Strike:
    """What happens once, at the message that a test chose: the coordinator is killed."""

    def __init__(self) -> None:
        self.struck = threading.Event()
        self._lock = threading.Lock()
        self._matches: Callable[..., bool] | None = None
        self._kill: Callable[[], None] = lambda: None
        self.at: Any = None

    def arm(self, point: str, matches: Callable[..., bool], kill: Callable[[], None]) -> None:
        """From now on, the first message at `point` for which `matches` holds kills."""
        with self._lock:
            self._kill = kill
            self.at = point
            self._matches = matches

    def now(self, point: str, what: Any) -> bool:
        """Whether this is the message: then the coordinator is dead when the call returns."""
        with self._lock:
            if self.struck.is_set() or self._matches is None or self.at != point or not self._matches(what):
                return False
            self.struck.set()
            self._kill()
            return True


class Closed(Exception):
    """One side has closed its connection, or the strike has."""


class Proxy:
    """Carries the bytes of each connection both ways, through methods that may look at them and keep them back."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.port = free_port()
        self.own_ports: list[int] = []
        """The near ends of its connections upstream."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream_port))
        except OSError:
            client.close()
            return
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.own_ports.append(server.getsockname()[1])
        self.carry(client, server)

    def carry(self, client: socket.socket, server: socket.socket) -> None:
        raise NotImplementedError

    @staticmethod
    def pump(source: socket.socket, target: socket.socket, look: Callable[[bytes], bytes]) -> None:
        """Carries one direction until one side closes; `look` gives what may pass."""

        def run() -> None:
            try:
                while data := source.recv(1 << 16):
                    passing = look(data)
                    if passing:
                        target.sendall(passing)
            except (OSError, Closed):
                pass
            for side in (source, target):
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()

        threading.Thread(target=run, daemon=True).start()


class PostgresProxy(Proxy):
    """Between a coordinator and Postgres. Points: `before commit`, the batch's statements have reached the server and the sync
    that commits them has not; `after commit`, the server has committed and the coordinator does not hear of it. Matched by the
    names of the batch's statements."""

    def __init__(self, upstream_port: int, strike: Strike) -> None:
        self.strike = strike
        super().__init__(upstream_port)

    def carry(self, client: socket.socket, server: socket.socket) -> None:
        talk = _PostgresTalk(self.strike)
        self.pump(client, server, lambda data: self._forward(talk, data, server))
        self.pump(server, client, talk.answered)

    @staticmethod
    def _forward(talk: _PostgresTalk, data: bytes, server: socket.socket) -> bytes:
        passing, is_over = talk.asked(data)
        if is_over:
            server.sendall(passing)
            raise Closed
        return passing


class _PostgresTalk:
    """One connection: whole messages of both directions."""

    def __init__(self, strike: Strike) -> None:
        self.strike = strike
        self.is_started = False
        self.asking = b""
        self.answering = b""
        self.statements: list[str] = []
        self.committing: list[list[str]] = []
        self.failed = False

    def asked(self, data: bytes) -> tuple[bytes, bool]:
        """What may pass to the server of these bytes, and whether the connection ends with it."""
        self.asking += data
        passing = b""
        while True:
            message = self._next_asked()
            if message is None:
                return passing, False
            if message[:1] == b"S":  # Sync
                if self.strike.now("before commit", self.statements):
                    return passing, True
                self.committing.append(self.statements)
                self.statements = []
            elif statement := self._bound(message):
                self.statements.append(statement.decode())
            passing += message

    def _next_asked(self) -> bytes | None:
        # The first message has no type.
        start = 1 if self.is_started else 0
        if len(self.asking) < start + 4:
            return None
        length = start + struct.unpack_from(">I", self.asking, start)[0]
        if len(self.asking) < length:
            return None
        message, self.asking = self.asking[:length], self.asking[length:]
        self.is_started = True
        return message

    @staticmethod
    def _bound(message: bytes) -> bytes | None:
        """The prepared statement of a Bind message."""
        if message[:1] != b"B":
            return None
        statement = message[message.index(b"\0", 5) + 1 :]
        return statement[: statement.index(b"\0")]

    def answered(self, data: bytes) -> bytes:
        self.answering += data
        passing = b""
        while len(self.answering) >= 5:
            length = 1 + struct.unpack_from(">I", self.answering, 1)[0]
            if len(self.answering) < length:
                break
            message, self.answering = self.answering[:length], self.answering[length:]
            if message[:1] == b"Z" and self.committing:  # ReadyForQuery
                batch, failed, self.failed = self.committing.pop(0), self.failed, False
                if not failed and self.strike.now("after commit", batch):
                    raise Closed
            elif message[:1] == b"E":
                self.failed = True
            passing += message
        return passing


class WorkerProxy(Proxy):
    """Between a coordinator and its workers. Points: `before push`, the task was committed as handed out and is not delivered;
    `after push`, it was delivered; matched by the task. `before telling` and `after telling`: the same for groups that were
    resolved while the worker holds the task; matched by what it is told. `before calling off` and `after calling off`: the same
    for tasks that are to be cancelled or are lost; matched by the message."""

    def __init__(self, upstream_port: int, strike: Strike) -> None:
        self.strike = strike
        super().__init__(upstream_port)

    def carry(self, client: socket.socket, server: socket.socket) -> None:
        talk = _WorkTalk(self.strike)
        self.pump(client, server, lambda data: data)
        self.pump(server, client, lambda data: self._deliver(talk, data, client))

    @staticmethod
    def _deliver(talk: _WorkTalk, data: bytes, client: socket.socket) -> bytes:
        passing, is_over = talk.sent(data)
        if is_over:
            client.sendall(passing)
            raise Closed
        return passing


class _WorkTalk:
    """The HTTP/2 frames of one connection from the coordinator, and the messages of the Work stream in them."""

    def __init__(self, strike: Strike) -> None:
        self.strike = strike
        self.buffer = b""
        self.streams: dict[int, bytes] = {}

    def sent(self, data: bytes) -> tuple[bytes, bool]:
        """What may pass to the worker of these bytes, and whether the connection ends with it."""
        self.buffer += data
        passing = b""
        while len(self.buffer) >= 9:
            length = 9 + int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < length:
                break
            frame, self.buffer = self.buffer[:length], self.buffer[length:]
            messages = self._messages(frame)
            if any(self.strike.now(f"before {act}", message) for act, message in messages):
                return passing, True
            passing += frame
            # The proxy delivers what has passed though the coordinator is dead by then.
            if any(self.strike.now(f"after {act}", message) for act, message in messages):
                return passing, True
        return passing, False

    def _messages(self, frame: bytes) -> list[tuple[str, Any]]:
        """The pushes that end with this frame."""
        kind, flags = frame[3], frame[4]
        if kind != 0 or flags & 0x8:
            return []
        stream = int.from_bytes(frame[5:9], "big")
        pending = self.streams.get(stream, b"") + frame[9:]
        messages = []
        while len(pending) >= 5 and len(pending) >= 5 + int.from_bytes(pending[1:5], "big"):
            length = 5 + int.from_bytes(pending[1:5], "big")
            messages += self._push(pending[:length])
            pending = pending[length:]
        self.streams[stream] = pending
        return messages

    @staticmethod
    def _push(message: bytes) -> list[tuple[str, Any]]:
        with suppress(Exception):  # Messages of other calls need not parse.
            response = worker_service.WorkResponse.FromString(message[5:])
            tasks = [*response.tasks, *([response.task] if response.HasField("task") else [])]
            pushes: list[tuple[str, Any]] = [("push", task) for task in tasks if len(task.run_id) == 36]
            if response.HasField("groups") and len(response.groups.token) == 38:
                pushes.append(("telling", response.groups))
            if response.HasField("cancel") and len(response.cancel.token) >= 38:
                pushes.append(("calling off", response.cancel))
            if response.HasField("lost") and any(len(token) >= 38 for token in response.lost.tokens):
                pushes.append(("calling off", response.lost))
            return pushes
        return []
