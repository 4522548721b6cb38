"""`python -m bench.live`: from a topic to alerts through all stages, beside kafka-python that only
reads the topic. Starts a broker of its own (Java and Maven)."""

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure, once
from bench.topic import (
    PALERMO,
    configured,
    print_from_topics,
    produce,
    read_all,
    topics_of,
)
from ingest.kafka_settings import KafkaSettings
from palermo.live.messages import judgement_in, kind_of
from palermo.live.running import run_stages
from palermo.running import StageName, Wish, carry_out
from palermo.topics import apply_topics, plan_topics

COUNTRY = {"customers": 1500, "days": 40, "history": 40, "seed": 3}
"""Some 290,000 rows: windows fill, and the start of a stage is a small part of its work."""

FEW_ROWS = 100
"""A process that reads so few has done all that its start costs: imports, references, its place
in the group, compiled kernels read."""

LINES_A_MESSAGE = 200
QUIX_RULE = Path(__file__).with_name("quix_rule.py")
QUIX_PYTHON = "QUIX_PYTHON"
"""Names the Python of an environment that has quixstreams."""
STAGES: tuple[StageName, ...] = ("ingest", "detect", "triage")


def main() -> None:
    title = "A topic to alerts, all stages on one core, rows a CPU second"
    print_from_topics(title, COUNTRY, figures)


def figures(feed: Path, rows: list[bytes], address: str) -> list[Figure]:
    """Rates and ratios of one run."""
    few = topics_of(address, "few")
    produce(few, rows[:FEW_ROWS], lines=1)
    _started(feed, few, "compiling")
    starts = _started(feed, few, "starts")
    (feed / "few.ndjson").write_bytes(b"\n".join(rows[:FEW_ROWS]) + b"\n")
    _embedded(feed / "few.ndjson", feed / "warm")
    embedded = len(rows) / _cpu(lambda: _embedded(feed / "feed.ndjson", feed / "embedded"))
    single = topics_of(address, "single")
    produce(single, rows, lines=1)
    reading = len(rows) / _cpu(lambda: sum(1 for _ in read_all(single, single.topics[0])))
    spent = _stages(feed, single)
    rate = len(rows) / sum(spent.values())
    started = len(rows) / (sum(spent.values()) + sum(starts.values()))
    many = topics_of(address, "many")
    produce(many, rows, lines=LINES_A_MESSAGE)
    many_rate = len(rows) / sum(_stages(feed, many).values())
    return [
        once("kafka-python reads the topic", "rows/s", reading),
        *(once(f"a process of {name} starts", "CPU s", starts[name]) for name in STAGES),
        *(once(f"stage {name}", "rows/s", len(rows) / spent[name]) for name in STAGES),
        once("all stages, one JSON a message", "rows/s", rate),
        once("the same, with the start of three processes", "rows/s", started),
        once("all stages / bare reading", "x", rate / reading, goal=">= 0.30 x"),
        once("embedded run of the file", "rows/s", embedded),
        once("all stages / embedded", "x", rate / embedded),
        once(f"all stages, {LINES_A_MESSAGE} lines a message", "rows/s", many_rate),
        once("that / embedded", "x", many_rate / embedded, goal=">= 0.6 x"),
        once("triage", "findings/s", _findings(single) / spent["triage"]),
        *_one_rule_of_quix(single, len(rows), rate),
    ]


def _findings(settings: KafkaSettings) -> int:
    """How many were judged, signals and others."""
    records = read_all(settings, settings.findings_topic)
    return sum(
        len(judgement_in(each.value).findings)
        for each in records
        if each.value is not None and kind_of(each) == "findings"
    )


def _one_rule_of_quix(settings: KafkaSettings, rows: int, rate: float) -> Iterator[Figure]:
    """quixstreams with one rule on the same topic, where it is there."""
    python = os.environ.get(QUIX_PYTHON)
    if python is None:
        print(f"quixstreams is not run beside it: {QUIX_PYTHON} names no Python that has it\n")
        return
    command = [python, str(QUIX_RULE), *settings.bootstrap, settings.topics[0]]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(told.splitlines()[-1])
    assert found["judged"], "quixstreams judged no row"
    yield once("quixstreams, one rule over 24 hours", "rows/s", rows / found["seconds"])
    yield once("all stages / that", "x", rate * found["seconds"] / rows)


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _started(feed: Path, settings: KafkaSettings, name: str) -> dict[str, float]:
    """CPU seconds of a process of each stage that reads FEW_ROWS and ends."""
    own = settings.model_copy(
        update={
            "group": f"{settings.group}-{name}",
            "movements_topic": f"{settings.movements_topic}-{name}",
            "findings_topic": f"{settings.findings_topic}-{name}",
        }
    )
    apply_topics(own, plan_topics(own))
    config, spent = configured(feed, own), dict[str, float]()
    for stage in STAGES:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        arguments = (f"--stage={stage}", f"--config={config}", f"--out={feed / own.group}")
        command = [*PALERMO, "run", "--feed=kafka", *arguments]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent[stage] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent


def _stages(feed: Path, settings: KafkaSettings) -> dict[str, float]:
    """CPU seconds of each stage from the moment it has taken over its partitions."""
    config, out = configured(feed, settings), feed / f"{settings.group}-out"
    spent = dict[str, float]()
    for name in STAGES:
        taken_over = [time.process_time()]

        def note(point: str, taken_over: list[float] = taken_over) -> None:
            if point.endswith(".taken_over"):
                taken_over[0] = time.process_time()

        run_stages(Wish(feed="kafka", config=config, out=out, stage=name), observer=note)
        spent[name] = time.process_time() - taken_over[0]
    return spent


def _embedded(file: Path, out: Path) -> None:
    carry_out(Wish(feed=str(file), config=file.with_name("palermo.toml"), out=out))


if __name__ == "__main__":
    main()
