"""Two whole alerts with their movements, as triage would raise them. All of it is fiction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from alerts.alert import (
    Alert,
    AlertFact,
    AlertLink,
    ElementOfCrime,
    Exculpation,
    Handling,
    ModelScore,
    PartyRole,
    Reproduce,
    Step,
    Subject,
    Totals,
    TypologyHit,
)
from alerts.evidence import Movement, Side

LOCAL = timezone(timedelta(hours=7))
START = datetime(2026, 3, 2, tzinfo=LOCAL)
REGIONS = ("LA-VT", "LA-SV", "LA-CH", "LA-LP", "LA-SL")

REPRODUCE = Reproduce(
    release="0.1.0",
    configuration="c0ffee11d0c5a1b2",
    bundle="b0a71ed5e7b8f00d",
)
NOT_TESTABLE_BOTH = (
    "PAYROLL could not be tested for payers at unconnected banks: their accounts are not in "
    "the feed.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    alert: Alert
    movements: Sequence[Movement]


def collector() -> Sample:
    """A collector of fees: fourteen payers at one price, cash out near the border."""
    fees = [_fee(number) for number in range(14)]
    cash = [_cash_out(number) for number in range(4)]
    movements = sorted([*fees, *cash], key=lambda each: each.time)
    return Sample(alert=_collector_alert(fees, cash), movements=movements)


def victims() -> Sample:
    """A receiver who empties two possible victims' accounts; one withdrawal was returned."""
    drained = [
        *_drained("C-FICT-0101", "A-FICT-0101", first_day=0, credits=7),
        *_drained("C-FICT-0102", "A-FICT-0102", first_day=3, credits=6),
    ]
    onward = [
        _movement(
            "TX-FICT-0990", 15, 10, "out", "C-FICT-0200", "A-FICT-0200", None, None, "9800000",
            txn_type="CASH_WITHDRAWAL", channel="ATM", place="P-FICT-09", region="LA-BK",
        )
    ]  # fmt: skip
    movements = sorted([*drained, *onward], key=lambda each: (each.time, each.reference))
    return Sample(alert=_victims_alert(movements), movements=movements)


def _movement(
    reference: str,
    day: int,
    hour: float,
    side: Side,
    holder: str,
    account: str,
    counterparty: str | None,
    counterparty_account: str | None,
    amount: str,
    *,
    txn_type: str = "TRANSFER",
    channel: str = "MOBILE",
    place: str | None = None,
    region: str | None = None,
    device: str | None = None,
    cancelled_by: str | None = None,
) -> Movement:
    local = START + timedelta(days=day, hours=hour)
    return Movement(
        reference=reference,
        time=local.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        local_time=local.isoformat(timespec="seconds"),
        side=side,
        holder=holder,
        account=account,
        counterparty=counterparty,
        counterparty_account=counterparty_account,
        amount=amount,
        currency="LAK",
        amount_base=amount,
        txn_type=txn_type,
        channel=channel,
        place=place,
        region=region,
        device=device,
        cancelled_by=cancelled_by,
    )


def _fee(number: int) -> Movement:
    return _movement(
        f"TX-FICT-01{number:02}",
        number * 5 // 6,
        8 + (number * 7) % 11 + number % 4 / 4,
        "in",
        "C-FICT-0007",
        "A-FICT-0007",
        f"C-FICT-03{number:02}",
        f"A-FICT-03{number:02}",
        "3300000" if number % 5 else "3350000",
        region=REGIONS[number % 5],
    )


def _cash_out(number: int) -> Movement:
    return _movement(
        f"TX-FICT-02{number:02}",
        2 + number * 3,
        17.5,
        "out",
        "C-FICT-0007",
        "A-FICT-0007",
        None,
        None,
        "10500000",
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        place="P-FICT-BORDER-1",
        region="LA-BK",
    )


