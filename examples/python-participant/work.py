"""Carries out requests, one tenant at a time, and answers them."""

import json
import sqlite3

from outbox import answer
from receive import REQUESTS
from store import Store

STORE = "primary"
FIRST_NOTES = ("Welcome", "How to invite others")


class Refused(Exception):
    """Asking again would not help."""


def work_one(store: Store, participant: str) -> bool:
    """
    Works the newest request of one tenant; older ones are superseded by it. False when there is nothing to do.

    Here the tenants' data is in the same database as the answers, so one transaction makes both true together. Where yours
    is elsewhere, do the work first, in steps that begin with what they find, and store the answer last: a crash between the
    two then only repeats work that finds itself done.
    """
    with store.transaction() as db:
        first = db.execute("SELECT tenant FROM inbox ORDER BY rowid LIMIT 1").fetchone()
        if first is None:
            return False
        tenant = first["tenant"]
        newest = db.execute(
            "SELECT * FROM inbox WHERE tenant = ? ORDER BY generation DESC, attempt DESC, seq DESC LIMIT 1",
            (tenant,),
        ).fetchone()
        db.execute("DELETE FROM inbox WHERE tenant = ?", (tenant,))
        row = {**newest, "request": json.loads(newest["request"])}
        outcome = _outcome(db, tenant, row)
        if outcome is not None:
            answer(db, participant, tenant, row, outcome)
        return True


def _outcome(db: sqlite3.Connection, tenant: str, row: dict) -> dict | None:
    """What to answer; None to something stale, which is neither done nor answered."""
    request = row["request"]
    known = db.execute("SELECT * FROM tenant WHERE id = ?", (tenant,)).fetchone()
    if known is not None and request["generation"] < known["generation"]:
        return None
    if known is not None and known["operation"] == request["operationId"]:
        # Asked again because the answer was lost, or is late: the same answer, and nothing is done twice.
        return {"outcome": "succeeded", "evidence": json.loads(known["evidence"])}
    state = known["state"] if known is not None else "none"
    try:
        state, evidence = _carry_out(db, tenant, state, REQUESTS[row["type"]], request)
    except Refused as refusal:
        _remember(db, tenant, state, request["generation"], None, None)
        return {"outcome": "failed", "retryable": False, "error": str(refusal)}
    _remember(db, tenant, state, request["generation"], request["operationId"], json.dumps(evidence))
    return {"outcome": "succeeded", "evidence": evidence}


def _carry_out(
    db: sqlite3.Connection, tenant: str, state: str, kind: str, request: dict
) -> tuple[str, dict]:
    """Makes it true from whatever there is. Gives what the tenant is now, and the evidence: counts and names, no data."""
    if kind == "purge":
        before = _notes(db, tenant)
        db.execute("DELETE FROM note WHERE tenant = ?", (tenant,))
        return "purged", {"notesBefore": before, "notesAfter": _notes(db, tenant)}
    if state == "purged":
        raise Refused("the tenant was purged")
    if kind == "suspend":
        # Remembered even where nothing is provisioned yet, so that a late provisioning finds it closed.
        return "suspended", {"notesKept": _notes(db, tenant)}
    if not any(placement["store"] == STORE for placement in request["placements"]):
        raise Refused(f"no store {STORE} is placed")
    db.executemany(
        "INSERT OR IGNORE INTO note (tenant, title) VALUES (?, ?)", [(tenant, title) for title in FIRST_NOTES]
    )
    return "active", {"store": STORE, "notes": _notes(db, tenant)}


def _remember(
    db: sqlite3.Connection, tenant: str, state: str, generation: int, operation: str | None, evidence: str | None
) -> None:
    db.execute(
        "INSERT INTO tenant (id, state, generation, changes, operation, evidence) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, generation = excluded.generation,"
        " changes = tenant.changes + excluded.changes, operation = excluded.operation, evidence = excluded.evidence",
        (tenant, state, generation, 0 if operation is None else 1, operation, evidence),
    )


def _notes(db: sqlite3.Connection, tenant: str) -> int:
    return db.execute("SELECT count(*) FROM note WHERE tenant = ?", (tenant,)).fetchone()[0]
