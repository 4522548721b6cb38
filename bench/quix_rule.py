"""`python bench/quix_rule.py ADDRESS TOPIC`: quixstreams with one rule, the count and the sum of
what an account paid in the 24 hours up to each payment. Prints the CPU seconds it takes.

Run by the Python of an environment that has quixstreams: it needs nothing of this project.
"""

import json
import sys
import tempfile
import time
from datetime import datetime, timedelta
from typing import Any

from quixstreams import Application
from quixstreams.dataframe.windows.aggregations import Count, Sum

DAY, LATENESS = timedelta(hours=24), timedelta(hours=26)
SILENT_SECONDS = 10.0


def main(address: str, topic: str) -> None:
    with tempfile.TemporaryDirectory(prefix="quix-") as folder:
        app = Application(
            broker_address=address,
            consumer_group="bench-quix",
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="ERROR",
        )
        rows = app.dataframe(
            app.topic(topic, value_deserializer="json", timestamp_extractor=_event_time)
        )
        paid = rows.filter(lambda row: row.get("orig_account_id") is not None)
        paid = paid.group_by("orig_account_id")
        paid = paid.apply(lambda row: {"amount": float(row["amount"])})
        windows = paid.sliding_window(DAY, grace_ms=LATENESS).agg(n=Count(), paid=Sum("amount"))
        seen = _Seen()
        windows.current().update(seen.note)
        before = time.process_time()
        app.run(timeout=SILENT_SECONDS)
        print(json.dumps({"seconds": time.process_time() - before, "judged": seen.count}))


class _Seen:
    """How many payments the rule looked at."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, _: Any) -> None:
        self.count += 1


def _event_time(row: Any, _headers: Any, _at: int, _kind: Any) -> int:
    return int(datetime.fromisoformat(row["event_time"]).timestamp() * 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
