"""What this service says: stored with what it tells of, then sent by the sender."""

import json
import sqlite3

from contract import demand_writable
from events import headers_of


def say(
    db: sqlite3.Connection,
    participant: str,
    tenant: str,
    message_type: str,
    payload: dict,
    traceparent: str | None = None,
    tracestate: str | None = None,
) -> None:
    """Puts a message about a tenant into the outbox, in the caller's transaction."""
    demand_writable(message_type, payload)
    headers = headers_of(
        message_type, participant, tenant, payload.get("generation"), traceparent, tracestate
    )
    db.execute(
        "INSERT INTO outbox (subject, headers, payload) VALUES (?, ?, ?)",
        (tenant, json.dumps(headers), json.dumps(payload)),
    )


def answer(db: sqlite3.Connection, participant: str, tenant: str, row: dict, outcome: dict) -> None:
    """Answers a request: operation, generation and attempt are the request's own."""
    request = row["request"]
    payload = {
        "operationId": request["operationId"],
        "generation": request["generation"],
        "attempt": request["attempt"],
        "participant": participant,
        **outcome,
    }
    say(
        db,
        participant,
        tenant,
        "participant.acknowledged.v1",
        payload,
        row["traceparent"],
        row["tracestate"],
    )
