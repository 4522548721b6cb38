"""The words and figures that a page and a terminal share: plain labels, money, times, shares."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from alerts.alert import Alert, AlertFact, PartyRole

HEADING = "Intelligence, not evidence: originals to request"

ORIGINALS = (
    "Certified account statements and opening files of every account named here, "
    "for the whole period, from the bank that holds them.",
    "The original record of each transaction in the table below: slip, payment message, "
    "terminal journal.",
    "Device, session and IP logs behind each electronic payment, and camera images of cash "
    "points: they are kept for days, ask first.",
    "Identity documents and mandates behind each account, with who may act for it.",
)
"""What an intelligence page must be replaced by before a court sees it (DESIGN 5)."""

ROLES: Mapping[str, str] = {
    "unknown": "No role claimed",
    "possible_victim": "Possible victim",
    "possible_controller": "Possible controller",
    "collector": "Collector",
    "mule": "Money mule",
    "facilitator": "Facilitator",
    "payer": "Payer",
}
ROLE_TONE: Mapping[str, str] = {
    "possible_victim": "protect",
    "possible_controller": "examine",
    "collector": "examine",
    "mule": "examine",
    "facilitator": "examine",
}
"""How a role may be drawn. A possible victim is never drawn like those to be examined."""

OFFENCES: Mapping[str, str] = {
    "trafficking": "Trafficking in persons",
    "smuggling": "Smuggling of migrants",
    "child": "Sexual exploitation of children",
    "laundering": "Money laundering",
}
ELEMENTS: Mapping[str, str] = {
    "act": "Act (recruit, transport, harbour, receive)",
    "means": "Means (force, control, deceit, abuse of need)",
    "purpose": "Purpose of exploitation",
    "procurement": "Procuring illegal entry or stay",
    "benefit": "Financial or other benefit",
    "documents": "False or withheld documents",
    "concealment": "Concealing where money comes from",
}
STATES: Mapping[str, str] = {
    "indicated": "Indicated",
    "weak": "Weakly indicated",
    "not_in_bank_data": "Not in bank data",
}
STATE_SIGNS: Mapping[str, str] = {"indicated": "●", "weak": "◐", "not_in_bank_data": "○"}
RESULTS: Mapping[str, str] = {
    "explains": "Explains",
    "does_not_explain": "Does not explain",
    "not_testable": "Could not be tested",
}
RESULT_SIGNS: Mapping[str, str] = {"explains": "✓", "does_not_explain": "✗", "not_testable": "?"}
TESTS: Mapping[str, str] = {
    "PAYROLL": "Wages paid regularly by one employer",
    "REMIT": "Family support sent monthly, spent where it arrives",
    "FAMILY": "Declared relatives, or old ties both ways",
    "LICENSED": "A licensed business in a public register",
    "MERCH": "A registered merchant with steady takings",
    "ROSCA": "A circle of savers: one sum, in turn to each",
    "SHELTER": "A registered shelter, association, mission or embassy",
    "SCHOOL": "A school or university, or fees paid to one",
    "EVENT": "Gifts of a feast or festival, not passed on",
    "LIVE_SELLER": "Live selling: many buyers by day, goods and couriers",
}
FAMILIES: Mapping[str, str] = {
    "structure": "shape of the flow",
    "movement": "movement between places",
    "link": "control or link between persons",
    "keyword": "words or merchants",
    "known": "known subject",
}
HANDLING: Mapping[str, str] = {
    "normal": "Normal handling",
    "child": "A child may be at risk",
    "official": "A public official is involved",
    "victim": "A possible victim is involved",
}
QUEUES: Mapping[str, str] = {
    "exploitation": "Exploitation",
    "smuggling": "Smuggling",
    "laundering": "Laundering",
    "unusual": "Unusual",
    "first_load": "First load",
}
FACTS: Mapping[str, str] = {
    "accounts_of_contact": "New accounts of unrelated holders with the same two contacts",
    "accounts_on_device": "New or woken accounts run from this device",
    "advanced_persons": "Persons without a tie who were sent money",
    "band_share": "Share of credits at one or two prices",
    "cards": "Unrelated cards drawn empty at one machine within minutes",
    "cash_of_theirs": "Cash drawn within six hours of a payment, against all cash drawn",
    "cash_soon_share": "Cash drawn within six hours, against what was sent",
    "clients": "Persons who paid in",
    "conversions": "Purchases of crypto within six hours after a stranger's credit",
    "converted_share": "Share of strangers' credits made crypto within six hours",
    "converted_usd": "US dollars made crypto within six hours",
    "coupled_stays": "Stays with money from the same town within a day",
    "both_ways_share": "Share of payees who paid in as well",
    "cover_named": "Payments abroad whose text names family support, school or medicine",
    "credits": "Credits received",
    "credits_usd": "US dollars received from strangers",
    "crossing_named": "Credits whose text names a fare or a crossing",
    "debt_named": "Transfers out whose text names a debt",
    "depositors": "Persons who paid cash in",
    "cycles": "Large sums split with somebody never paid before",
    "digital": "Payments for video, games or networks",
    "document_named": "Transfers out whose text names a passport, visa or permit",
    "draw": "The last movement draws cash",
    "drawn_share": "Cash drawn within a day, against a week's credits",
    "drained_of_month": "Share of a month's income that was paid",
    "equal_share": "Share of sums of one or two sizes",
    "extorted_usd": "US dollars paid to one stranger",
    "families": "Unrelated families that pay one stranger",
    "few_payees_share": "Share of what was held that three payees got, or that went back",
    "first_usd": "The first payment in US dollars",
    "handed_on": "What was sent to others, against the deposits",
    "held_payers": "Payers whose money was held for days and handed on",
    "held_share": "Share of the deposits that was held for days and handed on",
    "helpers": "Parties who sent money in the same days",
    "journeys": "Tickets between towns",
    "least_drained_of_month": "Share of a month's income that each paid",
    "least_median_usd": "Usual sum in US dollars",
    "least_ransom_usd": "US dollars each family paid",
    "limit_multiple": "Cash paid in, against the reporting threshold",
    "lodging_named": "Payments whose text names a lodging",
    "lodging_regions": "Regions of the lodgings",
    "lodgings": "Lodgings paid",
    "lumps_lately": "Large sums from abroad or in cash within six weeks",
    "paid_before": "Earlier payments to the same party",
    "paid_persons": "Persons paid",
    "past_excess_mass": "Cash sums just below the reporting threshold in half a year, for each "
    "just above",
    "payees_abroad": "Persons abroad without a tie who were paid",
    "payments_abroad": "Payments abroad",
    "payout": "The last movement pays somebody",
    "payers_in": "Persons without a tie who paid in",
    "payment": "The last movement is such a payment",
    "places": "Branches or machines used",
    "pressed_payers": "Unrelated payers pressed by one receiver",
    "raised": "Payments, each larger than the one before",
    "ransom_usd": "US dollars paid to one stranger",
    "recruit_named": "Transfers whose text names a fee for finding work",
    "release": "The last movement hands money on",
    "release_named": "Transfers out whose text names somebody's release",
    "release_share": "Share of transfers to three payees",
    "releases": "Transfers to others",
    "same_cards": "Share of cards seen together there before",
    "sender_countries": "Countries the senders are in",
    "senders": "Senders abroad without a tie",
    "settled_share": "Share of payments that settle with partners abroad",
    "share": "The last movement pays somebody",
    "shared": "Share of the receipts paid to steady helpers",
    "shared_at_least": "Share of the receipts paid to anybody",
    "shared_at_most": "Share of the receipts paid to anybody",
    "source_share": "Share of receipts from three senders",
    "steady_share": "Share of payments that go to steady helpers",
    "taken_usd": "US dollars taken from others",
    "tickets": "Tickets between towns",
    "tickets_in_a_day": "Tickets bought on one day",
    "within_means_usd": "US dollars paid to one stranger, at most",
    "zone_ticket_share": "Share of tickets bought near a border or special zone",
    "deposit_sites": "Regions where cash was paid in at night",
    "deposits": "Cash deposits",
    "emptied_days": "Days on which money was passed on",
    "deposits_share": "Cash paid in away from home, against all that came in",
    "deposit_regions": "Regions where cash was paid in, not at home",
    "drained_share": "Share of outflow to this receiver",
    "dwell": "Time until half of the money had left",
    "excess_mass": "Cash sums just below the reporting threshold, for each just above",
    "far_share": "Share of cash taken out far from where it was paid in",
    "feeders": "Unrelated accounts emptied to this receiver, or taken from by it",
    "foreign_device_share": "Share of outflow sent from a device not its holder's",
    "homes": "Landlords without a tie who were paid rent",
    "hops": "Transfers until the money was back",
    "hub_cap": "Only the last movements of a very busy account were looked at",
    "income": "Credits against declared monthly income",
    "kept_on_the_way": "Share kept back on the way",
    "kept_to_live_on": "Share spent on an own life (food, rent, top-up)",
    "least_one_device_share": "Share sent with one device",
    "least_one_payer_share": "Share of credits from one payer",
    "least_passed_through": "Share of the money that passed through",
    "least_sinks_share": "Share sent to three parties",
    "least_taken_share": "Share of the wages taken back",
    "median_usd": "Median cash deposit in US dollars",
    "near_pattern": "Cash just below the reporting threshold",
    "night_share": "Share of cash paid in at night",
    "one_device_share": "Share sent with one device",
    "one_payer_share": "Share of credits from one payer",
    "onset": "Account newly opened, or silent for half a year before",
    "lived_on_share": "Share of that money spent to live on, beyond all else that came in",
    "own_life_share": "Share spent on an own life (food, rent, top-up)",
    "largest_day_share": "Share of outflow on the day with most",
    "passed_48h": "Share passed on within 48 hours",
    "passed_on": "Share of strangers' money that left from another's device",
    "passed_through": "Share of the money that passed through",
    "passed_usd": "US dollars that passed in a week",
    "paths": "Go-betweens from one source to one sink",
    "payer_regions": "Regions the payers come from",
    "payers": "Different payers",
    "regular_payers": "Persons without a tie who pay in again and again",
    "repeat_share": "Share of payers who pay again and again",
    "sent_when_new": "Payments while the account was new",
    "sinks_share": "Share of outflow to three parties",
    "strangers": "Payers without a declared relation",
    "earnings_taken_share": "Share of strangers' money that one party took within a day",
    "handed_on_share": "Share of receipts that were handed on nearly whole",
    "of_earnings": "Share of what that party got that was strangers' money of the day",
    "taken_credits": "Credits of strangers that one party took within a day",
    "taken_days": "Days on which one party took strangers' money",
    "taken_share": "Share of the wages taken back by one party",
    "taker_share": "Share of strangers' money passed on that went to one party",
    "shape_both_ways_share": "Share given and taken between the same two",
    "shape_trade_share": "Share that moved between a registered firm and others",
    "shape_least_payer_share": "What the payer of least paid, against the average",
    "shape_amount": "Moved through the shape",
    "shape_largest_share": "Largest single payment's share",
    "shape_parties": "Unrelated holders in the shape",
    "shape_payments": "Payments of the shape",
    "top_payee_share": "Share of outflow to one receiver",
    "upkeep_share": "Share of outflow for homes, telephones, bills and medicine",
    "wage_months_back": "Months whose wages one party took back",
    "workers": "Unrelated workers whose wages went back to one party",
    "zone_cash_share": "Share of cash taken out near a border or special zone",
}
"""Plain words for facts; one that is not here is shown under its own name."""

TIME_UNITS = ("hours", "days")
LEAD = 3
"""Sentences of a narrative that say why; the others repeat what the sections show."""
NAMED = 3
"""Parties of a group that a sentence names."""
UNTESTED_PEERS = "not enough peers"
UNTESTED_PAST = "not enough past"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGroup:
    """Parties with the same role for the same reasons; never empty."""

    members: tuple[PartyRole, ...]

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for role in self.members for each in role.transaction_ids))


def fact_label(name: str) -> str:
    """Plain words for a fact: its entry in FACTS, else its name with spaces."""
    label = FACTS.get(name, name.replace("_", " "))
    return label[:1].upper() + label[1:]


def role_tones(alert: Alert) -> dict[str, str]:
    """How each party of the alert may be drawn: protect, examine or plain. Protection wins."""
    tones: dict[str, str] = {}
    for role in alert.roles:
        tone = ROLE_TONE.get(role.role, "plain")
        if tones.get(role.party) != "protect":
            tones[role.party] = tone
    return tones


def role_labels(alert: Alert) -> dict[str, str]:
    """The roles of each party in words, that of a possible victim first."""
    labels: dict[str, list[str]] = {}
    for role in sorted(alert.roles, key=lambda role: ROLE_TONE.get(role.role) != "protect"):
        label = ROLES.get(role.role, role.role)
        labels.setdefault(role.party, []).append(label)
    return {party: " and ".join(dict.fromkeys(found)) for party, found in labels.items()}


def role_groups(alert: Alert) -> tuple[RoleGroup, ...]:
    """The roles, those with one wording together: fourteen payers are one line."""
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[PartyRole]] = {}
    for role in alert.roles:
        groups.setdefault((role.role, role.why, role.against), []).append(role)
    return tuple(RoleGroup(members=tuple(members)) for members in groups.values())


def headline(alert: Alert) -> str:
    """What the narrative opens with, before it names the subject; else the hypothesis begins."""
    title, found, _ = narrative_lines(alert)[0].partition(f": {alert.subject.id}")
    return title if found else alert.hypothesis.partition(". ")[0].rstrip(".")


def narrative_lines(alert: Alert) -> tuple[str, ...]:
    """The narrative's sentences, in English where there is a choice; else the hypothesis."""
    text = alert.narrative.get("en") or next(iter(alert.narrative.values()), alert.hypothesis)
    return tuple(line.strip() for line in text.splitlines() if line.strip()) or (text,)


