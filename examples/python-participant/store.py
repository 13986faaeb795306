"""Everything that must survive kill -9, in one SQLite file: positions, requests, answers, and the tenants' data itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMA = """
-- How far this service has read each tenant's events.
CREATE TABLE IF NOT EXISTS position (tenant TEXT PRIMARY KEY, seq INTEGER NOT NULL);
-- Requests that are not worked yet.
CREATE TABLE IF NOT EXISTS inbox (
  tenant TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, generation INTEGER NOT NULL,
  attempt INTEGER NOT NULL, request TEXT NOT NULL, traceparent TEXT, tracestate TEXT,
  PRIMARY KEY (tenant, seq)
);
-- What the tenant is here. The row outlives a purge, so that nothing late brings the tenant back.
CREATE TABLE IF NOT EXISTS tenant (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, generation INTEGER NOT NULL, changes INTEGER NOT NULL,
  operation TEXT, evidence TEXT
);
-- The tenant's data: what the service is there for.
CREATE TABLE IF NOT EXISTS note (tenant TEXT NOT NULL, title TEXT NOT NULL, PRIMARY KEY (tenant, title));
-- What the facts have told.
CREATE TABLE IF NOT EXISTS plan (tenant TEXT PRIMARY KEY, name TEXT NOT NULL);
-- Parts of replays that were applied.
CREATE TABLE IF NOT EXISTS replayed (replay TEXT NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (replay, part));
-- What is to be said and was not acknowledged by the broker yet.
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, headers TEXT NOT NULL, payload TEXT NOT NULL
);
"""


class Store:
    """One connection; each thread has its own."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one at a time over all threads."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


def advance(db: sqlite3.Connection, tenant: str, seq: int) -> bool:
    """Notes that an event was seen; False when it was seen before. Behind a gap it goes on."""
    cursor = db.execute(
        "INSERT INTO position (tenant, seq) VALUES (?, ?)"
        " ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > position.seq",
        (tenant, seq),
    )
    return cursor.rowcount == 1
