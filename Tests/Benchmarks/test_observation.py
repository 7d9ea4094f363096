"""Who the bottleneck was, and what processes cost."""

from __future__ import annotations

import subprocess
import sys

from peers.observation import Observation, bottleneck


def test_a_python_process_is_full_at_one_core() -> None:
    assert bottleneck({"driver": 9.5, "worker": 4.0}, 10, {"driver": 1, "worker": 2}, 2).startswith("driver (95 %")


def test_a_group_with_room_on_all_cores_is_not_full_at_one() -> None:
    assert bottleneck({"server": 9.5, "postgres": 2.1}, 10, {}, 2).startswith("waiting (58 %")


def test_a_full_machine_names_who_takes_most_of_it() -> None:
    assert bottleneck({"server": 8.0, "postgres": 11.0}, 10, {}, 2) == "CPU, most by postgres (58 %)"


def test_more_processes_than_cores_have_only_the_cores() -> None:
    assert bottleneck({"worker": 18.0}, 10, {"worker": 4}, 2) == "worker (90 % of 2)"


def test_nobody_is_blamed_when_others_used_the_machine() -> None:
    assert bottleneck({"driver": 9.5}, 10, {"driver": 1}, 2, other_share=0.4).startswith("unknown")


def test_cpu_and_memory_of_a_process_and_of_commands_that_ended_are_seen() -> None:
    burn = "import time\nx = bytearray(64 << 20)\nwhile time.process_time() < 0.4: pass\n"
    with subprocess.Popen([sys.executable, "-c", burn + "print(flush=True)\ninput()"], stdin=-1, stdout=-1) as process:
        with Observation({"worker": [process.pid]}) as seen:
            assert process.stdout and process.stdin
            process.stdout.readline()
            subprocess.run([sys.executable, "-c", burn], check=True)
        process.stdin.close()
    assert seen.cpu["worker"] > 0.3
    assert seen.cpu["driver"] > 0.3
    assert seen.memory["worker"] > 60
    assert seen.wall > 0.3
