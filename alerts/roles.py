"""Who may be what in this alert, with reasons and with what speaks against. Unknown is the
default; nobody is a suspect for having been smuggled, or for having paid for family."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from alerts.alert import PartyRole, Role
from alerts.dossier import Background, Cited, Dossier
from alerts.elements import benefit_facts
from alerts.exculpation import reason
from alerts.ledger import Entry
from alerts.relations import households
from alerts.wording import share
from detectors.typology import GatheringTypology, NetworkTypology, Typology
from models.mask import Mask

LEAST_TO_ONE_PARTY = 0.70
MOST_FOR_OWN_LIFE = 0.05
"""The control test: who lives on an account spends far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTest:
    """The control test over some money: the facts it reads, and its words for both."""

    to_one: str
    own_life: str
    goes: str
    lives: str


CONTROL_TESTS = (
    ControlTest(
        to_one="top_payee_share",
        own_life="own_life_share",
        goes="of what leaves the account goes to one party",
        lives="of what comes in is spent to live on",
    ),
    ControlTest(
        to_one="taker_share",
        own_life="lived_on_share",
        goes="of what is taken of strangers' money goes to one party",
        lives="of strangers' money is spent to live on, beyond all else that comes in",
    ),
    ControlTest(
        to_one="taken_share",
        own_life="lived_on_share",
        goes="of the wages goes to one party",
        lives="of the wages is spent to live on, beyond all else that comes in",
    ),
)
"""Over the whole account, and over the money that is taken: who keeps a life of their own beside it
is controlled in what strangers pay or an employer does, not in all they have. The design asks it of
the account alone, and so called hardly any victim one who still lived on something else."""
LEAST_CONTROLLED = 2
CHILD_RULE = ("the holder is under 18 and somebody else's device moves the money",)
MOST_PAYERS = 100
"""Payers listed, in order of their first payment; the rest are in the cited transactions."""
THINGS = frozenset({"device", "place", "contact"})
"""Kinds of subjects that are no party: nobody is named by them."""
COLLECTING = frozenset({"som-collector-fanin"})
"""Typologies whose subject collects from payers."""
NOT_PAYMENTS = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.CARD | Mask.SALARY | Mask.LOAN
ORDER: tuple[Role, ...] = (
    "possible_controller",
    "collector",
    "facilitator",
    "mule",
    "possible_victim",
    "unknown",
    "payer",
)


def roles(dossier: Dossier, background: Background) -> tuple[PartyRole, ...]:
    """Everybody named by the alert; the subject first, then by role, party and account."""
    found = [
        *_subject(dossier, background),
        *_feeders(dossier),
        *_payers(dossier, background),
        *_members(dossier, background),
    ]
    return tuple(sorted(found, key=lambda role: _place(role, dossier.subject.id)))


def is_controlled(signal: Cited) -> bool:
    """Whether the control test holds: nearly all goes to one party, nothing is lived on."""
    return _rank(signal) < len(CONTROL_TESTS)


def _place(role: PartyRole, subject: str) -> tuple[bool, int, str, str]:
    return role.party != subject, ORDER.index(role.role), role.party, role.account or ""


def _subject(dossier: Dossier, background: Background) -> Iterator[PartyRole]:
    if dossier.subject.kind in THINGS:
        return
    child = [each for each in dossier.cited if _is_child_rule(each)]
    if child:
        yield _role(child[0], dossier.subject.id, "possible_victim", CHILD_RULE, dossier.cited)
        return
    gathered = [each for each in dossier.cited if isinstance(each.definition, GatheringTypology)]
    collecting = [each for each in dossier.cited if each.finding.typology in COLLECTING]
    controlled = sorted(filter(is_controlled, dossier.own_signals), key=_rank)
    if gathered or collecting:
        yield _collector(dossier, background, [*gathered, *collecting])
    for signal in controlled[:1]:
        yield _role(signal, dossier.subject.id, "possible_victim", _control(signal), dossier.cited)
    if not gathered and not collecting and not controlled:
        yield _unknown(dossier, background)


