"""The truth of a simulated country: every typology, variant and kind is in it, and labelled."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from detectors.catalogue import load_typologies
from ingest.simulated import look_alikes, schemes
from ingest.simulated.labels import write_labels
from ingest.simulated.life import EPOCH
from ingest.simulated.manifest import write_manifest
from ingest.simulated.plan import CountrySettings, draw_country
from ingest.simulated.planted import VARIANTS
from ingest.simulated.rows import DAY
from ingest.simulated.texts import PHRASES, SCRIPTS
from ingest.simulated.write import Written, write_country

SETTINGS = CountrySettings(customers=2_600, days=60, history=40, schemes_per_10k=360)
SEED = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("country")


@pytest.fixture(scope="module")
def written(folder: Path) -> Written:
    """With labels and manifest in the folder."""
    written = write_country(folder, SETTINGS, np.random.Generator(np.random.PCG64(SEED)))
    rate = SETTINGS.schemes_per_10k
    write_labels(folder / "labels", written, seed=SEED, schemes_per_10k=rate)
    write_manifest(folder, written, seed=SEED, options={})
    return written


def labels(folder: Path, name: str) -> list[dict[str, object]]:
    return decoded(folder / "labels" / name)


def decoded(path: Path) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_each_person_writes_texts_in_the_script_that_the_labels_tell(
    written: Written, folder: Path
) -> None:
    told = {
        str(each["party"]): msgspec.convert(each["groups"], dict[str, object])["script"]
        for each in labels(folder, "customers.ndjson")
    }
    texts = [
        (str(row["orig_party_id"]), str(row["remittance_text"]))
        for row in decoded(folder / "feed.ndjson")
        if "remittance_text" in row and row.get("orig_party_id") in told
    ]

    scripts = {text: SCRIPTS[at] for each in PHRASES.values() for at, text in enumerate(each)}

    assert len(texts) > 10_000
    assert {scripts[text] for _, text in texts} == set(SCRIPTS)
    assert all(told[party] == scripts[text] for party, text in texts)


def test_every_typology_that_alerts_has_a_scheme(written: Written) -> None:
    alerting = {id for id, each in load_typologies().items() if not each.is_signal}

    assert alerting <= {named for each in written.country.schemes for named in each.typologies}


def test_every_typology_is_planted_in_three_variants(written: Written) -> None:
    planted = {(each.typologies[0], each.variant) for each in written.country.schemes}

    assert planted == {
        (typology, variant) for typology in schemes.planters() for variant in VARIANTS
    }


def test_every_kind_of_look_alike_lives_before_and_in_the_scored_days(written: Written) -> None:
    country = written.country
    scored_from = country.scored_from * DAY
    early = {a.kind for a in country.look_alikes if a.starts_at < scored_from}
    late = {a.kind for a in country.look_alikes if a.ends_at >= scored_from}

    assert early == late == set(look_alikes.kinds())
    assert len(early) >= 20


@pytest.mark.slow
def test_ten_thousand_customers_have_twenty_look_alikes_of_each_kind() -> None:
    settings = CountrySettings(customers=10_000, days=30, history=40)

    country = draw_country(settings, np.random.Generator(np.random.PCG64(SEED)))

    kinds = Counter(each.kind for each in country.look_alikes)
    assert set(kinds) == set(look_alikes.kinds())
    assert min(kinds.values()) >= 20


def test_no_scheme_begins_in_the_history_or_ends_after_the_feed(written: Written) -> None:
    country = written.country
    for scheme in country.schemes:
        assert scheme.starts_at >= country.scored_from * DAY, scheme.id


def test_a_scheme_completes_between_its_first_and_last_row_or_never(written: Written) -> None:
    completed = Counter[str]()
    for scheme in written.country.schemes:
        if scheme.completes_at is not None:
            assert scheme.starts_at <= scheme.completes_at <= scheme.ends_at, scheme.id
            completed[scheme.variant] += 1

    assert completed["textbook"] > completed["evasive"]


def test_labels_name_the_rows_of_the_feed(written: Written, folder: Path) -> None:
    feed = {row["txn_id"] for row in decoded(folder / "feed.ndjson")}

    told = labels(folder, "schemes.ndjson")

    assert len(told) == len(written.country.schemes)
    for scheme in told:
        assert scheme["transaction_ids"]
        assert set(scheme["transaction_ids"]) <= feed  # type: ignore[call-overload]


def test_stories_are_told_by_several_roles(written: Written) -> None:
    told = [scheme for scheme in written.country.schemes if scheme.story]

    assert len({scheme.story for scheme in told}) >= 2
    for scheme in told:
        assert len({member.role for member in scheme.members}) >= 2, scheme.id


def test_nobody_leads_two_parts_but_of_one_story(written: Written) -> None:
    leads = Counter(
        party
        for _, party in {
            (scheme.story or scheme.id, member.party)
            for scheme in written.country.schemes
            for member in scheme.members
            if member.is_suspect or member.role == "possible_victim"
        }
    )
    leads.update(party for each in written.country.look_alikes for party in each.members)

    assert leads.most_common(1)[0][1] == 1


def test_weeks_cover_the_scored_days(written: Written, folder: Path) -> None:
    weeks = labels(folder, "weeks.ndjson")

    assert len(weeks) == 9
    assert all(0 < int(str(week["active_customers"])) <= SETTINGS.customers for week in weeks)


def test_the_manifest_counts_what_is_there(written: Written, folder: Path) -> None:
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())

    assert manifest["counts"]["rows"] == len((folder / "feed.ndjson").read_bytes().splitlines())
    assert manifest["files"]["feed.ndjson"]["sha256"] == written.feed_sha256
    assert manifest["densities"]["median"] >= 0.7
    assert manifest["densities"]["mean"] >= 1.5


def test_no_account_moves_before_it_is_opened(written: Written, folder: Path) -> None:
    opened = {row["account_id"]: row.get("opened") for row in decoded(folder / "accounts.ndjson")}
    moved = [
        (row[side], str(row["event_time"])[:10])
        for row in decoded(folder / "feed.ndjson")
        for side in ("orig_account_id", "benef_account_id")
        if opened.get(row.get(side)) is not None
    ]

    assert moved
    assert not [each for each in moved if each[1] < str(opened[each[0]])]
    first_day = (EPOCH + timedelta(days=written.country.first_day)).isoformat()
    assert sum(str(day) >= first_day for day in opened.values() if day) > 10


def test_households_dormitories_and_village_offices_share_addresses_and_telephones(
    written: Written, folder: Path
) -> None:
    people = [row for row in decoded(folder / "customers.ndjson") if "address" in row]
    at = Counter(str(row["address"]) for row in people)
    phones = Counter(str(row["phones"]) for row in people)
    towns = {(row["address"], row["home_region"]) for row in people}

    sizes = Counter(at.values())
    assert len(people) == SETTINGS.customers
    assert min(sizes[1], sizes[2], sizes[3], sizes[4]) > 100
    assert max(sizes) > 10
    assert 0.05 < sum(n for n in phones.values() if n > 1) / len(people) < 0.4
    assert len(towns) < 1.05 * len(at)


def test_students_of_one_dormitory_have_one_address(written: Written) -> None:
    country = written.country
    address = dict(zip(country.people.party, country.contacts.address, strict=True))

    houses = [each.members for each in country.look_alikes if each.is_one_house]

    assert houses
    assert all(len({address[party] for party in house}) == 1 for house in houses)
