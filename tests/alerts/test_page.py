"""The printable page: what is on it, that nothing in it can act, and that it can be read."""

import re
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from alerts.alert import Alert
from alerts.evidence import Movement, transactions_of
from alerts.flow_graph import MOST_NODES, Flow, flow_title, flows_of
from alerts.page import render_page
from alerts.wording import HEADING, ROLES, printable
from tests.alerts.samples import Sample, collector, victims

VOID = {"meta", "br", "link", "img", "hr", "input"}
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-->]]></style></svg><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}&lt;b&gt;",
    "javascript:alert(1)",
    "\x00\x1b[2J\u202eevil\u2066",
)
OURS = {
    *("status", "origin", "house", "kind", "severity", "queue", "offences_suspected", "offence"),
    *("element", "state", "result", "role", "class", "side", "amount_base", "local_time"),
}
"""Fields of fixed values, or computed by us."""
SECTIONS = [
    "Why this was raised",
    "What speaks for the person",
    "Facts",
    "Timeline",
    "Who paid whom",
    "Roles in this alert",
    "Elements of the crime",
    "What could not be seen",
    "Handling: Normal handling",
    "Next steps",
    "All cited transactions",
    "Derive it again",
]


class Outline(HTMLParser):
    """The document as tags with attributes and text; collects every fault of nesting."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes another tag")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data.strip()))

    def all_text(self) -> str:
        return " ".join(text for tag, text in self.texts if tag != "style")

    def within(self, tag: str) -> list[str]:
        return [text for found, text in self.texts if found == tag]


@pytest.fixture(params=[collector, victims], ids=["collector", "victims"])
def sample(request: pytest.FixtureRequest) -> Sample:
    made: Sample = request.param()
    return made


def test_the_sections_stand_in_the_order_an_analyst_needs() -> None:
    outline = Outline(_page(collector()))

    assert outline.within("h2") == SECTIONS


def test_handling_comes_first_where_a_possible_victim_is_involved() -> None:
    outline = Outline(_page(victims()))

    assert outline.within("h2")[:2] == [
        "Handling: A possible victim is involved",
        "Why this was raised",
    ]
    assert outline.within("h2").count("Handling: A possible victim is involved") == 1


def test_the_page_is_well_formed(sample: Sample) -> None:
    outline = Outline(_page(sample))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    targets = [href[1:] for _, each in outline.tags if (href := each.get("href"))]

    assert outline.faults == []
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)


def test_nothing_comes_from_outside_and_nothing_runs(sample: Sample) -> None:
    page = _page(sample)
    outline = Outline(page)
    attributes = {name for _, found in outline.tags for name in found}

    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", page)
    assert not {"script", "img", "iframe", "link", "form", "object"} & {
        tag for tag, _ in outline.tags
    }
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"src"}
    assert "style" not in attributes


def test_the_content_policy_names_the_one_style_sheet_by_its_hash(sample: Sample) -> None:
    page = _page(sample)
    policy = re.search(r"style-src '(sha256-[^']+)'", page.replace("&#39;", "'"))

    assert policy is not None
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert _style_hash(page) == policy[1]


def test_every_transaction_of_the_alert_is_in_the_table(sample: Sample) -> None:
    shown = set(Outline(_page(sample)).all_text().split())
    cited = {reference for hit in sample.alert.typologies for reference in hit.transaction_ids}

    assert cited <= shown


def test_a_cited_transaction_without_evidence_is_listed_as_not_at_hand() -> None:
    made = collector()

    page = render_page(made.alert, made.movements[1:])

    assert f">{made.movements[0].reference}</bdi>" in page
    assert "its row is not in the evidence at hand" in page


def test_a_page_without_any_movement_still_renders() -> None:
    page = render_page(collector().alert, [])

    assert Outline(page).faults == []
    assert "No flow between two parties can be drawn." in page


def test_the_table_of_flows_equals_the_drawing(sample: Sample) -> None:
    outline = Outline(_page(sample))
    drawn = {text for text in outline.within("title") if " pays " in text}
    rows = {flow_title(flow, "LAK") for flow in flows_of(transactions_of(sample.movements))}

    assert drawn == rows
    assert all(flow.payer in outline.all_text() for flow in _flows(sample))


def test_a_full_drawing_says_how_many_parties_are_only_in_the_table() -> None:
    made = _crowded(60)
    outline = Outline(_page(made))
    boxes = [found for tag, found in outline.tags if tag == "rect" and _is_box(found)]
    hidden = next(int(text.split()[0]) for text in outline.within("text") if "more" in text)

    assert len(boxes) == MOST_NODES
    assert hidden == 62 - (MOST_NODES - 1)
    assert f"{hidden} more parties are summed up" in outline.all_text()
    assert all(f"C-FICT-9{number:03}" in outline.all_text() for number in range(60))


def test_the_drawn_sums_of_a_full_drawing_are_those_of_the_table() -> None:
    made = _crowded(60)
    titles = [text for text in Outline(_page(made)).within("title") if " pays " in text]
    drawn = sum(int(re.findall(r"([\d,]+) LAK", title)[0].replace(",", "")) for title in titles)

    assert drawn == sum(flow.amount for flow in _flows(made))


def test_no_two_amounts_of_the_drawing_stand_in_one_spot() -> None:
    made = victims()
    mirrored = [
        msgspec.structs.replace(
            each, reference=f"{each.reference}-B", holder="C-FICT-0102", account="A-FICT-0102"
        )
        for each in made.movements
        if each.holder == "C-FICT-0101" and each.side == "in"
    ]

    outline = Outline(render_page(made.alert, [*made.movements, *mirrored]))
    labels = [found for _, found in outline.tags if found.get("class") == "edge-label"]
    spots = [(found["x"], found["y"], found["text-anchor"]) for found in labels]

    assert len(spots) == len(set(spots))
    assert any(text.startswith("\u2211 ") for text in outline.within("text"))


def test_payers_with_one_reason_are_one_line_of_the_roles() -> None:
    said = Outline(_page(collector())).all_text()

    assert "C-FICT-0300 A-FICT-0300 , C-FICT-0301" in said
    assert said.count("Paid the price once.") == 1


def test_a_long_narrative_leads_with_three_sentences_and_is_whole_at_the_end() -> None:
    made = collector()
    lines = [f"Sentence {number} [TX-FICT-0100]." for number in range(5)]
    alert = msgspec.structs.replace(made.alert, narrative={"en": "\n".join(lines)})

    lead, _, rest = Outline(render_page(alert, made.movements)).all_text().partition("Facts")

    assert [f"Sentence {number}." in lead for number in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert lead.count("[ TX-FICT-0100") == 1
    assert all(f"Sentence {number} [" in rest for number in range(5))


def test_a_transaction_seen_from_both_sides_is_one_row() -> None:
    made = victims()
    sent = next(each for each in made.movements if each.counterparty == "C-FICT-0200")
    mirror = msgspec.structs.replace(
        sent,
        side="in",
        holder=sent.counterparty,
        account=sent.counterparty_account,
        counterparty=sent.holder,
        counterparty_account=sent.account,
        device=None,
    )

    assert transactions_of([mirror, *made.movements]) == transactions_of(made.movements)


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_in_any_field_stays_text(attack: str) -> None:
    made = collector()
    alert = _poisoned_alert(made.alert, attack)
    movements = [_poisoned_movement(each, attack) for each in made.movements]

    page = render_page(alert, movements)
    outline = Outline(page)

    assert outline.faults == []
    assert {tag for tag, _ in outline.tags} <= _tags_of(made) | {"p"}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)
    assert printable(attack).strip() in outline.all_text()


def test_an_alert_id_cannot_leave_the_style_sheet() -> None:
    made = collector()
    alert = msgspec.structs.replace(made.alert, alert_id='"}</style><b>x</b>{content:"')

    page = render_page(alert, made.movements)

    assert page.count("</style>") == 1
    assert "<b>x</b>" not in page


def test_a_possible_victim_is_never_drawn_like_a_suspect() -> None:
    outline = Outline(_page(victims()))
    tones = [found["class"] for tag, found in outline.tags if tag == "rect" and _is_box(found)]
    tags = [found["class"] for tag, found in outline.tags if found.get("class") is not None]

    assert tones.count("box protect") == 2
    assert tones.count("box examine") == 1
    assert tags.count("tag protect") == 2


def test_a_party_with_two_roles_is_drawn_as_the_one_to_protect() -> None:
    made = victims()
    suspect = msgspec.structs.replace(made.alert.roles[0], role="mule")
    alert = msgspec.structs.replace(made.alert, roles=(*made.alert.roles, suspect))

    outline = Outline(render_page(alert, made.movements))
    tones = [found["class"] for tag, found in outline.tags if tag == "rect" and _is_box(found)]

    assert tones.count("box protect") == 2


def test_meaning_never_rests_on_colour_alone(sample: Sample) -> None:
    outline = Outline(_page(sample))
    said = outline.all_text()

    assert all(word in said for word in ("Above the line: money in.", "Below: money out."))
    assert all(ROLES[role.role] in said for role in sample.alert.roles)
    assert all(state in said for state in ("Indicated", "Weakly indicated", "Not in bank data"))


def test_tables_and_drawings_are_named_for_those_who_do_not_see_them(sample: Sample) -> None:
    outline = Outline(_page(sample))
    drawings = [found for tag, found in outline.tags if tag == "svg"]
    headers = [found for tag, found in outline.tags if tag == "th"]

    assert all(found["role"] == "img" and found["aria-labelledby"] for found in drawings)
    assert all(found.get("scope") in ("col", "row") for found in headers)
    assert [tag for tag, _ in outline.tags if tag in ("header", "main", "footer", "h1")] == [
        "header",
        "h1",
        "main",
        "footer",
    ]
    assert ("html", {"lang": "en"}) in outline.tags


def test_money_has_separators_and_keeps_every_digit() -> None:
    page = _page(collector())

    assert "46,350,000.00 LAK" in page
    assert "9,000,000.00 LAK or more" in page


def test_a_context_beyond_its_threshold_is_not_told_as_not_met() -> None:
    made = collector()

    def told(*, is_met: bool) -> str:
        first = msgspec.structs.replace(made.alert.facts[0], family=None, is_met=is_met)
        facts = (first, *made.alert.facts[1:])
        return render_page(msgspec.structs.replace(made.alert, facts=facts), made.movements)

    assert "not met" not in told(is_met=True)
    assert "not met" in told(is_met=False)


def test_a_missing_comparison_is_said() -> None:
    said = Outline(_page(collector())).all_text()

    assert "not enough peers" in said
    assert "not enough past" in said


def test_the_page_carries_the_heading_of_intelligence_and_the_command_to_derive_it() -> None:
    made = collector()
    page = _page(made)

    assert page.count(HEADING) >= 3
    assert f"palermo alerts replay {made.alert.alert_id}" in page
    assert made.alert.reproduce.bundle in page


def test_the_same_alert_gives_the_same_bytes(sample: Sample) -> None:
    assert _page(sample) == render_page(sample.alert, list(reversed(sample.movements)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_text_reach_contrast_double_a(scheme: str) -> None:
    colours = _colours(scheme)
    pairs = [(ink, "paper") for ink in ("ink", "soft", "link", "in", "out")]
    pairs += [(tone, f"{tone}-ground") for tone in ("protect", "examine", "caution")]
    pairs += [("ink", f"{tone}-ground") for tone in ("protect", "examine", "caution")]

    weak = {pair: _contrast(*(colours[name] for name in pair)) for pair in pairs}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.needs_chromium
def test_a_browser_prints_the_page_without_a_complaint(chromium: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(_page(victims()), encoding="utf-8")

    run = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'user'}",
            "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}",
            (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")
    assert [line for line in run.stderr.splitlines() if "CONSOLE" in line] == []


def _page(sample: Sample) -> str:
    return render_page(sample.alert, sample.movements)


def _flows(sample: Sample) -> Sequence[Flow]:
    return flows_of(transactions_of(sample.movements))


def _is_box(found: dict[str, str | None]) -> bool:
    return str(found.get("class")).startswith("box")


def _style_hash(page: str) -> str:
    style = page.partition("<style>")[2].partition("</style>")[0]
    return "sha256-" + b64encode(sha256(style.encode()).digest()).decode()


def _tags_of(sample: Sample) -> set[str]:
    return {tag for tag, _ in Outline(_page(sample)).tags}


def _crowded(payers: int) -> Sample:
    made = collector()
    example = made.movements[0]
    paid = [
        msgspec.structs.replace(
            example,
            reference=f"TX-FICT-9{number:03}",
            counterparty=f"C-FICT-9{number:03}",
            counterparty_account=f"A-FICT-9{number:03}",
            amount_base=str(1000 + number),
        )
        for number in range(payers)
    ]
    cash = [each for each in made.movements if each.side == "out"]
    return Sample(alert=made.alert, movements=[*paid, *cash])


def _poisoned_alert(alert: Alert, attack: str) -> Alert:
    return msgspec.convert(_poisoned(msgspec.to_builtins(alert), attack), Alert)


def _poisoned_movement(movement: Movement, attack: str) -> Movement:
    return msgspec.convert(_poisoned(msgspec.to_builtins(movement), attack), Movement)


def _poisoned(value: object, attack: str, field: str = "") -> object:
    """The same with the attack before every text that a bank, a case file or a person can set."""
    if isinstance(value, dict):
        return {name: _poisoned(each, attack, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_poisoned(each, attack, field) for each in value]
    return f"{attack}{value}" if isinstance(value, str) and field not in OURS else value


def _colours(scheme: str) -> dict[str, str]:
    css = files("alerts").joinpath("templates", "alert.css").read_text(encoding="utf-8")
    light, _, dark = css.partition("prefers-color-scheme: dark")
    text = light if scheme == "light" else dark.partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text))


def _contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
