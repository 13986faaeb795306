"""CloudEvents 1.0 on Kafka: reading both modes, writing the binary one."""

import base64
import json
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone

BIGGEST = 2**63 - 1


@dataclass(frozen=True)
class Event:
    """A lifecycle event of a tenant."""

    id: str
    type: str
    tenant: str
    seq: int
    data: object
    traceparent: str | None
    tracestate: str | None


def read_event(value: bytes | None, headers: list[tuple[str, bytes]] | None) -> Event | None:
    """The event in a message, or None: whatever is no lifecycle event at all is passed, it can have no effect."""
    try:
        texts = {name.lower(): raw.decode() for name, raw in headers or [] if raw is not None}
        body = json.loads(value or b"")
        if texts.get("content-type", "").startswith("application/cloudevents+json"):
            attributes, data = body, _structured_data(body)
        else:
            # Binary mode, which is what the control plane writes: attributes are headers that begin with ce_.
            attributes = {name[3:]: text for name, text in texts.items() if name.startswith("ce_")}
            data = body
        return _event(attributes, data, texts)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _structured_data(body: dict) -> object:
    if "data_base64" in body:
        return json.loads(base64.b64decode(body["data_base64"], validate=True))
    return body.get("data")


def _event(attributes: dict, data: object, headers: dict[str, str]) -> Event | None:
    if attributes.get("specversion") != "1.0":
        return None
    for name in ("id", "source", "type", "time", "subject"):
        if not isinstance(attributes.get(name), str) or not attributes[name]:
            return None
    # The sequence is decimal text of up to 64 bits: CloudEvents' own integers have 32.
    seq = attributes.get("tenantseq")
    if not isinstance(seq, str) or not re.fullmatch(r"[0-9]{1,19}", seq) or int(seq) > BIGGEST:
        return None
    return Event(
        id=attributes["id"],
        type=attributes["type"],
        tenant=str(uuid.UUID(attributes["subject"])),
        seq=int(seq),
        data=data,
        traceparent=attributes.get("traceparent") or headers.get("traceparent"),
        tracestate=attributes.get("tracestate") or headers.get("tracestate"),
    )


def headers_of(
    message_type: str,
    participant: str,
    subject: str,
    generation: int | None = None,
    traceparent: str | None = None,
    tracestate: str | None = None,
) -> dict[str, str]:
    """The headers of a new message; one that is sent again keeps them, its id above all."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_source": f"/tenantry/participants/{participant}",
        "ce_type": message_type,
        "ce_time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce_dataschema": f"urn:tenantry:schema:{message_type}",
        "ce_subject": subject,
        "ce_tenantid": subject if subject != participant else None,
        "ce_generation": str(generation) if generation is not None else None,
        "traceparent": continued(traceparent),
        "tracestate": tracestate if traceparent else None,
    }
    return {name: value for name, value in headers.items() if value is not None}


def continued(traceparent: str | None) -> str | None:
    """The next span of the same trace, so that one trace runs from the call to the answer; None without a trace."""
    match = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})", traceparent or "")
    return match and f"00-{match[1]}-{secrets.token_hex(8)}-{match[2]}"
