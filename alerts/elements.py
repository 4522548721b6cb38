"""Which elements of which crime the facts indicate, and what to ask for where money is silent.

Sources: Trafficking Protocol Art. 3, Smuggling of Migrants Protocol Art. 3 and 6, UNTOC Art. 6.
"""

from collections.abc import Iterator, Mapping, Sequence

from alerts.alert import Element, ElementOfCrime, ElementState, Offence
from alerts.dossier import Cited, speaks
from alerts.gate import grounds_of, names_persons
from detectors.finding import Fact
from detectors.typology import ElementCeiling

ELEMENTS: Mapping[Offence, tuple[Element, ...]] = {
    "trafficking": ("act", "means", "purpose"),
    "smuggling": ("procurement", "benefit", "documents"),
    "child": ("act", "purpose"),
    "laundering": ("concealment",),
}
ASK_FOR: Mapping[Element, str] = {
    "act": "who recruited, transported, transferred, harboured or received the person: "
    "statements, tickets, tenancy, telephone data",
    "means": "how the person was made to: statements, debts, custody of documents, cards and "
    "telephones (not needed where the person is under 18)",
    "purpose": "what the person was exploited for: place of work, adverts, wages promised and paid",
    "procurement": "that a border was crossed unlawfully: entry stamps, route, telephone data, "
    "vehicles",
    "benefit": "what was paid for and what was kept: price messages, payers' accounts, assets",
    "documents": "travel or identity documents: applications, forgeries, who holds them",
    "concealment": "where the money comes from and who decides over it: slips, mandates, images",
}
TRADE_HOUR_PLACE = frozenset(
    {
        "mcc",
        "merchant_id",
        "event_time",
        "local_utc_offset_min",
        "place_id",
        "location_region",
        "location_country",
        "border_km",
        "is_special_zone",
    }
)
"""A trade, an hour or a place alone never names an offence against persons."""
PRICES = frozenset({"band_share"})
"""Facts that show a price list; routes and transport come from the `procurement` ceilings."""
HYPOTHESES: Mapping[Offence, str] = {
    "trafficking": "Trafficking in persons",
    "smuggling": "Smuggling of migrants",
    "child": "Exploitation of a child",
    "laundering": "Laundering, predicate offence open",
}


def offences_suspected(cited: Sequence[Cited]) -> tuple[Offence, ...]:
    """Trafficking with a means or purpose fact, smuggling with a benefit fact and another one on
    route, price or transport; else, and where only the structure speaks, laundering."""
    found = {each.finding.typology: grounds_of(each.finding) for each in cited}
    if not names_persons(found, {each.definition.id: each.definition for each in cited}):
        return ("laundering",)
    suspected: list[Offence] = []
    if _persons_facts(cited, "trafficking", ("means", "purpose")):
        suspected.append("trafficking")
    if _is_smuggling(cited):
        suspected.append("smuggling")
    if _persons_facts(cited, "child", ("purpose",)):
        suspected.append("child")
    return tuple(suspected) or ("laundering",)


def elements(cited: Sequence[Cited], offences: Sequence[Offence]) -> tuple[ElementOfCrime, ...]:
    """Every element of every suspected offence, in the order of the law."""
    return tuple(
        _element(cited, offence, element) for offence in offences for element in ELEMENTS[offence]
    )


def benefit_facts(cited: Sequence[Cited]) -> frozenset[str]:
    """Names of the facts that show a financial or other material benefit."""
    return frozenset(
        fact.name for offence in ELEMENTS for fact in _facts(cited, offence, "benefit")
    )


def _element(cited: Sequence[Cited], offence: Offence, element: Element) -> ElementOfCrime:
    ceilings = [ceiling for _, ceiling in _ceilings(cited, offence, element)]
    facts = tuple(dict.fromkeys(fact.name for fact in _facts(cited, offence, element)))
    asked = [ceiling.ask_for for ceiling in ceilings] or [ASK_FOR[element]]
    return ElementOfCrime(
        offence=offence,
        element=element,
        state=_state(cited, offence, element),
        facts=facts,
        ask_for="; ".join(dict.fromkeys(asked)),
    )


def _state(cited: Sequence[Cited], offence: Offence, element: Element) -> ElementState:
    """The ceiling where all its facts speak, weak where some do."""
    states: set[ElementState] = set()
    for each, ceiling in _ceilings(cited, offence, element):
        speaking = [fact for fact in _named(each, ceiling) if speaks(fact)]
        if speaking:
            states.add(ceiling.strongest if len(speaking) == len(ceiling.facts) else "weak")
    if "indicated" in states:
        return "indicated"
    return "weak" if states else "not_in_bank_data"


def _is_smuggling(cited: Sequence[Cited]) -> bool:
    benefit = {fact.name for fact in _facts(cited, "smuggling", "benefit")}
    route = {
        fact.name for fact in _facts(cited, "smuggling", "procurement") if fact.family is not None
    }
    price = {
        fact.name
        for each in cited
        for fact in each.finding.facts
        if fact.name in PRICES and speaks(fact)
    }
    return any(one != other for one in benefit for other in route | price)


def _persons_facts(
    cited: Sequence[Cited], offence: Offence, among: tuple[Element, ...]
) -> list[Fact]:
    return [
        fact
        for element in among
        for fact in _facts(cited, offence, element)
        if not (fact.columns and set(fact.columns) <= TRADE_HOUR_PLACE)
    ]


def _facts(cited: Sequence[Cited], offence: Offence, element: Element) -> Iterator[Fact]:
    for each, ceiling in _ceilings(cited, offence, element):
        yield from (fact for fact in _named(each, ceiling) if speaks(fact))


def _ceilings(
    cited: Sequence[Cited], offence: Offence, element: Element
) -> Iterator[tuple[Cited, ElementCeiling]]:
    for each in cited:
        for ceiling in each.definition.elements:
            if ceiling.offence == offence and ceiling.element == element:
                yield each, ceiling


def _named(each: Cited, ceiling: ElementCeiling) -> Iterator[Fact]:
    return (fact for fact in each.finding.facts if fact.name in ceiling.facts)
