"""Which exit code the error families of the other packages end a command with."""

import importlib

EXIT_CODES = (
    ("alerts.errors", "OtherFolderError", 3),
    ("alerts.errors", "StoreUnreadableError", 5),
    ("alerts.errors", "StoreBusyError", 4),
    ("alerts.errors", "StoreFullError", 4),
    ("alerts.errors", "StoreGoneError", 4),
    ("alerts.kafka_sink", "KafkaSinkError", 4),
    ("alerts.errors", "AlertsError", 1),
    ("ingest.kafka_feed", "KafkaFeedError", 4),
    ("ingest.errors", "IngestError", 5),
    ("models.trained_model", "ModelError", 5),
    ("detectors.typology", "DetectorError", 3),
    ("palermo.topics", "TopicsError", 4),
    ("models.trained_model", "ModelError", 5),
)
"""module, error, code; the first that fits counts, so special ones stand before their family."""


def exit_code_of(fault: Exception) -> int | None:
    """The code for a fault a user can mend; None for a defect of ours."""
    for module, name, code in EXIT_CODES:
        if isinstance(fault, getattr(importlib.import_module(module), name)):
            return code
    return None
