"""The 64 yes-or-no facts of a movement, decided once when it enters a profile."""

from enum import IntFlag


class Mask(IntFlag):
    """Bits of a movement. A detector's condition names the bits it needs and those it excludes."""

    IN = 1 << 0
    OUT = 1 << 1
    CASH = 1 << 2
    NIGHT = 1 << 3
    """22:00-05:59 local; never set where the feed's times are coarser than an hour."""
    ZONE = 1 << 4
    """The place lies at most 30 km from a crossing or a special economic zone."""
    NEAR = 1 << 5
    """Cash of 0.80 T up to but not including the reporting threshold T."""
    OVER = 1 << 6
    """Cash of T up to but not including 1.2 T."""
    CROSS_BORDER = 1 << 7
    TRANSFER = 1 << 8
    """Between accounts or wallets, remittances included."""
    REMITTANCE = 1 << 9
    CARD = 1 << 10
    OWN_LIFE = 1 << 11
    """Groceries, meals, rent, utilities, top-up, medicine, clothing, school: a life being lived."""
    SALARY = 1 << 12
    LOAN = 1 << 13
    CRYPTO = 1 << 14
    CASINO = 1 << 15
    OWN_TRANSFER = 1 << 16
    """Between accounts of the same holder."""
    RETURN = 1 << 17
    """Not money moved: cancels an earlier movement from its own time on."""
    BANK_LEDGER = 1 << 18
    """Interest, fees, tax: the bank's own ledger on the other side."""
    PRICED = 1 << 19
    """Has an amount in the base currency."""
    LOCATED = 1 << 20
    """The place's subdivision is known."""
    COUNTERPARTY_LOCATED = 1 << 21
    DEVICE_KNOWN = 1 << 22
    FOREIGN_DEVICE = 1 << 23
    """Done on a device that is not among the holder's registered ones (and some are registered)."""
    AT_HOME = 1 << 24
    """The place lies in the holder's home or work subdivision."""
    LICENSED = 1 << 25
    """Holder or counterparty is licensed in a dated public register at that time."""
    MERCHANT = 1 << 26
    """The counterparty is a registered merchant."""
    ROUND = 1 << 27
    COUNTERPARTY_KNOWN = 1 << 28
    DECLARED_RELATED = 1 << 29
    """The counterparty is declared as related to the holder."""
    KW_RECRUIT = 1 << 32
    """The text names a fee to whoever finds work. This and the KW bits below: the concept, in
    whatever language (`ingest/lexicon.py`)."""
    KW_DOCUMENT = 1 << 33
    KW_CROSSING = 1 << 34
    KW_DEBT = 1 << 35
    KW_RELEASE = 1 << 36
    NEW_ACCOUNT = 1 << 37
    """The account was opened less than 90 local days before."""
    OLD_ACCOUNT = 1 << 38
    """The account was opened at least 180 local days before."""
    BELOW_LIMIT = 1 << 39
    """Cash below the reporting threshold."""
    HOLDER_MERCHANT = 1 << 40
    """The holder is a registered merchant."""
    HOLDER_MINOR = 1 << 41
    """The holder is under 18 all year: only ever raises protection."""
    TRAVEL = 1 << 42
    """Between towns: railway, bus line, airline, travel agency."""
    BY_HOLDER = 1 << 43
    """Cash moved by the holder, as the slip says; never set where the slip names nobody."""
    TRADE_COST = 1 << 44
    """What it costs to run a trade: fuel, repairs, tolls, freight, wholesale goods."""
    HOUSING = 1 << 45
    """Rent of a dwelling, paid out."""
    UPKEEP = 1 << 46
    """What keeps somebody, paid out: telephone, electricity, water, medicine."""
    LODGING = 1 << 47
    """Hotel, guesthouse or camp, paid out."""
    PAPERS = 1 << 48
    """Passport, visa or permit offices, paid out."""
    DIGITAL = 1 << 49
    """Paid for digital goods: games, video, software, networks."""
    LUMP = 1 << 50
    """8,000 to 40,000 US dollars that came in from abroad or in cash."""
    SHELTER = 1 << 51
    """The holder, or whoever the money comes from, stands in a dated public register as one who
    shelters people. What is paid to one is not meant: brokers pay embassies too."""
    SCHOOL = 1 << 52
    """Holder or counterparty stands in a dated public register as a school or university, or the
    merchant is one. Never by the purpose that the payer states: school is a known cover story."""
    FESTIVAL = 1 << 53
    """On the days of a dated festival, or up to three days before or after."""
    COURIER = 1 << 54
    """Freight or courier, paid out."""
    SUPPLIES = 1 << 55
    """Wholesale goods, paid out."""
    DAYTIME = 1 << 56
    """06:00-21:59 local; never set where the feed's times are coarser than an hour."""
    KW_LODGING = 1 << 57
    KW_COVER = 1 << 58
    OUTSIDE = 1 << 59
    """The account stands on no list of accounts, though there is one, and nobody names its holder:
    another bank keeps it, and only what touches this feed's accounts is seen."""


class Test(IntFlag):
    """Exculpation tests that can explain a movement; bits of a movement within one slice."""

    PAYROLL = 1 << 0
    REMIT = 1 << 1
    FAMILY = 1 << 2
    LICENSED = 1 << 3
    MERCH = 1 << 4
    ROSCA = 1 << 5
    SHELTER = 1 << 6
    SCHOOL = 1 << 7
    EVENT = 1 << 8
    LIVE_SELLER = 1 << 9
