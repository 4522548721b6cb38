"""How an alert must be handled so that it harms nobody it may be there to protect."""

from collections.abc import Iterator, Sequence

from alerts.alert import Handling, HandlingClass, Offence, PartyRole
from alerts.dossier import Background, Dossier

ADULT_YEARS = 18
SECRECY = (
    "Do not tell the subject, a party or their staff that this alert exists (tipping-off): no "
    "trace in customer-facing systems."
)
RECEIVER = "Do not contact or question the receiver or collector: the persons behind may be hurt."
PAYERS = (
    "Do not treat payers as suspects: migrants and families who paid are not liable for it "
    "(Smuggling of Migrants Protocol, Article 5)."
)
CHILD = "Do not open the child's file outside the child protection unit."
VICTIM_CONTACT = (
    "Only through a trained victim-support contact, by a channel agreed with the person; never "
    "through the receiver, a shared device or a letter to a shared address."
)
NORMAL_CONTACT = "None needed; questions to the bank go to its compliance contact alone."


def handling(
    dossier: Dossier,
    roles: Sequence[PartyRole],
    offences: Sequence[Offence],
    background: Background,
) -> Handling:
    """Class, do-not list and contact."""
    kind = _class(dossier, roles, offences, background)
    return Handling(
        class_=kind,
        do_not=tuple(_do_not(kind, roles)),
        contact=NORMAL_CONTACT if kind == "normal" else VICTIM_CONTACT,
    )


def _class(
    dossier: Dossier,
    roles: Sequence[PartyRole],
    offences: Sequence[Offence],
    background: Background,
) -> HandlingClass:
    victims = [role.party for role in roles if role.role == "possible_victim"]
    protected = [*victims, *(role.party for role in roles if role.role == "payer")]
    year = dossier.raised_at.year
    if "child" in offences or any(_may_be_child(each, year, background) for each in protected):
        return "child"
    is_danger = any(each.definition.severity == "urgent" for each in dossier.cited)
    return "victim" if victims or is_danger else "normal"


def _may_be_child(party: str, year: int, background: Background) -> bool:
    """Age only ever raises protection; in the year of an 18th birthday the doubt protects."""
    customer = background.references.customers.get(party)
    if customer is None or customer.birth_year is None:
        return False
    return year - customer.birth_year <= ADULT_YEARS


def _do_not(kind: HandlingClass, roles: Sequence[PartyRole]) -> Iterator[str]:
    yield SECRECY
    receivers = {role.party for role in roles if role.role in ("collector", "possible_controller")}
    if receivers:
        yield RECEIVER
    for role in roles:
        if role.role == "possible_victim":
            yield from _protection(role, receivers)
    if any(role.role == "payer" for role in roles):
        yield PAYERS
    if kind == "child":
        yield CHILD


def _protection(role: PartyRole, receivers: set[str]) -> Iterator[str]:
    account = role.account or "the account"
    named = sorted(receivers - {role.party})
    yield (
        f"Do not propose a block of {account} (possible victim {role.party})"
        + (f"; holding payments to {', '.join(named)} may be proposed." if named else ".")
    )
    yield f"Do not send a letter that names {role.party} without two approvals."
