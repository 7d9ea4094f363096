"""The examples that people copy."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from coordinator import Coordinator
from programs import EXAMPLES, output, run, working

from kagzi import Client, RunStatus

ALONE = {
    "process_order.py": "receipt-17",
    "guide_snippets.py": """\
        ['answer', 'answer']
        ['ada', 4, ['one', 'two'], 'api-2', 'second']
        ['ada', 'answer', True]
        order by version 2
        order by version 3
        version 1: 0 open, 0 % of new runs
        version 2: 0 open, 0 % of new runs
        version 3: 0 open, 10 % of new runs
        108.00""",
    "data_pipeline.py": "4 days, mean 7.0, warmest 04 March",
    "batch_processing.py": """\
        done: #001 #003 #004
        row-2: 'two' is no number
        row-5: 'five' is no number""",
    "reminders.py": """\
        reminder 1
        reminder 2
        reminder 3""",
    "manual_retry.py": """\
        ada after 3 attempts
        fetch-user: failed
        before-retry: completed
        fetch-user#2: failed
        before-retry#2: completed
        fetch-user#3: completed""",
    "step_policies.py": """\
        third try
        second try
        any error
        gave up at once: NETWORK_ERROR
        attempt 1: NETWORK_ERROR
        attempt 2: NETWORK_ERROR
        attempt 3: ok""",
    "parallel.py": """\
        good morning from fast: ada has 2 posts and 21 comments
        user-data: 2 of 2, succeeded
        comments: 2 of 2, succeeded
        fastest-api: 1 of 3, succeeded""",
    "collect_all.py": """\
        7 succeeded
        1 failed
        SERVICE_UNAVAILABLE: shard 5 is away""",
    "versions.py": """\
        version 1: 100.00
        version 3: 108.00 with tax, 10 points
        default: 108.00 with tax
        canary: 108.00 with tax, 10 points
        rolled back: 108.00 with tax
        version 1: 0 open, 1 workers
        version 2: 0 open, 1 workers
        version 3: 0 open, 1 workers""",
    "saga.py": """\
        ['flight-reservation', 'hotel-reservation']
        BUSINESS_LOGIC_ERROR: no car is left
        book-flight: flight-reservation
        book-hotel: hotel-reservation
        book-car: failed
        undo-hotel-reservation: hotel-reservation cancelled
        undo-flight-reservation: flight-reservation cancelled""",
    "map_reduce.py": "150 × the, 50 × fox, 650 words",
    "idempotent_start.py": """\
        same run: True
        refused: True
        joined: True False
        True
        refused after it completed""",
    "approval.py": """\
        ada approved: 250.00 paid
        eve declined""",
    "subscription.py": "True",
    "operating.py": """\
        review-3 is version 1
        review-2 is version 1
        review-1 is version 1
        would end 3 runs
        3 of 3 approved, 0 failed
        approved: COMPLETED
        book: COMPLETED
        20 approved by Ada""",
}
"""Examples that are worker and client in one, with what they print."""


@pytest.mark.parametrize("example", ALONE)
async def test_example(coordinator: Coordinator, example: str) -> None:
    expected = [line.strip() for line in ALONE[example].splitlines()]
    assert (await output(await run(coordinator, example))).splitlines() == expected


def test_every_example_is_run_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [each.name for each in EXAMPLES.glob("*.py") if f'"{each.name}"' not in tests] == []


async def test_simple(coordinator: Coordinator) -> None:
    assert await output(await run(coordinator, "simple.py", "ada")) == "HELLO, ADA!\n"


async def test_order_fulfilment(coordinator: Coordinator) -> None:
    async with working(coordinator, "order_fulfilment.py", "worker"):
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


async def test_a_teams_namespace(coordinator: Coordinator) -> None:
    for _ in range(2):
        lines = (await output(await run(coordinator, "team_namespace.py"))).splitlines()
        assert lines[0] == "7 paid in team-a" and lines[1].startswith("refused: ")
        assert {"default: enabled", "team-a: disabled"} <= set(lines[2:])


async def test_welcome_email(coordinator: Coordinator, client: Client) -> None:
    address = f"{uuid.uuid4().hex[:8]}@example.org"
    async with working(coordinator, "welcome_email.py", "worker") as lines:
        run_id = (await output(await run(coordinator, "welcome_email.py", "trigger", address))).strip()
        assert await client.handle(run_id).result(timeout=20) == [f"welcome sent to {address}", f"first-steps sent to {address}"]
    assert lines == [f"to {address}: welcome", f"to {address}: first-steps"]


async def test_checklist_6_the_guides_programs_run_as_they_stand(own_coordinator: Coordinator) -> None:
    order = {"order_id": "17", "amount": 9.5}
    async with Client(own_coordinator.address) as client:
        async with working(own_coordinator, "guide_v1.py") as old:
            first = await client.start("process-order", order)
            assert await first.result(timeout=20) == "completed"
            async with working(own_coordinator, "guide_v2.py") as new:
                second = await client.start("process-order", order, id="second")
                while (await second.describe()).version == 1 and (await second.result(timeout=20)) == "completed":
                    second = await client.start("process-order", order)  # the new program is not there yet
                assert await second.result(timeout=20) == "completed"
                versions = [version.version for version in (await client.workflow_types.describe("process-order")).versions]
                old_one = await client.start("process-order", order, version=1)
                assert await old_one.result(timeout=20) == "completed"
        assert versions == [1, 2]
        assert [step.key for step in await first.steps()] == ["fetch-user", "process-payment", "update-inventory", "notify"]
        assert {step.key for step in await second.steps()} == {
            "fetch-user",
            "parallel/process-payment",
            "parallel/update-inventory",
            "notify/email",
            "notify/sms",
        }
        assert (await second.status()) is RunStatus.COMPLETED
    assert "email about 17" in old and {"email about 17", "sms about 17"} <= set(new)