def _collector(dossier: Dossier, background: Background, grounds: Sequence[Cited]) -> PartyRole:
    controlled = sorted({each.finding.holder for each in dossier.feeders if is_controlled(each)})
    unrelated = households(controlled, background.relations)
    benefits = sorted(benefit_facts(dossier.cited))
    is_controller = unrelated >= LEAST_CONTROLLED and bool(benefits)
    why = [f"{each.definition.title} ({each.finding.typology})" for each in grounds]
    against = list(_tests_for(dossier.cited)) + list(_licences(dossier.subject.id, background))
    if controlled:
        why.append(f"{unrelated} unrelated accounts that pay it meet the control test")
    if is_controller:
        why.append(f"a benefit is shown by: {', '.join(benefits)}")
    elif unrelated >= LEAST_CONTROLLED:
        against.append(
            "what the receiver does with the money is not seen: it may collect for another"
        )
    return PartyRole(
        party=dossier.subject.id,
        account=_account(grounds[0], dossier.subject.id),
        role="possible_controller" if is_controller else "collector",
        why=tuple(why),
        against=tuple(against),
        transaction_ids=_union(grounds),
    )


def _unknown(dossier: Dossier, background: Background) -> PartyRole:
    return PartyRole(
        party=dossier.subject.id,
        account=_account(dossier.cited[0], dossier.subject.id),
        role="unknown",
        why=("holds the account; who uses it, and for whom, bank data do not show",),
        against=(*_tests_for(dossier.cited), *_licences(dossier.subject.id, background)),
        transaction_ids=_union(dossier.cited),
    )


def _is_child_rule(each: Cited) -> bool:
    return isinstance(each.definition, Typology) and each.definition.is_child_rule


def _feeders(dossier: Dossier) -> Iterator[PartyRole]:
    """Each feeder once: by a signal of which the control test holds, if there is one, else by the
    first gathering that names it."""
    named: set[str] = set()
    pairs = [
        (signal, each.definition)
        for each in dossier.cited
        if isinstance(each.definition, GatheringTypology)
        for signal in dossier.feeders
        if signal.finding.typology == each.definition.gathers
        and signal.finding.holder in each.finding.feeders
    ]
    for signal, gathering in sorted(pairs, key=lambda pair: _rank(pair[0])):
        if signal.finding.holder not in named:
            named.add(signal.finding.holder)
            yield _feeder(signal, gathering)


def _feeder(signal: Cited, gathering: GatheringTypology) -> PartyRole:
    if is_controlled(signal):
        return _role(signal, signal.finding.holder, "possible_victim", _control(signal), (signal,))
    why = (gathering.feeders.why,)
    return _role(signal, signal.finding.holder, gathering.feeders.role, why, (signal,))


def _role(
    signal: Cited, party: str, role: Role, why: tuple[str, ...], tested: Sequence[Cited]
) -> PartyRole:
    return PartyRole(
        party=party,
        account=_account(signal, party),
        role=role,
        why=why,
        against=(*_tests_for(tested), *_unseen(signal)),
        transaction_ids=signal.transaction_ids,
    )


def _rank(signal: Cited) -> int:
    """Place of the first control test that holds; beyond all of them if none does."""
    held = (_shares(signal, test) is not None for test in CONTROL_TESTS)
    return next((n for n, holds in enumerate(held) if holds), len(CONTROL_TESTS))


def _shares(signal: Cited, test: ControlTest) -> tuple[float, float] | None:
    """What goes to one party and what is lived on, if the test holds."""
    to_one, own_life = signal.number(test.to_one), signal.number(test.own_life)
    if to_one is None or own_life is None:
        return None
    holds = to_one >= LEAST_TO_ONE_PARTY and own_life <= MOST_FOR_OWN_LIFE
    return (to_one, own_life) if holds else None


