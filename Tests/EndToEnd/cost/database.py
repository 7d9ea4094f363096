"""Counts what a piece of work makes Postgres do: statements as `pg_stat_statements` saw them, rows, index entries, commits and bytes as they stand
in the WAL itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from harness import Postgres

# A cluster that counts: the WAL holds nothing but what the work wrote.
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "top",
    "autovacuum": "off",
    "full_page_writes": "off",
    "wal_compression": "off",
    "checkpoint_timeout": "1h",
}

# Written when workers and coordinators come and go, whatever they do meanwhile.
UPKEEP_TABLES = {
    "coordinators", "namespaces", "registered_types", "registered_versions", "schema_migrations", "sessions", "worker_events", "workers",
}  # fmt: skip

# WAL record types by what they are. An insertion into a B-tree is one of several, by what becomes of its page.
INSERTED = {"Heap/INSERT", "Heap/INSERT+INIT", "Heap2/MULTI_INSERT", "Heap2/MULTI_INSERT+INIT"}
HOT_UPDATED = {"Heap/HOT_UPDATE", "Heap/HOT_UPDATE+INIT"}
COLD_UPDATED = {"Heap/UPDATE", "Heap/UPDATE+INIT"}
DELETED = {"Heap/DELETE"}
INDEXED = {
    "Btree/INSERT_LEAF", "Btree/INSERT_POST", "Btree/SPLIT_L", "Btree/SPLIT_R", "Gin/INSERT", "Gin/INSERT_LISTPAGE", "Gin/UPDATE_META_PAGE",
    "Hash/INSERT", "Gist/PAGE_UPDATE", "SPGist/ADD_LEAF",
}  # fmt: skip


@dataclass(frozen=True)
class DatabaseCost:
    """Of one unit of work. Counts are whole numbers: what does not happen for at least half of the units is not theirs."""

    commits: int
    statements: int
    inserts: int
    hot_updates: int
    cold_updates: int
    deletes: int
    index_entries: int
    wal_bytes: int

    def over(self, budget: Any) -> list[str]:
        """What costs more than it may."""
        return [
            f"{field.name}: {getattr(self, field.name)} instead of at most {getattr(budget, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) > getattr(budget, field.name)
        ]

    def minus(self, other: DatabaseCost, units: int) -> DatabaseCost:
        """A unit of what this has more than another: `units` of them."""
        return DatabaseCost(*(round((getattr(self, f.name) - getattr(other, f.name)) / units) for f in fields(self)))


def prepare(postgres: Postgres, url: str) -> None:
    """Makes a database able to count."""
    postgres.query(url, "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pg_walinspect")


def statements_sent(postgres: Postgres, url: str) -> dict[str, int]:
    """Calls by statement, of everyone in this database but us. Transaction control is not counted."""
    rows = postgres.query(
        url,
        "SELECT sum(calls)::bigint, regexp_replace(query, '\\s+', ' ', 'g') FROM pg_stat_statements s"
        " JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()"
        " WHERE query !~ 'pg_stat_statements|pg_get_wal_stats|pg_current_wal_flush_lsn'"
        " AND query !~* '^\\s*(BEGIN|COMMIT|ROLLBACK|SET|LISTEN|START TRANSACTION)' GROUP BY 2 ORDER BY 1 DESC",
    )
    return {query: int(calls) for calls, query in rows}


class Count:
    """What happened in a database between `begin` and `end`, for a number of units of work."""

    def __init__(self, postgres: Postgres, url: str) -> None:
        self.postgres = postgres
        self.url = url
        self.explanation = ""

    def begin(self) -> None:
        self.postgres.query(self.url, "SELECT pg_stat_statements_reset()")
        self.position = self.postgres.query(self.url, "SELECT pg_current_wal_flush_lsn()")[0][0]

    def end(self, units: int) -> DatabaseCost:
        position = self.postgres.query(self.url, "SELECT pg_current_wal_flush_lsn()")[0][0]
        statements = statements_sent(self.postgres, self.url)
        records = self._records(position)

        def each(names: set[str]) -> int:
            return round(sum(records.get(name, (0, 0))[0] for name in names) / units)

        shares = {name: round(calls / units) for name, calls in statements.items() if round(calls / units)}
        self.explanation = self._explain(shares, records, units)
        return DatabaseCost(
            commits=each({"Transaction/COMMIT"}), statements=sum(shares.values()), inserts=each(INSERTED),
            hot_updates=each(HOT_UPDATED), cold_updates=each(COLD_UPDATED), deletes=each(DELETED), index_entries=each(INDEXED),
            wal_bytes=round(sum(size for _, size in records.values()) / units),
        )  # fmt: skip

    def _records(self, position: str) -> dict[str, tuple[int, int]]:
        """Number and bytes of WAL records by type, images of pages left out."""
        rows = self.postgres.query(
            self.url,
            'SELECT "resource_manager/record_type", count, record_size FROM'
            f" pg_get_wal_stats('{self.position}', '{position}', true) WHERE count > 0",
        )
        return {name: (int(count), int(size)) for name, count, size in rows}

    @staticmethod
    def _explain(shares: dict[str, int], records: dict[str, tuple[int, int]], units: int) -> str:
        lines = [f"{share:4} × {query[:110]}" for query, share in shares.items()]
        for name, (count, size) in sorted(records.items(), key=lambda item: -item[1][1]):
            if count * 2 >= units:
                lines.append(f"{count / units:6.2f} × {name}, {size / units:.0f} bytes")
        return "\n".join(lines)


def rows_written(postgres: Postgres, url: str) -> dict[str, tuple[int, int, int, int]]:
    """Inserts, HOT updates, other updates and deletes of each table that workflows write. Complete when the coordinator has ended: a backend
    reports its last counts when it goes."""
    rows = postgres.query(
        url,
        "SELECT relname, n_tup_ins, n_tup_hot_upd, n_tup_upd - n_tup_hot_upd, n_tup_del FROM pg_stat_user_tables"
        " WHERE schemaname = 'kagzi' AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1",
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows if row[0] not in UPKEEP_TABLES}
