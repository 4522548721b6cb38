"""Steps of a Kafka transaction, for each of which the client itself would wait without end."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from kafka.errors import KafkaTimeoutError


def done_within(seconds: float, step: Callable[[], object]) -> None:
    """Returns when the step is done, and raises what it raises.

    Raises KafkaTimeoutError if the coordinator has not answered by then. Nobody knows what became
    of the transaction: close the producer; the next one of its name decides it. The step is left
    to a thread of its own, which ends with the process at the latest.
    """
    outcome: Future[object] = Future()

    def do() -> None:
        try:
            outcome.set_result(step())
        except BaseException as fault:  # noqa: BLE001 it is raised below, where it is waited for
            outcome.set_exception(fault)

    Thread(target=do, name="kafka-transaction", daemon=True).start()
    try:
        outcome.result(timeout=seconds)
    except TimeoutError as fault:
        raise KafkaTimeoutError(f"no answer of the coordinator within {seconds:g} s") from fault
