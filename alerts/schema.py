"""The JSON Schema of the alert record, for those who read it without us."""

from typing import Any

import msgspec

from alerts.alert import SCHEMA_VERSION, Alert


def alert_schema() -> bytes:
    """schemas/alert/v1.json, made from the record itself; JSON Schema 2020-12."""
    (reference,), components = msgspec.json.schema_components(
        [Alert], ref_template="#/$defs/{name}"
    )
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"palermo/alert/v{SCHEMA_VERSION}",
        **reference,
        "$defs": dict(sorted(components.items())),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
