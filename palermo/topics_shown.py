"""`palermo topics plan|apply`: the Kafka topics of this configuration, for a person."""

from collections.abc import Sequence
from pathlib import Path

from palermo.config import load_settings
from palermo.errors import CheckFailed
from palermo.printing import console, print_json, table
from palermo.topics import TopicPlan, apply_topics, plan_topics

WORDS = {
    "present": "there",
    "missing": "missing: `palermo topics apply` makes it",
    "differs": "there, left as it is: ",
}


def show_plan(config: Path | None, *, as_json: bool) -> None:
    """Every topic and its state; nothing is changed. Raises CheckFailed if one is missing."""
    plan = plan_topics(load_settings(config).settings.kafka)
    _print(plan, as_json=as_json)
    missing = [each.topic.name for each in plan if each.state == "missing"]
    if missing:
        raise CheckFailed(f"missing: {', '.join(missing)}; make them with `palermo topics apply`")


def make_topics(config: Path | None, *, as_json: bool) -> None:
    """Makes the missing topics and prints how all of them stand then."""
    settings = load_settings(config).settings.kafka
    apply_topics(settings, plan_topics(settings))
    _print(plan_topics(settings), as_json=as_json)


def _print(plan: Sequence[TopicPlan], *, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    rows = [
        (
            each.topic.name,
            str(each.topic.partitions),
            str(each.topic.replication),
            WORDS[each.state] + "; ".join(each.differences),
        )
        for each in plan
    ]
    console().print(table(("topic", "partitions", "copies", "state"), rows))
