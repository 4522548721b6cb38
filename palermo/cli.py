"""The verbs. Each declares what it takes and calls the module that does it."""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from palermo.compiled import prepare_cache
from palermo.errors import PalermoError, UsageError
from palermo.log import start_log

# Modules that load Polars or Numba are imported by the verb that needs them: `--help` is instant.

app = typer.Typer(
    name="palermo",
    help="Find the money flows of human trafficking and migrant smuggling in bank transactions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
alerts = typer.Typer(help="What a person must look at.", no_args_is_help=True)
detectors = typer.Typer(help="The typologies: what is suspicious, and why.", no_args_is_help=True)
config = typer.Typer(
    help="What palermo.toml, environment and flags add up to.", no_args_is_help=True
)
models = typer.Typer(help="Isolation forests that rank alerts.", no_args_is_help=True)
topics = typer.Typer(help="The Kafka topics Palermo uses.", no_args_is_help=True)
dlq = typer.Typer(help="Rows that were put aside on Kafka.", no_args_is_help=True)
audit = typer.Typer(help="Whether everything is accounted for.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")
app.add_typer(detectors, name="detectors")
app.add_typer(config, name="config")
app.add_typer(models, name="models")
app.add_typer(topics, name="topics")
app.add_typer(dlq, name="dlq")
app.add_typer(audit, name="audit")

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="palermo.toml; default: the one at the feed."),
]
Feed = Annotated[
    str,
    typer.Option("--feed", metavar="PATH|-|kafka", help="A file, a folder, standard input, Kafka."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results are.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]

Shelf = Annotated[Path, typer.Option("--shelf", metavar="DIR", help="Where models stand.")]
ModelName = Annotated[str, typer.Argument(help="The id, or its first letters.")]

DEFAULT_OUT = Path("palermo-out")
DEFAULT_SHELF = Path("palermo-models")
OBJECTS_BETWEEN_SEARCHES = 50_000
"""How many are made before garbage is looked for."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command (default: the process's own); every way it can end has its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_debugging = "--debug" in given
    # Nearly all that imports make stays: with Python's 700, looking for garbage is a fifth of them.
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES)
    try:
        app(given, prog_name="palermo")
    except PalermoError as fault:
        _end(fault, *fault.faults, code=fault.exit_code, with_trace=is_debugging)
    except BrokenPipeError:
        # The reader (a pager, head) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as fault:  # noqa: BLE001 the last resort: a short message, not a trace
        from palermo.families import exit_code_of

        code = exit_code_of(fault)
        if code is not None:
            _end(fault, *str(fault).splitlines(), code=code, with_trace=is_debugging)
        _end(
            fault,
            f"internal error: {type(fault).__name__}: {fault}",
            "This is a defect of Palermo. Run the same command with --debug before it "
            "(`palermo --debug ...`) and report the trace; results so far are safe.",
            code=1,
            with_trace=is_debugging,
        )


def _end(fault: Exception, *lines: str, code: int, with_trace: bool) -> None:
    if with_trace:
        traceback.print_exception(fault)
    for line in lines:
        typer.echo(f"palermo: {line}", err=True)
    sys.exit(code)


def _print_version(*, is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"palermo {version('palermo')}")
        raise typer.Exit


@app.callback()
def palermo(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the release and stop.", is_eager=True, callback=_print_version
        ),
    ] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Log events; twice: details.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Log errors only.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of a fault.")] = False,
) -> None:
    """Find the money flows of human trafficking and migrant smuggling in bank transactions."""
    start_log(verbosity=2 if debug else -1 if quiet else verbose)
    prepare_cache()


@app.command()
def demo(
    *,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="device|place", help="Leave these fields out."),
    ] = None,
    out: Out = DEFAULT_OUT / "demo",
    as_json: Json = False,
) -> None:
    """Four scenes from a small invented feed: what was alerted, what was not, and why."""
    from palermo.demo import show_demo

    show_demo(without=tuple(without or ()), out=out, as_json=as_json)


@app.command()
def run(
    *,
    feed: Feed,
    config: Config = None,
    out: Out = DEFAULT_OUT,
    batch_rows: Annotated[
        int, typer.Option("--batch-rows", min=1, help="Rows read at a time; changes no result.")
    ] = 40_000,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on when the feed has no more for now.")
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="HOST:PORT", help="Serve /metrics, /livez, /readyz."),
    ] = None,
    max_reject_share: Annotated[
        float,
        typer.Option(
            "--max-reject-share",
            min=0.0,
            max=1.0,
            help="Exit 5 if more rows than this are rejects; tested from 1,000 rows on.",
        ),
    ] = 0.05,
    stage: Annotated[
        Literal["all", "ingest", "detect", "triage"] | None,
        typer.Option(
            "--stage", help="Of the live runtime on Kafka; as many processes as you like."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a feed and write alerts. Killed anywhere, the same command goes on where it was."""
    from palermo.running import Wish, show_run

    # What is imported by now is never garbage: nobody looks there again, not even at the end.
    gc.freeze()
    wish = Wish(
        feed=feed,
        config=config,
        out=out,
        batch_rows=batch_rows,
        is_following=follow,
        metrics=metrics,
        max_reject_share=max_reject_share,
        stage=stage,
    )
    if stage is None:
        show_run(wish, as_json=as_json)
        return
    from palermo.live.running import show_stages

    show_stages(wish, as_json=as_json)


@app.command()
def simulate(
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write into.")],
    customers: Annotated[int, typer.Option("--customers", min=50, help="Invented people.")] = 2_000,
    days: Annotated[int, typer.Option("--days", min=1, help="Days with schemes, to score.")] = 120,
    history: Annotated[int, typer.Option("--history", min=0, help="Days before them.")] = 150,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same bytes.")] = 1,
    schemes_per_10k: Annotated[
        float, typer.Option("--schemes-per-10k", min=0.0, help="Schemes per 10,000 customers.")
    ] = 30.0,
    format: Annotated[
        Literal["ndjson", "csv", "parquet"], typer.Option("--format", help="Of the feed.")
    ] = "ndjson",
    disorder: Annotated[
        bool, typer.Option("--disorder", help="Late, doubled, torn and amended rows.")
    ] = False,
    to: Annotated[
        Literal["kafka"] | None,
        typer.Option("--to", help="Send the rows to the first raw topic as well."),
    ] = None,
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, metavar="R", help="Rows a second, with --to.")
    ] = 1_000.0,
    config: Config = None,
) -> None:
    """Invent a country's transactions, with schemes and look-alikes, and the truth beside them."""
    from palermo.simulating import Order, Sending, show_simulation

    show_simulation(
        out,
        Order(
            customers=customers,
            days=days,
            history=history,
            seed=seed,
            schemes_per_10k=schemes_per_10k,
            is_disordered=disorder,
            format=format,
        ),
        sending=None if to is None else Sending(config=config, rate=rate),
    )


