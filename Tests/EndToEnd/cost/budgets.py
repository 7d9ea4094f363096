"""What things may cost. The one place for these numbers: each says where it comes from.

Counted on PostgreSQL 15, one unit of work after the other, each with commits of its own (`database.py` says how): under load, batches
share commits and statements, while rows and index entries stay. A number may fall; whoever raises one says here why. Counts are exact.
Bytes of WAL have a tenth to spare, for alignment and for pages that split. BEGIN, COMMIT and prepares are not statements here.
"""

from __future__ import annotations

from .database import DatabaseCost as Budget

WORKFLOWS: dict[str, Budget] = {
    # Start and close. Rows: runs, open_runs, steps; then runs closed (HOT), open_runs deleted.
    "local step": Budget(
        commits=2, statements=2, inserts=3, hot_updates=1, cold_updates=0, deletes=1, index_entries=7, wal_bytes=1_810,
    ),
    # The four commits of the design: start, schedule, settle, close. To the rows of the above come open_runs updated by the schedule and
    # by the wake-up (both HOT), and the step's row when it settles: it leaves the index of what is leased, so that update is not HOT.
    "one activity": Budget(
        commits=4, statements=4, inserts=3, hot_updates=3, cold_updates=1, deletes=1, index_entries=9, wal_bytes=2_690,
    ),
    # What is not retried costs no more than the bytes of its policy.
    "activity with a retry policy": Budget(
        commits=4, statements=4, inserts=3, hot_updates=3, cold_updates=1, deletes=1, index_entries=9, wal_bytes=2_760,
    ),
    # Start, suspend, fire, close; and the timer loop's look, four statements that all timers due at that moment share.
    "sleep": Budget(
        commits=4, statements=8, inserts=3, hot_updates=3, cold_updates=1, deletes=1, index_entries=9, wal_bytes=2_530,
    ),
    # Two runs. Parent: start, suspend (which starts the child), settle, close. Child: close, with the notice for its parent, which the
    # parent's settling deletes: one commit and two statements more than two runs.
    "child": Budget(
        commits=5, statements=9, inserts=6, hot_updates=4, cold_updates=1, deletes=3, index_entries=17, wal_bytes=4_470,
    ),
    # Start, suspend, signal, close; the caller's look-up of the run, matching as a statement of its own on both sides, and the look-ups for the
    # task that the match makes ready. Every signal has a request id, its caller's, as the SDKs give, or one of the coordinator's: two index entries.
    "signal": Budget(
        commits=4, statements=9, inserts=4, hot_updates=4, cold_updates=2, deletes=1, index_entries=14, wal_bytes=3_340,
    ),
}  # fmt: skip

# One member more of a group of activities, settled alone: lock the group, settle and count, let go of the next; the row of the group and that of
# the run are updated (HOT), the member's own is not.
MEMBER_OF_A_GROUP = Budget(
    commits=1, statements=3, inserts=1, hot_updates=2, cold_updates=1, deletes=0, index_entries=5, wal_bytes=1_490,
)  # fmt: skip

# Inserts, HOT updates, other updates and deletes by table, from pg_stat_user_tables: no other table may be written.
ROWS_OF_ONE_ACTIVITY: dict[str, tuple[int, int, int, int]] = {
    "runs": (1, 1, 0, 0),
    "open_runs": (1, 2, 0, 1),
    "steps": (1, 0, 1, 0),
}

# The goal of the design for 1,000 idle workers; some 4 a second were counted with leases of 3 s, most of them the gathered heartbeats.
IDLE_STATEMENTS_A_SECOND = 20

# Allocations of the whole process for one warm call, by build. Release is what counts; debug, which keeps more on the heap, is what the tests
# usually run.
ALLOCATIONS: dict[str, dict[str, float]] = {
    # Echo, counted 3.2: the stream, the call, the body, and a fifth of a write. StartWorkflow, alone in its batch, about 50: half of them are the
    # arrays that its batch's statement is bound from, which full batches share.
    "release": {"echo": 3.5, "StartWorkflow": 60},
    # Counted 24.8 and 244, 17 of them since a start's lane is chosen by its tenant too.
    "debug": {"echo": 26, "StartWorkflow": 256},
}
