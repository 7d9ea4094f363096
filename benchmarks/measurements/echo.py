"""Unary echo over the RPC layer, beside gRPC C++ under the same load."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from harness.bench import FOLDER, ROOT, Bench
from harness.meter import Meter
from harness.processes import Child, run
from harness.statistics import Spread, median_of, shown, spread_of
from harness.table import Row

PATH = "/kagzi.conformance.v1.EchoService/Unary"
BODY = 64
# Field 1 of EchoRequest, length-delimited, in a gRPC message frame.
MESSAGE = bytes([0x0A, BODY]) + b"k" * BODY
FRAME = bytes([0]) + len(MESSAGE).to_bytes(4, "big") + MESSAGE


def build_peer() -> str:
    """Compiles the gRPC C++ server, if its sources changed."""
    folder = FOLDER / "grpc_cpp"
    program = folder / "echo_server"
    source = ROOT / "benchmarks/grpc_cpp/echo_server.cpp"
    proto = ROOT / "Protos/kagzi/conformance/v1/echo.proto"
    if program.exists() and program.stat().st_mtime > max(source.stat().st_mtime, proto.stat().st_mtime):
        return str(program)
    folder.mkdir(parents=True, exist_ok=True)
    plugin = shutil.which("grpc_cpp_plugin")
    run(["protoc", f"--proto_path={ROOT / 'Protos'}", f"--cpp_out={folder}", f"--grpc_out={folder}",
         f"--plugin=protoc-gen-grpc={plugin}", "kagzi/conformance/v1/echo.proto"])
    generated = [str(path) for path in folder.glob("kagzi/conformance/v1/*.pb.cc")]
    flags = run(["pkg-config", "--cflags", "--libs", "grpc++", "protobuf"]).split()
    run(["g++", "-O2", "-std=c++17", f"-I{folder}", "-o", str(program), str(source), *generated, *flags])
    return str(program)


def load(server: Child, seconds: int, body: Path) -> dict[str, Any]:
    """One round of h2load; the server's CPU time a request."""
    command = [
        "h2load", "-t", "1", "-c", "8", "-m", "32", "-D", str(seconds), "-d", str(body),
        "-H", "content-type: application/grpc", "-H", "te: trailers", f"http://127.0.0.1:{server.answer}{PATH}",
    ]
    with Meter(server=server.pid) as meter:
        output = run(command)
    rate = re.search(r"finished in [\d.]+s, ([\d.]+) req/s", output)
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    if not rate or not counts or any(map(int, counts.groups()[1:])):
        raise RuntimeError(f"h2load failed: {output[-800:]}")
    return {
        "requests_per_s": float(rate[1]),
        "cpu_us_per_request": 1e6 * meter.cpu["server"] / int(counts[1]),
        "other_share": meter.other_share,
    }


def measure(bench: Bench) -> list[Row]:
    bench.progress("building the gRPC C++ echo server")
    peer = build_peer()
    body = FOLDER / "echo-body"
    body.write_bytes(FRAME)
    ours, theirs = [], []
    seconds = bench.size(5, 2)
    with (
        Child([bench.tool, "echo-server", "-"], bench.log, ready=r"^ready (\d+)") as kagzi,
        Child([peer], bench.log, ready=r"^ready (\d+)") as grpc,
    ):
        for server in (kagzi, grpc):
            run([bench.tool, "echo-check", server.answer])
            load(server, 1, body)
        for number in range(bench.rounds):
            ours.append(load(kagzi, seconds, body))
            theirs.append(load(grpc, seconds, body))
            bench.progress(
                f"echo {number + 1}/{bench.rounds}: {ours[-1]['requests_per_s']:,.0f} requests/s, "
                f"gRPC C++ {theirs[-1]['requests_per_s']:,.0f}")
    bench.records["echo"] = {"kagzi": ours, "grpc_cpp": theirs}
    peer_rate, peer_cpu = median_of(theirs, "requests_per_s"), median_of(theirs, "cpu_us_per_request")
    faster = Spread.of(a["requests_per_s"] / b["requests_per_s"] for a, b in zip(ours, theirs))
    cheaper = Spread.of(a["cpu_us_per_request"] / b["cpu_us_per_request"] for a, b in zip(ours, theirs))
    return [
        Row("unary echo, requests/s", shown(spread_of(ours, "requests_per_s"), ",.0f"), f"{peer_rate:,.0f} gRPC C++",
            shown(faster, ".2f"), ">= 2", faster.median >= 2),
        Row("unary echo, CPU a request", shown(spread_of(ours, "cpu_us_per_request"), ".2f", " us"), f"{peer_cpu:.2f} us gRPC C++",
            shown(cheaper, ".2f"), "<= 1/3", cheaper.median <= 1 / 3),
    ]
