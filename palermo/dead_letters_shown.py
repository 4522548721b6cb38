"""`palermo dlq list|show|redrive`: rows that were put aside, for a person."""

from collections import Counter
from pathlib import Path

from palermo.config import load_settings
from palermo.dead_letters import Letter, letters, send_again
from palermo.errors import UsageError
from palermo.printing import console, print_json, table

SHOWN_BYTES = 2_000


def list_letters(config: Path | None, *, reason: str | None, as_json: bool) -> None:
    """Every dead letter with its reason, and how many there are of each."""
    found = _of_reason(letters(load_settings(config).settings.kafka), reason)
    if as_json:
        print_json([_shown(each) for each in found])
        return
    rows = [
        (each.id, each.reason, str(each.attempt), "sent again" if each.was_sent_again else "")
        for each in found
    ]
    console().print(table(("id", "reason", "attempt", ""), rows))
    counts = Counter(each.reason for each in found if not each.was_sent_again)
    for name, count in counts.most_common():
        console().print(f"{count} wait: {name}")


def show_letter(config: Path | None, identity: str, *, as_json: bool) -> None:
    """One dead letter whole: where it came from, what was wrong, and its bytes."""
    letter = _one(letters(load_settings(config).settings.kafka), identity)
    if as_json:
        print_json(_shown(letter) | {"value": letter.value.decode(errors="replace")})
        return
    to = console()
    to.print(f"{letter.id}: {letter.reason} (attempt {letter.attempt})")
    to.print(letter.message, markup=False)
    to.print("  ".join(f"{name} {text}" for name, text in letter.origin.items() if text))
    to.print(letter.value[:SHOWN_BYTES].decode(errors="backslashreplace"), markup=False)


def redrive(
    config: Path | None, identities: list[str], *, reason: str | None, as_json: bool
) -> None:
    """Sends letters again that were not sent yet: those named, or all of one reason."""
    if bool(identities) == bool(reason):
        raise UsageError("dlq redrive: name letters, or give --reason, not both and not neither")
    settings = load_settings(config).settings.kafka
    found = letters(settings)
    chosen = [_one(found, each) for each in identities] or _of_reason(found, reason)
    waiting = [each for each in chosen if not each.was_sent_again]
    if waiting:
        send_again(settings, waiting)
    if as_json:
        print_json({"sent": len(waiting), "sent_before": len(chosen) - len(waiting)})
    else:
        console().print(
            f"{len(waiting)} rows sent again to where they came from; "
            f"{len(chosen) - len(waiting)} had been before"
        )


def _of_reason(found: list[Letter], reason: str | None) -> list[Letter]:
    return [each for each in found if reason in (None, each.reason)]


def _one(found: list[Letter], identity: str) -> Letter:
    named = [each for each in found if each.id == identity]
    if not named:
        raise UsageError(f"no dead letter {identity}; `palermo dlq list` shows them")
    return named[0]


def _shown(letter: Letter) -> dict[str, object]:
    return {
        "id": letter.id,
        "reason": letter.reason,
        "message": letter.message,
        "attempt": letter.attempt,
        "where": letter.where,
        "origin": letter.origin,
        "was_sent_again": letter.was_sent_again,
    }
