"""`kagzi type` and `kagzi namespace`: what they print, their JSON, and what they say of mistakes."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from harness import Coordinator, Service, local_result


@pytest.fixture
def kagzi(binary: Path, shared: Coordinator) -> Any:
    """Runs a command against the shared coordinator: exit code, output, errors."""

    def call(*words: str) -> tuple[int, str, str]:
        done = subprocess.run([binary, *words, "--address", shared.address], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return call


def test_checklist_17_a_rollout_is_steered_from_the_command_line(
    kagzi: Any, service: Service, raw: Any, queue: str
) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    flow = raw(service, queue, workflows=[f"{name}:1", f"{name}:2"], activities=[f"{name}-act:4"])
    flow.open()
    flow.grant(10)
    code, output, _ = kagzi("type", "rollout", name, "2=12.5")
    assert code == 0 and "12.5 % to version 2, the rest to the default" in output
    code, output, _ = kagzi("type", "describe", name, "--json")
    described = json.loads(output)
    assert described["defaultVersion"] == 1
    assert [version["percent"] for version in described["versions"]] == [0, 12.5]
    code, output, _ = kagzi("type", "describe", name)
    assert f"workflow type {name}, default version 1" in output and "12.5 %" in output
    assert kagzi("type", "rollout", name, "--end")[0] == 0
    assert kagzi("type", "set-default", name, "2")[0] == 0
    assert kagzi("type", "deprecate", name, "1")[0] == 0
    code, output, _ = kagzi("type", "list")
    line = next(line for line in output.splitlines() if line.startswith(name))
    assert line.split(maxsplit=3)[1:] == ["2", "0", "1 (deprecated), 2"]
    code, output, _ = kagzi("type", "list", "--activity", "--json")
    assert {"type": f"{name}-act", "defaultVersion": 4} in [
        {key: entry[key] for key in ("type", "defaultVersion")} for entry in json.loads(output)
    ]
    assert kagzi("type", "deprecate", name, "1", "--undo")[0] == 0
    for words, said in (
        (("rollout", name), "give weights such as 2=10, or --end"),
        (("rollout", name, "2"), "must be VERSION=PERCENT"),
        (("rollout", name, "2=101"), "must be 0 to 100"),
        (("set-default", name, "9"), "was never registered"),
        (("deprecate", name, "2"), "make another version the default first"),
        (("describe", f"no-{name}"), "there is no workflow type"),
    ):
        code, _, errors = kagzi("type", *words)
        assert code != 0 and said in errors, words


def test_checklist_17_runs_are_moved_from_the_command_line(kagzi: Any, service: Service, raw: Any, queue: str) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    flow = raw(service, queue, workflows=[f"{name}:1", f"{name}:2"])
    flow.open()
    flow.grant(10)
    for version, step in ((1, "a"), (1, "old"), (2, "a")):
        service.start(name, queue, workflow_version=version)
        flow.suspend(flow.task().token, results=[local_result(step)])
        flow.grant(1)
    words = ("type", "move", name, "--from", "1", "--to", "2")
    code, output, _ = kagzi(*words, "--dry-run")
    assert code == 1 and output.startswith("1 of 2 open runs could be moved")
    assert "stays: run" in output and "step 'old' (LOCAL) is recorded here" in output
    code, output, _ = kagzi(*words, "--json")
    assert code == 1
    moved = json.loads(output)
    assert (moved["total"], moved["moved"], len(moved["conflicts"]), moved["dryRun"]) == (2, 1, 1, False)
    code, output, _ = kagzi(*words, "--id-prefix", "nobody-")
    assert code == 0 and output.startswith("0 of 0")


def test_namespaces_are_kept_from_the_command_line(kagzi: Any) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    code, output, _ = kagzi("namespace", "create", name, "--description", "for a test", "--retention", "30d")
    assert code == 0 and "30d" in output and "enabled" in output
    assert kagzi("namespace", "update", name, "--retention", "forever")[0] == 0
    assert kagzi("namespace", "disable", name)[0] == 0
    code, output, _ = kagzi("namespace", "get", name, "--json")
    found = json.loads(output)
    assert (found["retention"], found["enabled"], found["description"]) == ("forever", False, "for a test")
    code, _, errors = kagzi("workflow", "start", "w", "--namespace", name)
    assert code == 1 and "is disabled and takes no new work" in errors
    assert kagzi("namespace", "enable", name)[0] == 0
    code, output, _ = kagzi("namespace", "list")
    line = next(line for line in output.splitlines() if line.startswith(name))
    assert line.split()[1:3] == ["enabled", "forever"]
    for words, said in (
        (("create", name), "there is a namespace"),
        (("create", "No Good"), "1 to 63 of a-z"),
        (("create", f"{name}-2", "--retention", "soon"), "must be a duration"),
        (("get", f"no-{name}"), "there is no namespace"),
    ):
        code, _, errors = kagzi("namespace", *words)
        assert code == 1 and said in errors, words
