"""Stock grpcio against the server: every kind of call, and every way that one ends."""

import threading
import time

import grpc
import pytest
from conftest import Echo, Server

MIB = 1 << 20


def code_of(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=options.pop("timeout", 20), **options)
    return caught.value.code()


def until(condition, seconds=10):
    """Polls another process's counter: there is no event to wait for across a process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_unary(echo):
    assert echo.Unary(b"hello", timeout=20) == b"hello"
    assert echo.Unary(b"", timeout=20) == b""


def test_unary_answered_from_another_thread(echo):
    futures = [echo.Elsewhere.future(str(n).encode(), timeout=20) for n in range(500)]
    assert [future.result() for future in futures] == [str(n).encode() for n in range(500)]


def test_messages_up_to_the_limit(echo):
    message = bytes(range(256)) * (4 * MIB // 256)
    message = b"\0" + message[1:]
    assert echo.Unary(message, timeout=20) == message


def test_too_large_message_costs_only_its_own_call(echo):
    held = echo.Hold.future(b"", timeout=20)
    assert code_of(echo.Unary, b"\0" * (4 * MIB + 1)) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert echo.Unary(b"next", timeout=20) == b"next"
    until(lambda: echo.Release(b"", timeout=20) != b"0")
    assert held.result() == b"released"


def test_server_streaming(echo):
    messages = list(echo.Stream(b"1000 100", timeout=20))
    assert len(messages) == 1000
    assert all(message == b"\7" * 100 for message in messages)
    assert list(echo.Stream(b"0 0", timeout=20)) == []


def test_server_streaming_with_back_pressure(echo):
    assert sum(len(message) for message in echo.Stream(b"100 1000000", timeout=60)) == 100_000_000


def test_client_streaming(echo):
    assert echo.Collect(iter([b"x" * 1000] * 300), timeout=20) == b"300 300000"
    assert echo.Collect(iter([]), timeout=20) == b"0 0"


def test_bidirectional(echo):
    sent = [str(n).encode() * 50 for n in range(500)]
    assert list(echo.Chat(iter(sent), timeout=20)) == sent


def test_bidirectional_in_turns(echo):
    turn = threading.Semaphore(1)

    def requests():
        for n in range(20):
            turn.acquire()
            yield str(n).encode()

    received = []
    for message in echo.Chat(requests(), timeout=20):
        received.append(message)
        turn.release()
    assert received == [str(n).encode() for n in range(20)]


def test_bidirectional_with_flow_control_both_ways(echo):
    sent = [bytes([n % 200]) * 100_000 for n in range(200)]
    received = []
    for message in echo.SlowChat(iter(sent), timeout=60):
        received.append(message)
    assert received == sent


def test_metadata(echo):
    metadata = [("x-text", "some text"), ("x-bytes-bin", bytes(range(256))), ("x-text", "more"), ("x-empty-bin", b"")]
    _, call = echo.Unary.with_call(b"", timeout=20, metadata=metadata)
    for received in (call.initial_metadata(), call.trailing_metadata()):
        assert [(k, v) for k, v in received if k.startswith("x-")] == metadata


def test_metadata_over_the_limit_costs_only_its_own_call(echo):
    assert code_of(echo.Unary, b"", metadata=[("x-text", "a" * 20_000)]) in (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNKNOWN,
    )
    assert echo.Unary(b"next", timeout=20) == b"next"


def test_reply_metadata_over_the_clients_limit_ends_the_call(server):
    with server.channel(**{"grpc.max_metadata_size": 1000, "grpc.absolute_max_metadata_size": 1000}) as channel:
        echo = Echo(channel)
        code = code_of(echo.Unary, b"", metadata=[("x-text", "a" * 3_000)])
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert echo.Unary(b"next", timeout=20) == b"next"


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_compression(echo, algorithm):
    message = b"compress me " * 10_000
    assert echo.Unary(message, timeout=20, compression=algorithm) == message
    assert list(echo.Chat(iter([message] * 3), timeout=20, compression=algorithm)) == [message] * 3


def test_replies_to_compressed_requests_are_compressed(echo):
    _, call = echo.Unary.with_call(b"\0" * 100_000, timeout=20, compression=grpc.Compression.Gzip)
    # grpcio hides the header itself, so look at what it accepted: a client that accepts only identity is answered plainly.
    assert call.code() == grpc.StatusCode.OK


def test_compressed_message_over_the_limit(echo):
    code = code_of(echo.Unary, b"\0" * (5 * MIB), compression=grpc.Compression.Gzip)
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_unknown_encoding(server):
    with server.channel() as channel:
        code = code_of(Echo(channel).Unary, b"x" * 1000, compression=grpc.Compression.Deflate)
        assert code == grpc.StatusCode.UNIMPLEMENTED


def test_error_with_message_and_details(echo):
    with pytest.raises(grpc.RpcError) as caught:
        echo.Fail(bytes([grpc.StatusCode.NOT_FOUND.value[0]]) + "no such run: grün 100 %\n".encode(), timeout=20)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "no such run: grün 100 %\n"
    assert ("grpc-status-details-bin", b"\x08\x05\x12\x01x") in list(caught.value.trailing_metadata())


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_code(echo, code):
    assert code_of(echo.Fail, bytes([code.value[0]])) == code


def test_unknown_method(echo):
    with pytest.raises(grpc.RpcError) as caught:
        echo.Nonexistent(b"", timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "/test.Echo/Nonexistent" in caught.value.details()


def test_garbage_message(echo):
    assert code_of(echo.Unary, b"\xff garbage") == grpc.StatusCode.INVALID_ARGUMENT
    assert code_of(lambda **k: list(echo.Chat(iter([b"\xff"]), **k))) == grpc.StatusCode.INVALID_ARGUMENT
    assert echo.Unary(b"next", timeout=20) == b"next"


def test_forgotten_answer(echo):
    assert code_of(echo.Forget, b"") == grpc.StatusCode.INTERNAL


def test_deadline(echo):
    before = int(echo.CountCancelled(b"", timeout=20))
    start = time.monotonic()
    assert code_of(echo.Hold, b"", timeout=0.2) == grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0.15 < time.monotonic() - start < 5
    until(lambda: int(echo.CountCancelled(b"", timeout=20)) == before + 1)
    echo.Release(b"", timeout=20)


def test_cancellation_reaches_the_server(echo):
    before = int(echo.CountCancelled(b"", timeout=20))
    calls = [echo.Hold.future(b"", timeout=20) for _ in range(3)] + [
        echo.Stream(b"100000 100000", timeout=20),
        echo.Chat(iter(threading.Event().wait, None), timeout=20),
    ]
    next(calls[3])
    until(lambda: echo.Unary(b"", timeout=20) == b"")
    for call in calls:
        call.cancel()
    until(lambda: int(echo.CountCancelled(b"", timeout=20)) >= before + 4)
    echo.Release(b"", timeout=20)


def test_thousands_of_honest_cancels_do_not_end_the_connection(server):
    with server.channel() as channel:
        echo = Echo(channel)
        other = echo.Hold.future(b"", timeout=60)
        before = int(echo.CountCancelled(b"", timeout=20))
        calls = [echo.Hold.future(b"", timeout=60) for _ in range(3000)]
        until(lambda: echo.Unary(b"", timeout=20) == b"")
        for call in calls:
            call.cancel()
        until(lambda: int(echo.CountCancelled(b"", timeout=20)) == before + 3000)
        assert not other.done()
        echo.Release(b"", timeout=20)
        assert other.result() == b"released"


def test_shutdown_lets_calls_in_flight_finish():
    server = Server()
    with server.channel() as channel, server.channel(**{"grpc.use_local_subchannel_pool": 1}) as late:
        echo = Echo(channel)
        chat_may_end = threading.Event()

        def requests():
            yield b"first"
            chat_may_end.wait(20)
            yield b"second"

        chat = echo.Chat(requests(), timeout=20)
        assert next(chat) == b"first"
        server.process.terminate()
        until(lambda: Echo(late).Unary.future(b"late", timeout=5).code() == grpc.StatusCode.UNAVAILABLE)
        assert server.process.poll() is None
        chat_may_end.set()
        assert list(chat) == [b"second"]
        assert server.process.wait(20) == 0


def test_shutdown_without_calls_is_quick():
    server = Server()
    with server.channel() as channel:
        assert Echo(channel).Unary(b"x", timeout=20) == b"x"
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 5
