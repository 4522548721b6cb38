"""`/metrics`, `/livez` and `/readyz` over HTTP while a run goes on."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST

from palermo.errors import DependencyUnreachable, UsageError
from palermo.metrics import Metrics

STALLED_AFTER_SECONDS = 60.0


class Pulse:
    """Whether the loop still advances; `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = now()
        self.is_ready = False

    def beat(self) -> None:
        self._last = self._now()

    @property
    def is_alive(self) -> bool:
        return self._now() - self._last < STALLED_AFTER_SECONDS


@contextmanager
def served(address: str, metrics: Metrics, pulse: Pulse) -> Iterator[int]:
    """The port the pages are served on until the block ends.

    Raises UsageError for an address that is none, DependencyUnreachable if it is taken.
    """
    host, port = _host_and_port(address)
    try:
        server = make_server(
            host, port, _pages(metrics, pulse), server_class=_Server, handler_class=_Quiet
        )
    except OSError as fault:
        raise DependencyUnreachable(
            f"--metrics {address}: {fault.strerror}; give another port"
        ) from fault
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--metrics {address}: give HOST:PORT, such as 127.0.0.1:9477")
    return host.strip("[]") or "127.0.0.1", int(port)


def _pages(metrics: Metrics, pulse: Pulse) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [metrics.exposed()]
        states = {"/livez": pulse.is_alive, "/readyz": pulse.is_ready}
        status = "404 Not Found"
        if path in states:
            status = "200 OK" if states[path] else "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain")])
        return [status.encode() + b"\n"]

    return answer


class _Server(WSGIServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that hangs up is no event of ours."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Scrapes are not logged."""