def _drained(holder: str, account: str, *, first_day: int, credits: int) -> list[Movement]:
    number = int(holder[-3:])
    received = [
        _movement(
            f"TX-FICT-{number}{step:02}",
            first_day + step * 2,
            20 + step % 3,
            "in",
            holder,
            account,
            f"C-FICT-{number + 4}{step:02}",
            f"A-FICT-{number + 4}{step:02}",
            str(700000 + 50000 * (step % 3)),
        )
        for step in range(credits)
    ]
    sent = [
        _movement(
            f"TX-FICT-{number}{step + 50:02}",
            first_day + step * 2,
            25.5 + step % 3,
            "out",
            holder,
            account,
            "C-FICT-0200",
            "A-FICT-0200",
            str(690000 + 50000 * (step % 3)),
            device="device 1",
        )
        for step in range(credits)
    ]
    return [*received, *sent]


def _collector_alert(fees: Sequence[Movement], cash: Sequence[Movement]) -> Alert:
    paid = tuple(each.reference for each in fees)
    taken = tuple(each.reference for each in cash)
    return Alert(
        schema_version=1,
        alert_id="5d1f0c9a7be34b6f8a22c4d3e6f70819",
        status="open",
        superseded_by=None,
        origin="live",
        house="bank",
        subject=Subject(kind="customer", id="C-FICT-0007"),
        accounts=("A-FICT-0007",),
        customers=("C-FICT-0007",),
        first_at=fees[0].time,
        last_at=cash[-1].time,
        raised_at=fees[11].time,
        score=71.4,
        severity="high",
        queue="smuggling",
        offences_suspected=("smuggling",),
        hypothesis="Fees for journeys collected from many payers and taken out near the border",
        typologies=(
            TypologyHit(
                id="som-collector-fanin",
                version=1,
                strength=0.68,
                trigger=paid[11],
                window_start="2026-02-26T09:00:00Z",
                window_end=fees[11].time,
                transaction_ids=(*paid, *taken),
            ),
        ),
        facts=(
            _fact("payers", 14, "count", 10, "structure", paid, own_past=1, peers=6),
            _fact("band_share", 1.0, "share", 0.6, "structure", paid, own_past=0.2),
            _fact("payer_regions", 5, "count", 4, "movement", paid, own_past=1, peers=2),
            _fact("passed_48h", 0.906, "share", 0.7, "structure", (*paid, *taken)),
            _fact("repeat_share", 0.0, "share", 0.15, "structure", paid),
            _fact("credited", "46350000.00", "LAK", "9000000.00", "structure", paid),
            _fact("zone_cash_share", 1.0, "share", None, None, taken),
        ),
        elements=(
            ElementOfCrime(
                offence="smuggling",
                element="benefit",
                state="indicated",
                facts=("payers", "band_share"),
                ask_for="Price lists, messages and receipts; statements of payers as witnesses.",
            ),
            ElementOfCrime(
                offence="smuggling",
                element="procurement",
                state="weak",
                facts=("payer_regions", "passed_48h"),
                ask_for="Entry and exit stamps, transport bookings, phone locations on the route.",
            ),
            ElementOfCrime(
                offence="smuggling",
                element="documents",
                state="not_in_bank_data",
                facts=(),
                ask_for="Passports and permits seized or copied; the issuing office's register.",
            ),
        ),
        exculpations=(
            Exculpation(
                test="PAYROLL",
                result="does_not_explain",
                share=0.0,
                why="No payer paid in three months.",
            ),
            Exculpation(
                test="REMIT",
                result="does_not_explain",
                share=0.0,
                why="No payer sends monthly, and little is spent where the receiver lives.",
            ),
            Exculpation(
                test="FAMILY",
                result="explains",
                share=0.07,
                why="C-FICT-0300 is a declared relative (TX-FICT-0100).",
            ),
            Exculpation(
                test="LICENSED",
                result="not_testable",
                share=None,
                why="The feed names no register of licensed remittance agents.",
            ),
        ),
        roles=(
            PartyRole(
                party="C-FICT-0007",
                account="A-FICT-0007",
                role="collector",
                why=("14 payers from 5 regions, one price", "91 % passed on within 48 hours"),
                against=("The account was opened seven years ago and is in its holder's name.",),
                transaction_ids=(*paid, *taken),
            ),
            *(
                PartyRole(
                    party=str(each.counterparty),
                    account=each.counterparty_account,
                    role="payer",
                    why=("paid the price once",),
                    against=(),
                    transaction_ids=(each.reference,),
                )
                for each in fees[:3]
            ),
        ),
        totals=Totals(
            count=18, in_="46350000.00", out="42000000.00", kept="4350000.00", currency="LAK"
        ),
        links=(AlertLink(kind="place", id="P-FICT-BORDER-1", parties=("C-FICT-0007",)),),
        case_proposal_id="case-5d1f0c9a",
        not_testable=(
            "LICENSED: the feed names no register of licensed remittance agents.",
            "Devices: the feed carries no device ids, so common control cannot be seen.",
            *NOT_TESTABLE_BOTH,
        ),
        model=ModelScore(
            id="forest-person-1",
            percentile=98.6,
            contributions=(
                "many more payers than peers",
                "money leaves faster than for 97 of 100 peers",
            ),
        ),
        handling=Handling(
            class_="normal",
            do_not=(
                "Do not list the payers as suspects: smuggled migrants and paying families "
                "are not.",
                "Do not tell the customer or the branch that an alert exists.",
            ),
            contact="Smuggling desk of the financial intelligence unit",
        ),
        next_steps=(
            Step(
                action="List this account's payers and their regions",
                field="orig_party_id, orig_region",
                from_="2026-02-01",
                to="2026-03-13",
            ),
            Step(
                action="Ask for camera images of the four withdrawals at P-FICT-BORDER-1",
                field="place_id",
                from_="2026-03-04T10:00:00Z",
                to="2026-03-13T11:00:00Z",
            ),
        ),
        narrative={
            "en": (
                "14 people from 5 regions paid C-FICT-0007 between 2 and 12 March 2026, almost "
                f"all the same price of 3,300,000 LAK (first {paid[0]}, last {paid[-1]}); none "
                "of them had paid before.\n"
                "91 % of it was taken out in cash within 48 hours at one machine 4 km from a "
                f"border crossing ({', '.join(taken)})."
            )
        },
        review_due_at="2026-03-13T03:15:00Z",
        reproduce=REPRODUCE,
    )


