"""Takes in lifecycle events: quickly, in one transaction with the position, and never the work itself."""

import json
import sqlite3

from contract import readable
from events import Event
from outbox import answer
from store import advance

REQUESTS = {
    "tenant.provisioning_requested.v1": "provision",
    "tenant.suspension_requested.v1": "suspend",
    "tenant.reactivation_requested.v1": "reactivate",
    "tenant.purge_requested.v1": "purge",
}
RECOVERIES = (
    "participant.redrive_requested.v1",
    "participant.skip_requested.v1",
    "participant.replay_requested.v1",
)


def receive(db: sqlite3.Connection, participant: str, event: Event) -> None:
    """
    Stores what the event asks for, or applies what it tells. Every event moves the position, whether it is for us or not, so that
    one that is delivered again has no second effect.
    """
    if not advance(db, event.tenant, event.seq):
        return
    # A type that we do not know, or a payload that breaks its schema: passed, never an error that would block the tenant.
    if not readable(event.type, event.data):
        return
    if event.type in REQUESTS and participant in event.data["participants"]:
        db.execute(
            "INSERT INTO inbox (tenant, seq, type, generation, attempt, request, traceparent, tracestate)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.tenant,
                event.seq,
                event.type,
                event.data["generation"],
                event.data["attempt"],
                json.dumps(event.data),
                event.traceparent,
                event.tracestate,
            ),
        )
    elif event.type in RECOVERIES and participant in event.data["participants"]:
        recover(db, participant, event)
    else:
        apply_fact(db, event.tenant, event.type, event.data)


def apply_fact(db: sqlite3.Connection, tenant: str, fact_type: str, fact: dict) -> None:
    """
    A fact's effect; most facts have none here. One that could fail would have to be parked: this tenant's facts are held
    back and announced (participant.parked.v1), while requests and all other tenants go on. These cannot.
    """
    if fact_type == "tenant.updated.v1":
        db.execute(
            "INSERT INTO plan (tenant, name) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET name = excluded.name",
            (tenant, fact["plan"]),
        )
    elif fact_type == "tenant.purged.v1":
        db.execute("DELETE FROM plan WHERE tenant = ?", (tenant,))


def recover(db: sqlite3.Connection, participant: str, event: Event) -> None:
    """What operators ask about facts: a replay is applied once for each of its parts; nothing is ever parked here."""
    row = {"request": event.data, "traceparent": event.traceparent, "tracestate": event.tracestate}
    if event.type != "participant.replay_requested.v1":
        refusal = {"outcome": "failed", "retryable": False, "error": "no fact of this tenant is parked"}
        answer(db, participant, event.tenant, row, refusal)
        return
    request = event.data
    part = db.execute(
        "INSERT OR IGNORE INTO replayed (replay, part) VALUES (?, ?)", (request["replayId"], request["part"])
    )
    if part.rowcount == 1:
        for fact in request["facts"]:
            if readable(fact["type"], fact["data"]):
                apply_fact(db, event.tenant, fact["type"], fact["data"])
    if request["part"] == request["parts"]:
        answer(db, participant, event.tenant, row, {"outcome": "succeeded"})
