"""`palermo doctor`: what stands between this machine and a run, each with what to do about it."""

import importlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import typer
from packaging.requirements import Requirement

from detectors.testability import blind_spots, is_blind
from palermo.compiled import prepare_cache
from palermo.config import Configuration, load_settings
from palermo.errors import CheckFailed, DependencyUnreachable, PalermoError
from palermo.families import exit_code_of
from palermo.printing import print_json
from palermo.wiring import (
    KAFKA,
    STANDARD_INPUT,
    base_folder,
    carried_columns,
    configuration_file,
    intake_of,
    known,
    open_feed,
)

LEAST_FREE_BYTES = 1 << 30
TRIED_ROWS = 1000
TESTED = ((3, 11), (3, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line: what was looked at, what was found, and what to do where it does not hold.
    is_outside: it lies beyond this machine, so that exit code 4 tells it from our own faults."""

    name: str
    is_ok: bool
    detail: str
    is_outside: bool = False


def examine(*, config: Path | None, feed: str | None, out: Path, as_json: bool) -> None:
    """Prints every check. Raises CheckFailed, or DependencyUnreachable if only outer ones fail."""
    checks = list(_checks(config, feed, out))
    if as_json:
        print_json([{"check": c.name, "ok": c.is_ok, "detail": c.detail} for c in checks])
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.is_ok else 'FAIL'} {check.name}: {check.detail}")
    failed = [check for check in checks if not check.is_ok]
    if failed:
        sentence = f"{len(failed)} of {len(checks)} checks failed; each line says what to do"
        is_outside = all(check.is_outside for check in failed)
        raise (DependencyUnreachable if is_outside else CheckFailed)(sentence)


def _checks(config: Path | None, feed: str | None, out: Path) -> Iterator[Check]:
    yield _python()
    yield _packages()
    yield _numba()
    yield _disk(out)
    yield _folder(out)
    path = configuration_file(feed or STANDARD_INPUT, config)
    try:
        configuration = load_settings(path)
    except PalermoError as fault:
        yield from (Check(name="configuration", is_ok=False, detail=each) for each in fault.faults)
        return
    yield Check(name="configuration", is_ok=True, detail=str(path or "defaults"))
    if feed == KAFKA or configuration.settings.kafka.topics:
        yield from _kafka(configuration)
    if feed not in (None, KAFKA, STANDARD_INPUT):
        yield from _feed(configuration, str(feed), config)


def _python() -> Check:
    is_ok = TESTED[0] <= sys.version_info[:2] <= TESTED[1]
    detail = f"{sys.version.split()[0]}" + ("" if is_ok else "; tested with 3.11 to 3.13 only")
    return Check(name="python", is_ok=is_ok, detail=detail)


def _packages() -> Check:
    wrong = []
    needed = [Requirement(line) for line in requires("palermo") or ()]
    for requirement in needed:
        try:
            if not requirement.specifier.contains(version(requirement.name), prereleases=True):
                wrong.append(f"{requirement.name} is {version(requirement.name)}")
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
    detail = f"{len(needed)} needed packages are there"
    if wrong:
        detail = f"{', '.join(wrong)}; install again from requirements.lock"
    return Check(name="packages", is_ok=not wrong, detail=detail)


def _numba() -> Check:
    folder = prepare_cache()
    try:
        importlib.import_module("models.profile")
    except Exception as fault:  # noqa: BLE001 whatever stops the compiler is what is asked for
        return Check(
            name="compiler",
            is_ok=False,
            detail=f"{type(fault).__name__}: {fault}; install again from requirements.lock",
        )
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    is_ok = os.access(nearest, os.W_OK)
    detail = f"kernels load; compiled ones are kept in {folder}"
    if not is_ok:
        detail = f"{folder} is not writable: every start would compile; set NUMBA_CACHE_DIR"
    return Check(name="compiler", is_ok=is_ok, detail=detail)


def _disk(out: Path) -> Check:
    free = shutil.disk_usage(_existing(out)).free
    is_ok = free >= LEAST_FREE_BYTES
    detail = f"{free / (1 << 30):.1f} GiB free at {out}"
    return Check(
        name="disk", is_ok=is_ok, detail=detail if is_ok else f"{detail}; free at least 1 GiB"
    )


def _folder(out: Path) -> Check:
    nearest = _existing(out)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check(
            name="folder", is_ok=False, detail=f"{nearest} is not writable; give another --out"
        )
    mode = nearest.stat().st_mode & 0o077
    if nearest == out and mode:
        detail = f"{out} can be read by others; chmod 700 {out}"
        return Check(name="folder", is_ok=False, detail=detail)
    return Check(name="folder", is_ok=True, detail=f"{out} is private and writable")


def _existing(path: Path) -> Path:
    absolute = path.absolute()
    return path if path.exists() else next(each for each in absolute.parents if each.exists())


def _kafka(configuration: Configuration) -> Iterator[Check]:
    # Kafka's client is loaded only where brokers are asked for.
    from palermo.doctor_kafka import kafka_steps

    for step in kafka_steps(configuration.settings.kafka):
        yield Check(
            name=f"kafka {step.name}",
            is_ok=step.outcome in ("passed", "not_needed"),
            detail=step.detail,
            is_outside=True,
        )


def _feed(configuration: Configuration, feed: str, config: Path | None) -> Iterator[Check]:
    for step in (_references, _first_rows, _sight):
        try:
            yield from step(configuration, feed, config)
        except Exception as fault:
            if exit_code_of(fault) is None and not isinstance(fault, PalermoError):
                raise
            yield Check(name="feed", is_ok=False, detail=str(fault))
            return


def _references(configuration: Configuration, feed: str, config: Path | None) -> Iterator[Check]:
    references = known(configuration, base_folder(feed, config)).references
    for name in references.missing:
        detail = f"{name} is named in palermo.toml but absent; put it there or leave it out"
        yield Check(name="reference file", is_ok=False, detail=detail)
    faults = getattr(references, "faults", ())
    if faults:
        detail = f"{len(faults)} rows left out, first: {faults[0]}"
        yield Check(name="reference rows", is_ok=False, detail=detail)
    found = f"{len(references.customers)} customers, {len(references.accounts)} accounts, "
    found += f"{len(references.places)} places, {len(references.licences)} licence holders"
    yield Check(name="reference data", is_ok=True, detail=found)


def _first_rows(configuration: Configuration, feed: str, config: Path | None) -> Iterator[Check]:
    knowing = known(configuration, base_folder(feed, config))
    source = open_feed(configuration, feed, is_following=False)
    try:
        batch = source.poll(at_most=TRIED_ROWS, wait=1.0)
    finally:
        source.close()
    intake = intake_of(configuration.settings.feed, knowing)
    rejects = intake.accept(batch).rejects
    rows = len(batch.messages)
    if not rows:
        yield Check(name="feed", is_ok=False, detail=f"{feed} has no rows")
        return
    detail = f"{rows - len(rejects)} of the first {rows} rows are read"
    if rejects:
        reason, times = Counter(reject.reason for reject in rejects).most_common(1)[0]
        first = next(reject for reject in rejects if reject.reason == reason)
        detail += f"; most often {reason} ({times}), first {first.where}: {first.detail}"
    yield Check(name="feed", is_ok=len(rejects) <= rows * 0.05, detail=detail)


def _sight(configuration: Configuration, feed: str, config: Path | None) -> Iterator[Check]:
    carried = carried_columns(configuration.settings.feed, feed)
    catalogue = known(configuration, base_folder(feed, config), carried=carried).catalogue
    for typology in catalogue.typologies.values():
        lacking = "; ".join(blind_spots(typology, catalogue.available))
        # Blindness is the feed's nature, not a fault of the machine: said, and no failure.
        word = "blind" if is_blind(typology, catalogue.available) else "sees"
        detail = f"{word}{': ' + lacking if lacking else ' everything it needs'}"
        yield Check(name=f"sight {typology.id}", is_ok=True, detail=detail)
