"""What must be there before anything is measured: our programs in release, and what gRPC C++ needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from .bench import CONFIGURATION, ROOT, Bench

PACKAGES = {"h2load": "nghttp2-client", "g++": "g++", "protoc": "protobuf-compiler",
            "grpc_cpp_plugin": "protobuf-compiler-grpc", "pkg-config": "pkg-config"}
LIBRARIES = {"grpc++": "libgrpc++-dev", "protobuf": "libprotobuf-dev"}


def install(bench: Bench) -> None:
    """What gRPC C++ needs, on a machine that lacks it."""
    wanted = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    for library, package in LIBRARIES.items():
        if shutil.which("pkg-config") is None or subprocess.run(["pkg-config", "--exists", library], check=False).returncode:
            wanted.append(package)
    if wanted:
        bench.progress(f"installing {' '.join(wanted)}")
        root = [] if os.geteuid() == 0 else ["sudo"]
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *wanted]):
            subprocess.run([*root, "apt-get", "--quiet", *command], check=True, stdout=subprocess.DEVNULL)


def build(bench: Bench) -> None:
    for product in ("kagzi", "kagzi-bench"):
        bench.progress(f"building {product} in {CONFIGURATION}")
        subprocess.run(["swift", "build", "-c", CONFIGURATION, "--product", product], cwd=ROOT, check=True, stdout=sys.stderr)
