"""Rows that were put aside: looked at, and sent again to the topic they came from.

A row that is sent again keeps where it came from at first and when it was first seen; should it be
put aside again, its letter has the id of the first one and the number of the attempt.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from kafka import KafkaProducer
from kafka.errors import KafkaError

from alerts.kafka_sink import LARGEST_MESSAGE_BYTES
from alerts.kafka_transaction import done_within
from ingest.kafka_feed import FIRST_LETTER, Record
from ingest.kafka_settings import KafkaSettings, client_options
from palermo.errors import DependencyUnreachable
from palermo.topic_read import records_in

SENT_AGAIN = "dlq_sent_again"
"""Header of a message among the dead letters that says that the one it names was sent again."""
ORIGIN = ("topic", "partition", "offset", "row", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter. `origin` is topic, partition, offset, row and timestamp of the message it
    came in at first, as text; `first_letter` the id of its first letter; was_sent_again: whether
    this letter was."""

    id: str
    first_letter: str
    attempt: int
    reason: str
    message: str
    where: str
    origin: dict[str, str]
    key: bytes | None
    value: bytes
    was_sent_again: bool


def letters(settings: KafkaSettings) -> list[Letter]:
    """All that the topic of dead letters holds, oldest first in each partition.

    Raises DependencyUnreachable if no broker answers.
    """
    records = list(records_in(settings, settings.deadletters_topic))
    again = {_text(record, SENT_AGAIN) for record in records}
    return [_letter(each, again) for each in records if not _text(each, SENT_AGAIN)]


def send_again(settings: KafkaSettings, chosen: Sequence[Letter]) -> None:
    """Sends each to the partition it came from, and notes it among the dead letters, in one
    transaction. Raises DependencyUnreachable if the brokers do not take it: nothing was sent."""
    try:
        with closing(
            KafkaProducer(
                **client_options(settings),
                acks="all",
                transactional_id=f"{settings.group}-redrive",
                compression_type="lz4",
                max_request_size=LARGEST_MESSAGE_BYTES,
                allow_auto_create_topics=False,
            )
        ) as producer:
            producer.init_transactions()
            producer.begin_transaction()
            for letter in chosen:
                producer.send(
                    letter.origin["topic"],
                    partition=int(letter.origin["partition"]),
                    key=letter.key,
                    value=letter.value,
                    headers=_headers(letter),
                )
                producer.send(
                    settings.deadletters_topic,
                    key=letter.key,
                    value=b"",
                    headers=[(SENT_AGAIN, letter.id.encode())],
                )
            producer.flush()
            done_within(3 * settings.patience_seconds, producer.commit_transaction)
    except KafkaError as fault:
        raise DependencyUnreachable(
            f"{len(chosen)} rows were not sent again ({fault!r}); nothing of them is visible. See "
            "`palermo doctor`, and that the user may write to the raw topics and the "
            f"transactional id {settings.group}-redrive"
        ) from fault


def _headers(letter: Letter) -> list[tuple[str, bytes]]:
    named = {
        FIRST_LETTER: letter.first_letter,
        "dlq_attempt": str(letter.attempt + 1),
        **{f"dlq_origin_{name}": letter.origin[name] for name in ORIGIN},
    }
    return [(name, text.encode()) for name, text in named.items()]


def _letter(record: Record, again: set[str]) -> Letter:
    identity = _text(record, "ce_id")
    return Letter(
        id=identity,
        first_letter=identity.split("/")[0],
        attempt=int(_text(record, "dlq_attempt")),
        reason=_text(record, "dlq_error_class"),
        message=_text(record, "dlq_error_message"),
        where=_text(record, "dlq_where"),
        origin={name: _text(record, f"dlq_origin_{name}") for name in ORIGIN},
        key=record.key,
        value=record.value or b"",
        was_sent_again=identity in again,
    )


def _text(record: Record, name: str) -> str:
    return next((value.decode() for key, value in record.headers if key == name), "")