@app.command()
def score(
    *,
    labels: Annotated[
        Path, typer.Option("--labels", metavar="DIR", help="The labels/ of a simulation.")
    ],
    alerts: Annotated[
        Path, typer.Option("--alerts", metavar="FILE", help="The alerts.ndjson of a run over it.")
    ],
    cut: Annotated[
        list[str] | None,
        typer.Option(
            "--cut",
            metavar="[LINE=]SCORE",
            help="Least score of a proposal; default: what 1.5 per 10,000 a week leave here.",
        ),
    ] = None,
    minutes_per_proposal: Annotated[
        float,
        typer.Option("--minutes-per-proposal", min=1.0, help="An analyst's time for one, assumed."),
    ] = 90.0,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="DIR", help="Draw recall and precision there."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How good the alerts of a simulated country are: what was found, how soon, at what cost."""
    from palermo.quality.shown import ScoringWish, show_score

    show_score(
        ScoringWish(
            labels=labels,
            alerts=alerts,
            pictures=pictures,
            cuts=tuple(cut or ()),
            minutes_per_proposal=minutes_per_proposal,
        ),
        as_json=as_json,
    )


@alerts.command("list")
def alerts_list(*, out: Out = DEFAULT_OUT, as_json: Json = False) -> None:
    """All current alerts, most urgent first."""
    from palermo.showing import list_alerts

    list_alerts(out, as_json=as_json)


@alerts.command("show")
def alerts_show(
    alert_id: Annotated[str, typer.Argument(help="The id, or its first characters.")],
    *,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one printable page.")
    ] = None,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """One alert: what happened, why it is suspicious, what speaks for the person."""
    from palermo.showing import show_alert

    show_alert(out, alert_id, html=html, as_json=as_json)


@alerts.command("replay")
def alerts_replay(
    alert_id: Annotated[str, typer.Argument(help="The id, or its first characters.")],
    *,
    config: Config = None,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """Derive an alert again from its frozen evidence and compare bit for bit."""
    from palermo.showing import replay_alert

    replay_alert(out, alert_id, config=config, as_json=as_json)


@app.command()
def trace(
    subject: Annotated[str, typer.Argument(help="A customer or an account.")],
    *,
    since: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day.")],
    case: Annotated[
        str, typer.Option("--case", metavar="ID", help="The case that is the reason; recorded.")
    ],
    hops: Annotated[
        int, typer.Option("--hops", min=1, max=3, help="How many transfers to follow.")
    ] = 3,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one printable page.")
    ] = None,
    config: Config = None,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """Follow the money from an account: who kept what, when; totals per receiver."""
    from palermo.tracing import TraceWish, show_trace

    wish = TraceWish(
        subject=subject,
        since=_day("--from", since),
        until=_day("--to", until),
        hops=hops,
        case=case,
        out=out,
        config=config,
    )
    show_trace(wish, html=html, as_json=as_json, now=datetime.now(UTC))


@detectors.command("list")
def detectors_list(*, as_json: Json = False) -> None:
    """All typologies."""
    from palermo.typologies_shown import list_typologies

    list_typologies(as_json=as_json)


@detectors.command("show")
def detectors_show(
    typology: Annotated[str, typer.Argument(help="Its id, such as st-structuring.")],
    *,
    as_json: Json = False,
) -> None:
    """One typology: conditions, thresholds with their reasons, sources."""
    from palermo.typologies_shown import show_typology

    show_typology(typology, as_json=as_json)


@detectors.command("lint")
def detectors_lint(*, as_json: Json = False) -> None:
    """Check that every typology is well-formed. Exit 1 if one is not."""
    from palermo.typologies_shown import lint_typologies

    lint_typologies(as_json=as_json)


@config.command("show")
def config_show(
    *,
    config: Config = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value came from.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Every setting as a run would use it; secrets are starred."""
    from palermo.config_shown import show_config

    show_config(config, with_origin=origin, as_json=as_json)


@app.command()
def doctor(
    *,
    config: Config = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="PATH|kafka", help="A feed to try as well.")
    ] = None,
    out: Out = DEFAULT_OUT,
    as_json: Json = False,
) -> None:
    """Check this machine, the configuration and the feed; each line says what to do."""
    from palermo.doctor import examine

    examine(config=config, feed=feed, out=out, as_json=as_json)


