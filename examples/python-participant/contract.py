"""The published JSON Schemas: what is read is checked by the open ones, what is written by the closed ones."""

import json
import os
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

# A service of your own keeps a copy of this folder: it is the contract, and grows by optional additions only.
CONTRACT = Path(
    os.environ.get("CONTRACT_DIR") or Path(__file__).resolve().parents[2] / "docs" / "asyncapi"
)


@cache
def _validator(side: str, message_type: str) -> Draft202012Validator | None:
    file = CONTRACT / side / f"{message_type}.json"
    # A type comes from outside: it must not be able to name another file.
    if file.parent != CONTRACT / side or not file.is_file():
        return None
    schema = json.loads(file.read_text())
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def readable(message_type: str, payload: object) -> bool:
    """Whether the type is known and the payload can be relied on; additions by a newer writer are let through."""
    validator = _validator("reader", message_type)
    return validator is not None and validator.is_valid(payload)


def demand_writable(message_type: str, payload: object) -> None:
    """Raises jsonschema.ValidationError for what must not be sent."""
    validator = _validator("writer", message_type)
    if validator is None:
        raise LookupError(f"the contract has no message {message_type}")
    validator.validate(payload)
