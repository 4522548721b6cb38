"""What the terminal shows of an alert: everything that matters, at 80 columns, without colour."""

from io import StringIO

import msgspec
import pytest
from rich.console import Console

from alerts.alert import Exculpation
from alerts.terminal import print_alert, print_alert_list
from tests.alerts.samples import Sample, collector, victims

HEADINGS = [
    "Why this was raised",
    "What speaks for the person",
    "Facts",
    "Who paid whom",
    "Roles in this alert",
    "Elements of the crime",
    "What could not be seen",
    "Next steps",
]


@pytest.fixture(params=[collector, victims], ids=["collector", "victims"])
def sample(request: pytest.FixtureRequest) -> Sample:
    made: Sample = request.param()
    return made


def test_an_alert_is_told_in_the_order_of_its_page(sample: Sample) -> None:
    shown = _shown(sample)

    places = [shown.index(heading) for heading in HEADINGS]

    assert places == sorted(places)


def test_an_alert_fits_on_a_screen_and_a_half_of_eighty_columns(sample: Sample) -> None:
    lines = _shown(sample).splitlines()

    assert max(map(len, lines)) <= 80
    assert len(lines) <= 90


def test_the_do_not_list_comes_before_the_reason_where_a_possible_victim_is_involved() -> None:
    assert _shown(victims()).index("Do not block") < _shown(victims()).index("Why this")
    assert _shown(collector()).index("Why this") < _shown(collector()).index("Do not list")


def test_without_colour_every_role_and_result_is_still_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = _shown(victims(), force_terminal=True)

    assert "\x1b[3" not in shown
    assert all(word in shown for word in ("Possible victim", "does not explain", "indicated"))


def test_text_of_a_bank_cannot_command_the_terminal() -> None:
    made = victims()
    test = Exculpation(
        test="FAMILY", result="explains", share=0.2, why="\x1b]0;owned\x07[bold]x[/bold]\u202e"
    )
    alert = msgspec.structs.replace(
        made.alert, hypothesis="\x1b[2J[red]gone[/red]", exculpations=(test,)
    )

    shown = _shown(Sample(alert=alert, movements=made.movements))

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]gone[/red]" in shown
    assert "[bold]x[/bold]" in shown


def test_the_commands_to_go_on_with_are_whole_lines(sample: Sample) -> None:
    lines = _shown(sample).splitlines()

    assert f"Page:    palermo alerts show {sample.alert.alert_id} --html FILE" in lines
    assert f"Replay:  palermo alerts replay {sample.alert.alert_id}" in lines


@pytest.mark.parametrize("width", [80, 160])
def test_a_list_shows_each_alert_whole(width: int) -> None:
    shown = _listed(width)

    assert max(map(len, shown.splitlines())) <= width
    for word in (
        "5d1f0c9a", "2026-03-11", "high", "smuggling", "C-FICT-0007", "som-collector-fanin",
        "71.4", "46,350,000.00 LAK", "e27ab40d", "urgent", "sx-victim-drain", "2 alerts.",
    ):  # fmt: skip
        assert word in shown


def test_an_empty_list_says_so() -> None:
    console = _console(80)

    print_alert_list(console, [])

    assert _text(console) == "No alerts.\n"


def _shown(sample: Sample, *, force_terminal: bool = False) -> str:
    console = _console(80, force_terminal=force_terminal)
    print_alert(console, sample.alert, sample.movements)
    return _text(console)


def _listed(width: int) -> str:
    console = _console(width)
    print_alert_list(console, [collector().alert, victims().alert])
    return _text(console)


def _console(width: int, *, force_terminal: bool = False) -> Console:
    return Console(file=StringIO(), width=width, force_terminal=force_terminal)


def _text(console: Console) -> str:
    written = console.file
    assert isinstance(written, StringIO)
    return written.getvalue()