def lead_sentences(alert: Alert) -> tuple[tuple[str, str], ...]:
    """The sentences that say why, each with its citation; one that the next repeats is empty."""
    pairs = [_without_citation(line) for line in narrative_lines(alert)[:LEAD]]
    following = [*(cites for _, cites in pairs[1:]), None]
    return tuple(
        (text, "" if cites == after else cites)
        for (text, cites), after in zip(pairs, following, strict=True)
    )


def for_the_person(alert: Alert) -> tuple[str, ...]:
    """Contrary facts of the subject's own roles, then of the others, each with whose it is."""
    own = [fact for role in alert.roles if role.party == alert.subject.id for fact in role.against]
    others = [
        f"{named(group)}: {fact}"
        for group in role_groups(alert)
        if group.members[0].party != alert.subject.id
        for fact in group.members[0].against
    ]
    return tuple(dict.fromkeys([*own, *others]))


def named(group: RoleGroup) -> str:
    """The first parties of a group, and how many more: `A, B, C and 11 more`."""
    parties = list(dict.fromkeys(role.party for role in group.members))
    rest = len(parties) - NAMED
    return ", ".join(parties[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def measured(fact: AlertFact, value: float | int | str | None, alert: Alert) -> str | None:
    """A value of this fact: `83 %`, `12,000,000 LAK`, `9.5 hours`; what it counts is not said."""
    if value is None:
        return None
    if is_share(fact):
        return share(value)
    if fact.unit == alert.totals.currency:
        return money(str(value), fact.unit)
    return f"{number(value)} {fact.unit if fact.unit in TIME_UNITS else ''}".rstrip()


def is_share(fact: AlertFact) -> bool:
    """Whether it is a part of a whole, by its unit: `share`, `least share of ...`."""
    return " share " in f" {fact.unit} "


def counted(fact: AlertFact, alert: Alert) -> str:
    """What the value counts or is a share of, where the unit says more than the figure does."""
    plain = ("share", "count", alert.totals.currency, *TIME_UNITS)
    return "" if fact.unit in plain else words(fact.unit)


def bound(fact: AlertFact, alert: Alert) -> str | None:
    """The threshold as the claim the value meets: `60 % or more`; or `60 %, not met`."""
    text = measured(fact, fact.threshold, alert)
    value, threshold = _decimal(fact.value), _decimal(fact.threshold)
    if text is None or value is None or threshold is None:
        return text
    if not fact.is_met:
        return f"{text}, not met"
    if value == threshold:
        return text
    return f"{text} or {'more' if value > threshold else 'less'}"


def money(amount: str | None, currency: str | None) -> str:
    """`1,250,000.00 LAK`; the text as it is where it is no number; `no rate` for None."""
    if amount is None:
        return "no rate"
    return f"{thousands(amount)} {currency or ''}".rstrip()


def moved_money(amount: str | None, currency: str) -> str:
    """`1,250,000.00 LAK`; `not seen` for None."""
    return "not seen" if amount is None else money(amount, currency)


def thousands(amount: str) -> str:
    """Decimal text with separators; not one digit more or fewer."""
    value = _decimal(amount)
    return amount if value is None or not value.is_finite() else format(value, ",f")


def number(value: float | int | str) -> str:
    """At most two decimals, with separators; text stays text."""
    if isinstance(value, str):
        return thousands(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def share(value: float | int | str | None) -> str:
    """0.834 as `83 %`; the ends are kept apart from what is only near them."""
    if value is None:
        return "not known"
    if isinstance(value, str):
        return value
    percent = round(100 * value)
    if percent in (0, 100) and value not in (0, 1):
        return f"{100 * value:.1f} %"
    return f"{percent} %"


def moment(text: str) -> str:
    """`3 Mar 2026 21:14` in the zone the text carries; a date alone, or no time, as it is."""
    time = parsed_time(text)
    if time is None:
        return text
    return day(time) if len(text) == len("2026-03-03") else f"{day(time)} {time:%H:%M}"


def day(time: datetime) -> str:
    return f"{time.day} {time:%b %Y}"


def zone_name(text: str) -> str:
    """`UTC+07:00` of an ISO time, `UTC` for Z or none."""
    time = parsed_time(text)
    if time is None or not time.utcoffset():
        return "UTC"
    return f"UTC{time:%z}"[:-2] + ":" + f"{time:%z}"[-2:]


def parsed_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def sentence(text: str) -> str:
    """With a full stop, and a capital letter unless it begins with an id."""
    ended = text if text.endswith((".", "!", "?", "]")) else f"{text}."
    return ended[:1].upper() + ended[1:] if ended.split(" ")[0].isalpha() else ended


def words(code: str | None) -> str:
    """`CASH_DEPOSIT` as `cash deposit`."""
    return (code or "").replace("_", " ").lower()


def printable(text: str) -> str:
    """The text without what could command a terminal or turn the reading direction round."""
    return "".join("\ufffd" if _is_unsafe(letter) else letter for letter in text)


def shortened(text: str, length: int) -> str:
    """At most `length` letters: the ends of an id tell more than its middle."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def _without_citation(line: str) -> tuple[str, str]:
    """`Money came [A, B].` as `Money came.` and `[A, B]`."""
    text, opened, cites = line.rpartition(" [")
    if not opened or not cites.endswith("]."):
        return line, ""
    return f"{text.rstrip('.')}.", f"[{cites[:-1]}"


def _decimal(value: float | int | str | None) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def _is_unsafe(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cs", "Cf", "Zl", "Zp")