def _fact(
    name: str,
    value: float | int | str,
    unit: str,
    threshold: float | int | str | None,
    family: str | None,
    references: Sequence[str],
    *,
    own_past: float | int | None = None,
    peers: float | int | None = None,
) -> AlertFact:
    return AlertFact(
        name=name,
        value=value,
        unit=unit,
        threshold=threshold,
        own_past=own_past,
        peers=peers,
        family=family,
        transaction_ids=tuple(references),
    )


def _victims_alert(movements: Sequence[Movement]) -> Alert:
    references = tuple(each.reference for each in movements)
    sent = tuple(each.reference for each in movements if each.counterparty == "C-FICT-0200")
    of = {
        holder: tuple(each.reference for each in movements if each.holder == holder)
        for holder in ("C-FICT-0101", "C-FICT-0102", "C-FICT-0200")
    }
    return Alert(
        schema_version=1,
        alert_id="e27ab40d19c84f5c9d3310be55a7c602",
        status="open",
        superseded_by=None,
        origin="live",
        house="bank",
        subject=Subject(kind="customer", id="C-FICT-0200"),
        accounts=("A-FICT-0200",),
        customers=("C-FICT-0200",),
        first_at=movements[0].time,
        last_at=movements[-1].time,
        raised_at=movements[-4].time,
        score=83.0,
        severity="urgent",
        queue="exploitation",
        offences_suspected=("trafficking",),
        hypothesis="Earnings of two people emptied to one stranger within hours",
        typologies=(
            TypologyHit(
                id="sx-victim-drain",
                version=1,
                strength=0.83,
                trigger=sent[-1],
                window_start="2026-02-15T00:00:00Z",
                window_end=movements[-4].time,
                transaction_ids=references,
            ),
        ),
        facts=(
            _fact("feeders", 2, "count", 2, "link", sent),
            _fact("passed_through", 0.986, "share", 0.9, "structure", references, peers=0.7),
            _fact("top_payee_share", 1.0, "share", 0.7, "link", sent, own_past=0.1),
            _fact("own_life_share", 0.0, "share", 0.05, "structure", references, own_past=0.4),
            _fact("dwell", 5.5, "hours", 12, "structure", sent, own_past=216.0, peers=30.0),
            _fact("foreign_device_share", 1.0, "share", None, "link", sent),
        ),
        elements=(
            ElementOfCrime(
                offence="trafficking",
                element="means",
                state="indicated",
                facts=("top_payee_share", "own_life_share", "foreign_device_share"),
                ask_for="Who holds the phones and cards; statements, taken by trained staff.",
            ),
            ElementOfCrime(
                offence="trafficking",
                element="purpose",
                state="weak",
                facts=("feeders", "dwell"),
                ask_for="Where the earnings come from: workplace, advertisements, phone records.",
            ),
            ElementOfCrime(
                offence="trafficking",
                element="act",
                state="not_in_bank_data",
                facts=(),
                ask_for="Who recruited, moved or housed them: travel, rent, messages.",
            ),
            ElementOfCrime(
                offence="laundering",
                element="concealment",
                state="weak",
                facts=("passed_through",),
                ask_for="The receiver's opening file and the use of the cash.",
            ),
        ),
        exculpations=(
            Exculpation(
                test="FAMILY",
                result="does_not_explain",
                share=0.0,
                why="No declared relation between C-FICT-0101, C-FICT-0102 and C-FICT-0200.",
            ),
            Exculpation(
                test="REMIT",
                result="does_not_explain",
                share=0.0,
                why="The receiver takes cash out at once; nothing is spent on a family.",
            ),
            Exculpation(
                test="LICENSED",
                result="does_not_explain",
                share=0.0,
                why="C-FICT-0200 is in no register.",
            ),
        ),
        roles=(
            PartyRole(
                party="C-FICT-0101",
                account="A-FICT-0101",
                role="possible_victim",
                why=("100 % of outflow to C-FICT-0200", "nothing spent on an own life"),
                against=("The account's own card was used once in February.",),
                transaction_ids=of["C-FICT-0101"],
            ),
            PartyRole(
                party="C-FICT-0102",
                account="A-FICT-0102",
                role="possible_victim",
                why=("100 % of outflow to C-FICT-0200", "payments sent from another's device"),
                against=(),
                transaction_ids=of["C-FICT-0102"],
            ),
            PartyRole(
                party="C-FICT-0200",
                account="A-FICT-0200",
                role="possible_controller",
                why=("receives all of two unrelated accounts", "takes the money out in cash"),
                against=("Could be a mule for somebody else: one withdrawal only (TX-FICT-0990).",),
                transaction_ids=(*sent, *of["C-FICT-0200"]),
            ),
        ),
        totals=Totals(
            count=len(movements), in_="9570000", out="9800000", kept="-230000", currency="LAK"
        ),
        links=(AlertLink(kind="device", id="device 1", parties=("C-FICT-0101", "C-FICT-0102")),),
        case_proposal_id="case-e27ab40d",
        not_testable=NOT_TESTABLE_BOTH,
        model=None,
        handling=Handling(
            class_="victim",
            do_not=(
                "Do not block or freeze A-FICT-0101 or A-FICT-0102: it can endanger their "
                "holders. Holding payments to C-FICT-0200 may be proposed.",
                "Do not call or write to C-FICT-0101 or C-FICT-0102 through the bank.",
                "Letters that name either of them need two approvals.",
            ),
            contact="Anti-trafficking police; referral to victim support before any measure",
        ),
        next_steps=(
            Step(
                action="List everyone else who pays C-FICT-0200",
                field="benef_party_id",
                from_="2026-02-01",
                to="2026-03-18",
            ),
            Step(
                action="Find all accounts used on device 1",
                field="device_hash",
                from_="2026-02-01",
                to="2026-03-18",
            ),
        ),
        narrative={
            "en": (
                "Two unrelated customers, C-FICT-0101 and C-FICT-0102, received 13 payments in "
                "the evenings, and each time 99 % went on to C-FICT-0200 within hours "
                f"(first {sent[0]}, last {sent[-1]}), always from one device that is neither's.\n"
                "Nothing was spent on food, rent or a phone. C-FICT-0200 then took 9,800,000 LAK "
                "out in cash (TX-FICT-0990)."
            )
        },
        review_due_at="2026-03-18T04:00:00Z",
        reproduce=REPRODUCE,
    )
