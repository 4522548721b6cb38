"""The full doses of `make faults` against the live runtime: each row of docs/reliability.md."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import pytest
from structlog.testing import capture_logs

from ingest.kafka_settings import KafkaSettings
from palermo.audit import counts, evidence_in
from palermo.dead_letters import letters, send_again
from palermo.folder import DATABASE, SNAPSHOTS
from palermo.live.running import run_stages
from palermo.running import Wish
from tests.integration.broker import KAFKA, free_port_pair, some_settings
from tests.integration.checker import seen
from tests.integration.doses import (
    DAMAGES,
    disordered,
    filled,
    kept_snapshots,
    mounted,
    one_bit_flipped,
    waited,
)
from tests.integration.ground import (
    UNUSABLE,
    Ground,
    Page,
    bounded,
    disturbed,
    embedded,
    made_ground,
)
from tests.integration.proxy import END_TRANSACTION, INIT_PRODUCER_ID, Loss, Proxy
from tests.integration.stages import (
    RAW_PARTITIONS,
    Country,
    id_of,
    is_done,
    killed_at,
    produce,
    settings_in,
)

Running = Mapping[str, subprocess.Popen[bytes]]
"""The processes of a run, by name."""

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.faults,
    pytest.mark.timeout(1200),
]

LINES = 18
"""As many as there are tests here."""

POINTS = (
    "ingest.taken_over",
    "ingest.archived",
    "ingest.sending",
    "ingest.sent",
    "ingest.offsets_sent",
    "ingest.transaction_committed",
    "detect.taken_over",
    "detect.processed",
    "detect.sending",
    "detect.sent",
    "detect.offsets_sent",
    "detect.transaction_committed",
    "triage.taken_over",
    "triage.processed",
    "triage.applied",
    "triage.committed",
    "triage.published",
)

OPEN_POINTS = ("sent", "offsets_sent")
ABORTS = 20


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Written where RELIABILITY_PAGE says, if every test of this file passed."""
    made = Page()
    yield made
    path = os.environ.get("RELIABILITY_PAGE")
    if path and len(made.lines) == LINES:
        Path(path).write_text(made.text())