@models.command("train")
def models_train(
    *,
    feed: Feed,
    config: Config = None,
    out: Out = DEFAULT_OUT,
    shelf: Shelf = DEFAULT_SHELF,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="YYYY-MM-DD", help="The first day not learned from."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same model.")] = 1,
    as_json: Json = False,
) -> None:
    """Learn what is usual from the archive of an earlier run."""
    from palermo.models_shown import TrainingWish, train_model

    wish = TrainingWish(
        feed=feed,
        config=config,
        out=out,
        shelf=shelf,
        until=None if until is None else _day("--until", until),
        seed=seed,
    )
    train_model(wish, as_json=as_json)


@models.command("list")
def models_list(*, shelf: Shelf = DEFAULT_SHELF, as_json: Json = False) -> None:
    """The models on the shelf."""
    from palermo.models_shown import list_models

    list_models(shelf, as_json=as_json)


@models.command("card")
def models_card(name: ModelName, *, shelf: Shelf = DEFAULT_SHELF, as_json: Json = False) -> None:
    """What a model learned from, what it is for and what never."""
    from palermo.models_shown import show_card

    show_card(shelf, name, as_json=as_json)


@models.command("verify")
def models_verify(
    name: Annotated[str | None, typer.Argument(help="One model; default: all.")] = None,
    *,
    shelf: Shelf = DEFAULT_SHELF,
    as_json: Json = False,
) -> None:
    """Check every file against its manifest. Exit 1 if one would be refused."""
    from palermo.models_shown import verify_models

    verify_models(shelf, name, as_json=as_json)


@topics.command("plan")
def topics_plan(*, config: Config = None, as_json: Json = False) -> None:
    """The topics as they should be and as they are; changes nothing."""
    from palermo.topics_shown import show_plan

    show_plan(config, as_json=as_json)


@topics.command("apply")
def topics_apply(*, config: Config = None, as_json: Json = False) -> None:
    """Make the topics that are missing; what exists is never changed."""
    from palermo.topics_shown import make_topics

    make_topics(config, as_json=as_json)


Reason = Annotated[
    str | None, typer.Option("--reason", metavar="CLASS", help="Only those of this reason.")
]


@dlq.command("list")
def dlq_list(*, reason: Reason = None, config: Config = None, as_json: Json = False) -> None:
    """All dead letters, and how many wait for which reason."""
    from palermo.dead_letters_shown import list_letters

    list_letters(config, reason=reason, as_json=as_json)


@dlq.command("show")
def dlq_show(
    letter: Annotated[str, typer.Argument(help="The id, as `dlq list` prints it.")],
    *,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One dead letter whole: where it came from, what was wrong, its bytes."""
    from palermo.dead_letters_shown import show_letter

    show_letter(config, letter, as_json=as_json)


@dlq.command("redrive")
def dlq_redrive(
    named: Annotated[list[str] | None, typer.Argument(help="Ids of dead letters.")] = None,
    *,
    reason: Reason = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Send rows again to where they came from, each once; they keep their identity."""
    from palermo.dead_letters_shown import redrive

    redrive(config, list(named or ()), reason=reason, as_json=as_json)


@audit.command("counts")
def audit_counts(*, config: Config = None, as_json: Json = False) -> None:
    """What came in against what came out as each fate, from the topics alone. Exit 1 if it does
    not add up."""
    from palermo.audit import show_counts

    show_counts(config, as_json=as_json)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise UsageError(f"{option} {text}: give a day such as 2026-01-31") from fault


if __name__ == "__main__":
    main()
