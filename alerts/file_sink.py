"""alerts.ndjson: the final alerts of a run, whole or not at all."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from alerts.alert import Alert, alert_json
from alerts.errors import StoreFullError
from alerts.pseudonym import Pseudonyms

FILE_NAME = "alerts.ndjson"


class FileSink:
    """Writes final alerts to the folder of a run; `pseudonyms` unless its readers are cleared."""

    def __init__(self, folder: Path, *, pseudonyms: Pseudonyms | None = None) -> None:
        self._path = folder / FILE_NAME
        self._pseudonyms = pseudonyms

    def publish(self, alerts: Iterable[Alert]) -> Path:
        """The file that holds these alerts and no others, in the order given, mode 0600, on the
        disk. Raises StoreFullError and leaves the old file if it cannot be written."""
        partial = self._path.with_name(FILE_NAME + ".part")
        try:
            self._write(partial, alerts)
            partial.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as fault:
            with suppress(OSError):
                partial.unlink()
            raise StoreFullError(
                f"{self._path}: {fault.strerror}; the alerts are kept in palermo.db: free some "
                "space and start the same command again"
            ) from fault
        return self._path

    def _write(self, path: Path, alerts: Iterable[Alert]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for alert in alerts:
                file.write(self._line(alert))
            file.flush()
            os.fsync(file.fileno())

    def _line(self, alert: Alert) -> bytes:
        shown = alert if self._pseudonyms is None else self._pseudonyms.hide(alert)
        return alert_json(shown) + b"\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
