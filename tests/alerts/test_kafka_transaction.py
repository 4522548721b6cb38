"""A step of a transaction ends, whether the coordinator answers or not."""

from threading import Event

import pytest
from kafka.errors import KafkaTimeoutError, ProducerFencedError

from alerts.kafka_transaction import done_within


def test_a_step_that_is_answered_is_done() -> None:
    done = Event()

    done_within(10.0, done.set)

    assert done.is_set()


def test_what_a_step_raises_is_raised() -> None:
    def fence() -> None:
        raise ProducerFencedError

    with pytest.raises(ProducerFencedError):
        done_within(10.0, fence)


def test_a_step_that_is_never_answered_is_given_up() -> None:
    answer = Event()

    with pytest.raises(KafkaTimeoutError, match=r"within 0\.05 s"):
        done_within(0.05, answer.wait)

    answer.set()