@pytest.fixture
def ground(
    country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path, page: Page
) -> Ground:
    return made_ground(country, new_settings(), tmp_path, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """A run whose processes reach the broker through a proxy; the test reaches it directly."""

    ground: Ground
    proxy: Proxy


@pytest.fixture
def far(proxied: tuple[Proxy, str], country: Country, tmp_path: Path, page: Page) -> Iterator[Far]:
    proxy, address = proxied
    through = {"PALERMO__KAFKA__BOOTSTRAP": f'["{proxy.address}"]'}
    settings = some_settings(address)
    yield Far(
        ground=made_ground(country, settings, tmp_path, page, environment=through), proxy=proxy
    )
    proxy.calm()


def test_killed_at_random(ground: Ground) -> None:
    begun, choose = time.monotonic(), random.Random(1)

    def kill(processes: Running) -> Iterator[None]:
        for _ in range(20):
            yield from waited(choose.uniform(0.5, 3.0))
            choose.choice(list(processes.values())).kill()

    disturbed(ground, kill)

    ground.demand_all("SIGKILL at random", "20 times, any of five processes", begun)


def test_killed_at_every_named_point(ground: Ground) -> None:
    begun = time.monotonic()
    with ground.config.open("a") as file:
        file.write('member = "a"\n')
    kill_at_each(ground, POINTS)

    ground.demand_all("SIGKILL at a named point", f"each of {len(POINTS)} points once", begun)


def test_a_process_dies_inside_a_transaction_and_its_name_never_comes_back(ground: Ground) -> None:
    begun = time.monotonic()
    points = [f"{stage}.{point}" for stage in ("ingest", "detect") for point in OPEN_POINTS]
    kill_at_each(ground, points)

    ground.demand_all(
        "hanging transactions",
        f"{len(points)} times SIGKILL before the commit, and started under another name",
        begun,
        outcome="the broker rolls back after 10 s; so long waits who reads behind it",
    )


def test_workers_come_and_go(ground: Ground) -> None:
    begun = time.monotonic()

    def shake(processes: Running) -> Iterator[None]:
        for number in range(12):
            yield from waited(3.0)
            processes[f"detect-{number % 2}"].send_signal(signal.SIGTERM)

    disturbed(ground, shake, are_named=False)

    ground.demand_all("rebalances", "12 times a worker leaves and another joins", begun)


def test_a_process_that_slept_finds_itself_replaced(ground: Ground) -> None:
    begun = time.monotonic()

    def stop(processes: Running) -> Iterator[None]:
        for sleeper in (processes[name] for name in ("detect-0", "ingest-0") * 2):
            sleeper.send_signal(signal.SIGSTOP)
            yield from waited(14.0)
            sleeper.send_signal(signal.SIGCONT)
            yield

    disturbed(ground, stop, are_named=False)

    ground.demand_all(
        "SIGSTOP beyond session and transaction", "4 times 14 s, ingest and detect", begun
    )


def test_every_hundredth_message_is_poison(ground: Ground) -> None:
    begun, good = time.monotonic(), ground.country.rows
    rows = [row for at in range(0, len(good), 99) for row in (*good[at : at + 99], b"bad %d" % at)]

    disturbed(ground, rows=rows)

    found = seen(settings_in(ground.config), ground.out / DATABASE, ground.country.folder)
    assert len(found.letters) == len(rows) - len(good)
    ground.demand_all("poison", "1 message in 100", begun, outcome="put aside, with the reason")


def test_a_release_that_rejects_everything_is_stopped(
    country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path, page: Page
) -> None:
    begun, drained = time.monotonic(), list[int]()
    expected = embedded(country, country.rows, tmp_path / "e", feed="lateness_hours = 1000\n")
    ground = made_ground(expected, new_settings(), tmp_path, page)
    settings, good = settings_in(ground.config), ground.config.read_text()
    quarter = len(country.rows) // 4
    produce(settings, country.rows[:quarter])
    run_stages(Wish(feed="kafka", config=ground.config, out=ground.out, stage="all"))
    produce(settings, country.rows[quarter : 2 * quarter])
    ground.config.write_text(good.replace('\namount = "amount"\n', '\namount = "sum"\n'))
    while len(drained) < 3 or drained[-1] != drained[-3]:
        ended = subprocess.run(bounded(ground, "ingest"), capture_output=True, timeout=120)
        assert ended.returncode == UNUSABLE, ended.stderr
        assert b"--max-reject-share" in ended.stderr
        drained.append(len(letters(settings)))
    ground.config.write_text(good)

    send_again(settings, letters(settings))
    total = len(country.rows) + drained[-1]
    disturbed(ground, rows=country.rows[2 * quarter :], total=total)

    assert 0 < drained[-1] < 1_000 * RAW_PARTITIONS
    ground.demand_all(
        "a release that rejects everything",
        f"a quarter of the feed; started {len(drained)} times",
        begun,
        outcome=f"`ingest` ends with exit {UNUSABLE} and says why; {drained[-1]:,} rows are put "
        "aside, however often it starts; the good release goes on, `dlq redrive` brings them back",
    )


def test_rows_come_twice_and_in_disorder(
    country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path, page: Page
) -> None:
    begun, disorder = time.monotonic(), disordered(country.rows, random.Random(5))
    in_time = [row for row in country.rows if id_of(row).decode() not in disorder.late]
    expected = embedded(country, in_time, tmp_path / "e")
    ground = made_ground(expected, new_settings(), tmp_path, page)

    disturbed(ground, rows=disorder.rows)

    copies = len(disorder.rows) - len(country.rows)
    ground.demand_all(
        "duplicates and disorder",
        f"{copies:,} copies; a fifth up to 20 h late; {len(disorder.late)} rows three days late",
        begun,
        outcome="copies, and rows beyond the lateness, are counted and change nothing",
        late=disorder.late,
    )


def test_the_broker_is_killed(country: Country, tmp_path: Path, page: Page) -> None:
    port, home = free_port_pair(), tmp_path / "broker"
    environment = os.environ | {"PALERMO_KAFKA_PORT": str(port), "PALERMO_KAFKA_HOME": str(home)}

    def start() -> None:
        subprocess.run([KAFKA / "start"], env=environment, capture_output=True, check=True)

    start()
    try:
        (tmp_path / "feed").mkdir()
        ground = made_ground(country, some_settings(f"127.0.0.1:{port}"), tmp_path / "feed", page)
        produce(settings_in(ground.config), country.rows)
        begun = time.monotonic()

        def kill(processes: Running) -> Iterator[None]:
            for _ in range(3):
                yield from waited(8.0)
                os.kill(int((home / "pid").read_text()), signal.SIGKILL)
                yield from waited(2.0)
                start()

        disturbed(ground, kill, rows=())

        ground.demand_all("SIGKILL of the broker", "3 times, back after some ten seconds", begun)
    finally:
        subprocess.run([KAFKA / "stop"], env=environment, capture_output=True, timeout=60)


def test_the_network_is_slow(far: Far) -> None:
    begun, proxy = time.monotonic(), far.proxy

    def slow(processes: Running) -> Iterator[None]:
        for proxy.delay_seconds, proxy.bytes_a_second in ((0.2, float("inf")), (0.05, 50_000.0)):
            yield from waited(25.0)
        proxy.calm()

    disturbed(far.ground, slow)

    far.ground.demand_all(
        "slow network", "400 ms there and back for 25 s; 50 KB/s a connection for 25 s", begun
    )


def test_connections_are_cut(far: Far) -> None:
    begun, choose, before = time.monotonic(), random.Random(2), far.proxy.cuts

    def cut(processes: Running) -> Iterator[None]:
        for _ in range(40):
            yield from waited(choose.uniform(0.2, 2.0))
            far.proxy.cut()

    disturbed(far.ground, cut)

    cuts = far.proxy.cuts - before
    assert cuts > 40
    far.ground.demand_all(
        "connections cut", f"{cuts:,}, all there are, 40 times within a minute", begun
    )


def test_the_network_is_parted(far: Far) -> None:
    begun = time.monotonic()

    def part(processes: Running) -> Iterator[None]:
        for seconds in (10.0, 20.0, 30.0):
            yield from waited(8.0)
            far.proxy.fall_silent()
            yield from waited(seconds)
            if seconds == 20.0:
                far.proxy.cut()
            far.proxy.calm()

    disturbed(far.ground, part)

    far.ground.demand_all(
        "network parted",
        "10, 20 and 30 s without a byte; then what was under way arrives, or is lost",
        begun,
    )


def test_transactions_are_torn(far: Far) -> None:
    begun, choose, torn = time.monotonic(), random.Random(3), [0]

    def lose(kind: int) -> Loss:
        if kind != END_TRANSACTION or torn[0] >= 100 or choose.random() < 0.5:
            return "none"
        torn[0] += 1
        return choose.choice(("answer", "answer", "request"))

    far.proxy.lose = lose
    disturbed(far.ground)

    assert torn[0] == 100
    far.ground.demand_all(
        "torn transactions", "100 times the end of one, or its answer, is lost on the way", begun
    )


def test_transactions_are_aborted_again_and_again(far: Far) -> None:
    begun, proxy = time.monotonic(), far.proxy
    with far.ground.config.open("a") as file:
        file.write("patience_seconds = 2\n")

    def abort(processes: Running) -> Iterator[None]:
        yield from waited(10.0)
        proxy.lose = lambda kind: "request" if kind == END_TRANSACTION else "none"
        wanted = proxy.requests[INIT_PRODUCER_ID] + ABORTS
        while proxy.requests[INIT_PRODUCER_ID] < wanted:
            yield
        proxy.calm()

    disturbed(far.ground, abort)

    far.ground.demand_all(
        "aborted transactions",
        f"none can be ended until two `ingest` have begun {ABORTS} anew",
        begun,
        outcome="sends the same again by a new producer, within `patience_seconds`",
    )


def test_the_disk_is_full(ground: Ground, tmp_path: Path) -> None:
    begun, small = time.monotonic(), tmp_path / "small"
    small.mkdir()
    with mounted(small):
        full = replace(ground, out=small / "out")

        def fill(processes: Running) -> Iterator[None]:
            for _ in range(3):
                yield from waited(8.0)
                with filled(small):
                    yield from waited(10.0)

        disturbed(full, fill)

        assert not [*full.out.rglob("*.tmp"), *full.out.rglob("*.part")]
        full.demand_all(
            "disk full",
            "3 times for 10 s; a disk of its own for `--out`",
            begun,
            outcome="`ingest` and `triage` say so and end; `detect` goes on without snapshots",
        )


def test_snapshots_are_damaged(ground: Ground) -> None:
    begun, folder = time.monotonic(), ground.out / SNAPSHOTS
    settings, share = settings_in(ground.config), len(ground.country.rows) // 4 + 1
    partitions = settings.movements_partitions
    rounds = [DAMAGES[at : at + partitions] for at in range(0, len(DAMAGES), partitions)]
    for number, damages in enumerate([*rounds, ()]):
        produce(settings, ground.country.rows[number * share : (number + 1) * share])
        refused = follow(ground, rows=min((number + 1) * share, len(ground.country.rows)))
        assert (len(refused) >= partitions) is (number > 0), refused
        kept = kept_snapshots(folder)
        for damage, own in zip(damages, kept, strict=False):
            damage(own[-1])
        for own in kept[len(damages) :] if damages else []:
            for snapshot in own:
                one_bit_flipped(snapshot)

    run_stages(Wish(feed="kafka", config=ground.config, out=ground.out, stage="all"))
    told = ", ".join(each.__name__.replace("_", " ") for each in DAMAGES)
    ground.demand_all(
        "snapshots that cannot be trusted",
        f"{told}; all of a partition",
        begun,
        outcome="refused with the reason and removed; the one before, or the topic, is read",
    )


def test_the_database_is_held_and_taken_away(ground: Ground) -> None:
    begun = time.monotonic()
    database, elsewhere = ground.out / DATABASE, ground.out.with_name("elsewhere.db")

    def take(processes: Running) -> Iterator[None]:
        for _ in range(3):
            with closing(sqlite3.connect(database, timeout=60.0)) as holder:
                holder.execute("begin immediate")
                yield from waited(10.0)
            yield from waited(3.0)
            database.rename(elsewhere)
            yield from waited(8.0)
            elsewhere.rename(database)
            yield from waited(5.0)

    disturbed(ground, take)

    ground.demand_all(
        "database held, and gone",
        "3 times locked for 10 s by another program, 3 times moved away for 8 s",
        begun,
        outcome="held: `triage` waits; gone: it says so and ends, and begins no new one",
    )


def test_a_model_is_tampered_with(
    country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path, page: Page
) -> None:
    begun, model = time.monotonic(), trained(country, tmp_path / "models")
    section = f'\n[models]\nuse = "{model.name}"\nshelf = "{model.parent}"\n'
    expected = embedded(country, country.rows, tmp_path / "e", end=section)
    ground = made_ground(expected, new_settings(), tmp_path, page)
    settings, half = settings_in(ground.config), len(country.rows) // 2
    produce(settings, country.rows[:half])
    run_stages(Wish(feed="kafka", config=ground.config, out=ground.out, stage="all"))
    produce(settings, country.rows[half:])
    before = counts(evidence_in(settings))

    files = sorted(path for path in model.iterdir() if path.suffix != ".md")
    for path in files:
        whole = path.read_bytes()
        for left in (whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:], whole[: len(whole) // 2]):
            path.write_bytes(left)
            ended = subprocess.run(bounded(ground, "all"), capture_output=True, timeout=120)
            assert ended.returncode == UNUSABLE, ended.stderr
            assert b"is refused" in ended.stderr
        path.write_bytes(whole)
    assert counts(evidence_in(settings)) == before
    disturbed(ground, rows=())

    ground.demand_all(
        "a model that was tampered with",
        f"each of its {len(files)} files changed, and cut",
        begun,
        outcome=f"refuses to start with exit {UNUSABLE} and says which file; reads nothing; goes "
        "on with the model as it was",
    )


def kill_at_each(ground: Ground, points: Sequence[str]) -> None:
    """Has a process die at each point, rows coming in between, and another finish the work."""
    settings, share = settings_in(ground.config), len(ground.country.rows) // len(points) + 1
    for number, point in enumerate(points):
        produce(settings, ground.country.rows[number * share : (number + 1) * share])
        assert killed_at(point, 1, ground.config, ground.out) == -signal.SIGKILL, point

    run_stages(Wish(feed="kafka", config=ground.config, out=ground.out, stage="all"))


def follow(ground: Ground, *, rows: int) -> list[str]:
    """Has so many rows judged, and a snapshot made of each partition; why others were refused."""
    wish = Wish(
        feed="kafka",
        config=ground.config,
        out=ground.out,
        stage="all",
        is_following=True,
        snapshot_seconds=0.0,
    )

    def end() -> None:
        while not (
            all(kept := kept_snapshots(ground.out / SNAPSHOTS))
            and len(kept) == settings_in(ground.config).movements_partitions
            and is_done(ground.config, ground.out, rows)
        ):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    with capture_logs() as logs:
        Thread(target=end, daemon=True).start()
        run_stages(wish)
    return [log["reason"] for log in logs if log["event"] == "snapshot_refused"]


def trained(country: Country, shelf: Path) -> Path:
    """The folder of a model that learned from the embedded run."""
    command = [sys.executable, "-Im", "palermo", "-q", "models", "train"]
    where = [f"--feed={country.folder}", f"--out={country.folder / 'embedded'}"]
    subprocess.run([*command, *where, f"--shelf={shelf}"], check=True, timeout=300)
    (model,) = shelf.iterdir()
    return model
