"""Alerts and rejects as messages, on topics in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.alert import Alert, AlertRevision, Handling, Reproduce, Subject, Totals, alert_json
from alerts.kafka_sink import KafkaSink, Outgoing, alert_message, dead_letter
from ingest.feed import Reject
from ingest.kafka_feed import Origin
from ingest.kafka_settings import KafkaSettings

SETTINGS = KafkaSettings(topics=("rows",))


@dataclass
class MemoryTopics:
    written: dict[str, list[Outgoing]] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)

    def write(self, topic: str, messages: Sequence[Outgoing]) -> None:
        self.written.setdefault(topic, []).extend(messages)

    def tail(self, topic: str, *, at_least: int) -> set[str]:
        self.looks.append(topic)
        return {message.id for message in self.written.get(topic, [])[-at_least:]}

    def close(self) -> None:
        return


def test_the_same_revision_gives_the_same_message() -> None:
    assert alert_message(a_revision(1)) == alert_message(a_revision(1))


def test_an_alert_is_keyed_by_its_id_and_its_value_is_its_record() -> None:
    message = alert_message(a_revision(3))

    assert message.key == b"ab" * 16
    assert message.value == alert_json(an_alert())
    assert dict(message.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"ab" * 16 + b".3",
        "ce_source": b"/palermo/fiu",
        "ce_type": b"palermo.alert.v1",
        "ce_time": b"2026-01-06T08:00:00Z",
        "ce_subject": b"ab" * 16,
        "content-type": b"application/json",
        "schema_version": b"1",
        "revision": b"3",
    }


def test_headers_name_no_customer_and_no_account() -> None:
    text = b" ".join(value for _, value in alert_message(a_revision(1)).headers)

    assert b"FICT" not in text


def test_a_sink_opened_after_a_kill_leaves_out_what_is_already_there() -> None:
    topics = MemoryTopics()
    a_sink(topics).publish_alerts([a_revision(1)])

    a_sink(topics).publish_alerts([a_revision(1), a_revision(2)])

    ids = [message.id for message in topics.written[SETTINGS.alerts_topic]]
    assert ids == ["ab" * 16 + ".1", "ab" * 16 + ".2"]


def test_a_sink_looks_back_once_a_topic() -> None:
    topics = MemoryTopics()
    sink = a_sink(topics)

    sink.publish_alerts([a_revision(1)])
    sink.publish_alerts([a_revision(2)])
    sink.publish_rejects([a_reject()])

    assert topics.looks == [SETTINGS.alerts_topic, SETTINGS.deadletters_topic]


def test_dead_letters_of_a_killed_run_are_left_out_batch_after_batch() -> None:
    topics = MemoryTopics()
    rejects = [a_reject(f"rows-1#{offset}+3") for offset in range(3)]
    a_sink(topics).publish_rejects(rejects)

    again = a_sink(topics)
    for reject in rejects:
        again.publish_rejects([reject])

    assert len(topics.written[SETTINGS.deadletters_topic]) == 3


def test_nothing_to_publish_asks_the_broker_nothing() -> None:
    topics = MemoryTopics()

    a_sink(topics).publish_alerts([])

    assert topics == MemoryTopics()


def test_a_dead_letter_holds_the_message_unchanged_and_says_where_it_lay() -> None:
    origin = Origin(
        topic="rows",
        partition=1,
        offset=12,
        row=None,
        timestamp_ms=1_767_600_000_000,
        key=b"\xff",
        value=b"\x00\x00\x00\x00\x07bad",
    )

    letter = dead_letter(a_reject(), origin, "0.1.0")

    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"\xff", b"\x00\x00\x00\x00\x07bad")
    assert {name: headers[name] for name in headers if name.startswith("dlq_")} == {
        "dlq_error_class": b"not_json",
        "dlq_error_message": b"not JSON; send one object a line",
        "dlq_stage": b"ingest",
        "dlq_attempt": b"1",
        "dlq_service_version": b"0.1.0",
        "dlq_where": b"rows/1@12",
        "dlq_origin_topic": b"rows",
        "dlq_origin_partition": b"1",
        "dlq_origin_offset": b"12",
        "dlq_origin_row": b"",
        "dlq_origin_timestamp": b"1767600000000",
        "dlq_first_seen": b"1767600000000",
    }


def test_a_dead_letter_of_a_file_holds_the_rows_bytes() -> None:
    letter = dead_letter(a_reject(), None, "0.1.0")

    assert (letter.key, letter.value, letter.id) == (None, b"bad", "rows-1#12+3")


def a_sink(topics: MemoryTopics) -> KafkaSink:
    return KafkaSink(topics, settings=SETTINGS, release="0.1.0", origin=lambda _: None)


def a_reject(raw_ref: str = "rows-1#12+3") -> Reject:
    return Reject(
        reason="not_json",
        detail="not JSON; send one object a line",
        where="rows/1@12",
        raw_ref=raw_ref,
        raw=b"bad",
    )


def a_revision(number: int) -> AlertRevision:
    return AlertRevision(alert=an_alert(), revision=number)


def an_alert() -> Alert:
    return Alert(
        schema_version=1,
        alert_id="ab" * 16,
        status="open",
        superseded_by=None,
        origin="live",
        house="fiu",
        subject=Subject(kind="customer", id="C-FICT-0001"),
        accounts=("A-FICT-0001",),
        customers=("C-FICT-0001",),
        first_at="2026-01-05T08:00:00Z",
        last_at="2026-01-06T08:00:00Z",
        raised_at="2026-01-06T08:00:00Z",
        score=61.5,
        severity="high",
        queue="exploitation",
        offences_suspected=(),
        hypothesis="",
        typologies=(),
        facts=(),
        elements=(),
        exculpations=(),
        roles=(),
        totals=Totals(count=2, in_="10.00", out="9.00", kept="1.00", currency="EUR"),
        links=(),
        case_proposal_id="cd" * 16,
        not_testable=(),
        model=None,
        handling=Handling(class_="normal", do_not=(), contact=""),
        next_steps=(),
        narrative={"en": ""},
        review_due_at="2026-01-07T08:00:00Z",
        reproduce=Reproduce(release="0", configuration="0", bundle="0"),
    )