def _control(signal: Cited) -> tuple[str, ...]:
    """The first control test that holds, in words; nothing if none does."""
    for test in CONTROL_TESTS:
        shares = _shares(signal, test)
        if shares is not None:
            to_one, own_life = (share(each) for each in shares)
            return (
                f"{to_one} {test.goes} (control test: {share(LEAST_TO_ONE_PARTY)} or more)",
                f"{own_life} {test.lives} (control test: {share(MOST_FOR_OWN_LIFE)} or less)",
            )
    return ()


def _payers(dossier: Dossier, background: Background) -> Iterator[PartyRole]:
    collecting = [each for each in dossier.cited if each.finding.typology in COLLECTING]
    paid: dict[str, list[Entry]] = {}
    for entry in (entry for each in collecting for entry in each.entries):
        if _is_payment(entry, dossier.subject.id) and entry.counterparty is not None:
            paid.setdefault(entry.counterparty, []).append(entry)
    for party in list(paid)[:MOST_PAYERS]:
        yield _payer(party, paid[party], background)


def _members(dossier: Dossier, background: Background) -> Iterator[PartyRole]:
    """The others in a network shape: some were used, some use, and money does not say who."""
    shapes = [each for each in dossier.cited if isinstance(each.definition, NetworkTypology)]
    moved: dict[str, list[Entry]] = {}
    for entry in (entry for each in shapes for entry in each.entries):
        if entry.holder != dossier.subject.id:
            moved.setdefault(entry.holder, []).append(entry)
    for party, entries in moved.items():
        yield PartyRole(
            party=party,
            account=entries[0].account,
            role="unknown",
            why=("its payments are part of the shape",),
            against=(
                "who decides over the account, and whether its holder was used, is not seen",
                *_licences(party, background, entries[-1].time.date()),
            ),
            transaction_ids=tuple(dict.fromkeys(entry.reference for entry in entries)),
        )


def _is_payment(entry: Entry, subject: str) -> bool:
    return entry.side == 1 and entry.counterparty != subject and not entry.mask & NOT_PAYMENTS


def _payer(party: str, entries: Sequence[Entry], background: Background) -> PartyRole:
    licences = _licences(party, background, entries[-1].time.date())
    count = len({entry.reference for entry in entries})
    return PartyRole(
        party=party,
        account=entries[0].counterparty_account,
        role="unknown" if licences else "payer",
        why=(f"paid the collector {count} time{'s' if count > 1 else ''}",),
        against=(
            "paying for one's own crossing or for family is no crime of the payer",
            *licences,
        ),
        transaction_ids=tuple(dict.fromkeys(entry.reference for entry in entries)),
    )


def _tests_for(cited: Sequence[Cited]) -> tuple[str, ...]:
    """The tests that explain something, in words."""
    found = {
        f"{result.test}: {reason(result)}": None
        for each in cited
        for result in each.finding.exculpations
        if result.result == "explains"
    }
    return tuple(found)


def _unseen(signal: Cited) -> tuple[str, ...]:
    return tuple(f"not testable: {sentence}" for sentence in signal.finding.not_testable)


def _licences(party: str, background: Background, on: date | None = None) -> tuple[str, ...]:
    lines: Mapping[str, None] = {
        f"stands in a public register: {licence.kind}": None
        for licence in background.references.licences.get(party, ())
        if on is None or (licence.valid_from or on) <= on <= (licence.valid_to or on)
    }
    return tuple(lines)


def _account(cited: Cited, party: str) -> str | None:
    """The account the party used: of the finding, else the one that was paid to."""
    finding = cited.finding
    if finding.accounts and finding.holder == party:
        return finding.accounts[0]
    paid = (
        entry.counterparty_account
        for entry in cited.entries
        if entry.counterparty == party and entry.counterparty_account is not None
    )
    return next(paid, finding.accounts[0] if finding.accounts else None)


def _union(cited: Sequence[Cited]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in cited for each in one.transaction_ids))
