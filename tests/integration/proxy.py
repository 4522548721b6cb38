"""A TCP proxy before a broker, whose network can be made slow, silent or torn while it runs.

It knows of Kafka's protocol only how a message is framed: four bytes of length; then a request's
kind, version and number, or an answer's number.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Literal, Self

INIT_PRODUCER_ID = 22
END_TRANSACTION = 26

Loss = Literal["none", "request", "answer"]
"""What of an exchange gets lost, and the connection with it."""


@dataclass(slots=True, eq=False)
class _Link:
    """A client's connection, the one that was opened for it, and the numbers of the requests whose
    answers are not to arrive."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    unanswered: set[bytes] = field(default_factory=set)

    def cut(self) -> None:
        self.client.transport.abort()
        self.broker.transport.abort()


class Proxy:
    """Settings may be changed at any time, from any thread; they hold for all that comes after."""

    def __init__(self, *, port: int, broker_port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.delay_seconds = 0.0
        self.bytes_a_second = float("inf")
        self.lose: Callable[[int], Loss] = lambda kind: "none"
        """Asked for each request, by its kind, on the proxy's thread."""
        self.requests = Counter[int]()
        """By kind; those that were lost too."""
        self.cuts = 0
        self._port, self._broker_port = port, broker_port
        self._links = set[_Link]()
        self._loop = asyncio.new_event_loop()
        self._passes = asyncio.Event()
        self._passes.set()

    def calm(self) -> None:
        """The network as it should be; what was held back arrives."""
        self.delay_seconds, self.bytes_a_second = 0.0, float("inf")
        self.lose = lambda kind: "none"
        self._loop.call_soon_threadsafe(self._passes.set)

    def fall_silent(self) -> None:
        """No byte arrives any more and nobody is told; new connections are taken, and silent."""
        self._loop.call_soon_threadsafe(self._passes.clear)

    def cut(self) -> None:
        """Resets all connections; what was under way is lost."""
        self._loop.call_soon_threadsafe(self._cut)

    @contextmanager
    def running(self) -> Iterator[Self]:
        thread = Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        thread.start()
        server = self._wait_for(asyncio.start_server(self._serve, "127.0.0.1", self._port))
        try:
            yield self
        finally:
            self._wait_for(self._end(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def _wait_for(self, wanted: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(wanted, self._loop).result(timeout=30)

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        self.cuts += len(self._links)
        for link in list(self._links):
            link.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, broker)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(
                    self._carry(reader, broker, lambda frame: self._is_lost(link, frame))
                )
                both.create_task(
                    self._carry(answers, writer, lambda frame: frame[4:8] in link.unanswered)
                )
        except* (OSError, asyncio.IncompleteReadError):
            pass  # One of the two has hung up: so does the other.
        finally:
            self._links.discard(link)
            link.cut()

    def _is_lost(self, link: _Link, frame: bytes) -> bool:
        kind = int.from_bytes(frame[4:6], "big")
        self.requests[kind] += 1
        loss = self.lose(kind)
        self.cuts += loss != "none"
        if loss == "answer":
            link.unanswered.add(frame[8:12])
        return loss == "request"

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        is_lost: Callable[[bytes], bool],
    ) -> None:
        """One direction. Frames are late one by one, so that a delay costs no throughput."""
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)
        carrying = asyncio.create_task(self._deliver(due, writer))
        try:
            while True:
                head = await reader.readexactly(4)
                frame = head + await reader.readexactly(int.from_bytes(head, "big"))
                if is_lost(frame):
                    raise ConnectionResetError
                await due.put((self._loop.time() + self.delay_seconds, frame))
                if carrying.done():
                    carrying.result()
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    async def _deliver(
        self, due: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        while True:
            at, frame = await due.get()
            await asyncio.sleep(max(0.0, at - self._loop.time()))
            await self._passes.wait()
            if self.bytes_a_second < float("inf"):
                await asyncio.sleep(len(frame) / self.bytes_a_second)
            writer.write(frame)
            await writer.drain()
