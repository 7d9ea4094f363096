"""Compiles the .proto files of a folder into one descriptor set."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path

from google.protobuf import descriptor_pb2


class ContractError(Exception):
    """The compiler refused the contract; the message is the compiler's own."""


def proto_files(folder: Path) -> list[str]:
    """Every .proto file under `folder`, as paths relative to it, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.proto"))


def protoc(folder: Path, *arguments: str) -> None:
    """Runs the pinned protoc of grpcio-tools with `folder` as the import path."""
    included = resources.files("grpc_tools").joinpath("_proto")
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{included}", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ContractError(result.stderr.strip())


def compile_folder(folder: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """All files of the contract and what they import, each after its imports, comments included."""
    files = proto_files(folder)
    if not files:
        raise ContractError(f"no .proto file under {folder}")
    with tempfile.NamedTemporaryFile(suffix=".binpb") as compiled:
        protoc(folder, f"--descriptor_set_out={compiled.name}", "--include_imports", "--include_source_info", *files)
        return list(descriptor_pb2.FileDescriptorSet.FromString(Path(compiled.name).read_bytes()).file)
