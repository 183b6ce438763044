"""A city's rates: 2,000 schools, 100,000 devices, five years of verdicts; the gateway on SQLite.

The gateway as people start it, its store filled before (`benchmarks.city`): the register, five
years of facts and of the verdicts that changed, a drawing a day. Lives are folded and judged fact
by fact; what is written of them is written by the gateway's own code. Recordings are judged every
night, but those facts are left out of the store: they would be 11 GB, and nothing reads them again.

Measured over HTTP, as a page asks: the overview now; the overview at random instants of five years;
how long until a fact shows that another process commits, and one that somebody makes over HTTP.

``SCALE=0.1`` takes a tenth of the schools. Without a number, that is 2,000.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from audit.drawing import DRAWN, draw, drawn_subject
from benchmarks import fake_broker, measure
from benchmarks.city import DAY, DEVICES_A_SCHOOL, City, live
from benchmarks.running_gateway import RunningGateway, fill_register, started, write_settings
from gateway.paths import default_config_dir
from gateway.policies.loading import load_policies
from gateway.security import accounts, tokens
from gateway.security.access import Role
from gateway.security.accounts import User
from gateway.store.batch import Batch, Fact
from gateway.store.coverage import (
    SHAPE,
    Cursor,
    put_cursor,
    put_listings,
    put_reasons,
    put_records,
    put_verdicts,
)
from gateway.store.encoding import canonical
from gateway.store.open import open_store
from gateway.store.registry import next_register_version
from gateway.store.sqlite import SqliteStore

SEED: Final = 20261123
SCALE: Final = float(os.environ.get("SCALE", "1"))
SCHOOLS: Final = max(20, round(2_000 * SCALE))
LIVES: Final = 16
YEARS: Final = 5
TIMES: Final = 15
CHANGES: Final = 12
AT_ONCE: Final = 20_000

OVERVIEW_S: Final = 0.5
PAST_S: Final = 2.0
SHOWN_S: Final = 1.0
MEMORY: Final = 1 << 30


def main() -> dict[str, Any]:
    """One long run: fill, start, ask."""
    measure.say(f"seed {SEED}, {SCHOOLS} schools, {SCHOOLS * DEVICES_A_SCHOOL} devices")
    with tempfile.TemporaryDirectory(prefix="campus-coverage-") as name:
        directory = Path(name)
        begun = time.monotonic()
        secret, counts = _fill(directory)
        size = (directory / "campus.db").stat().st_size
        measure.say(f"filled in {time.monotonic() - begun:.0f} s: {counts}, {size >> 20} MiB")
        with fake_broker.start(1, hold=True) as broker:
            port = write_settings(directory, f"mqtt://127.0.0.1:{broker.port}")
            with started(directory, port) as gateway:
                figures = _ask(gateway, _Caller(gateway.url, secret), directory)
    holds = (
        figures["overview_s"] <= OVERVIEW_S
        and figures["past_s"] <= PAST_S
        and figures["shown_s"] <= SHOWN_S
        and figures["memory_mib"] <= MEMORY >> 20
    )
    return {
        "schools": SCHOOLS,
        "devices": SCHOOLS * DEVICES_A_SCHOOL,
        "years": YEARS,
        **counts,
        "database_mib": size >> 20,
        **figures,
        "seed": SEED,
        "holds": holds,
    }


# The store of a city that is five years old


def _fill(directory: Path) -> tuple[str, dict[str, int]]:
    policies = load_policies(default_config_dir() / "policies")
    ended = time.time_ns() // 1_000_000 - DAY
    begun = ended - YEARS * 365 * DAY
    lives = [live(SEED + number, policies, begun, ended) for number in range(LIVES)]
    measure.say(f"{LIVES} lives, {sum(len(life.moments) for life in lives)} verdicts in them")
    city = City(SCHOOLS, lives, policies, begun)
    store = open_store(directory / "campus.db", reserve_bytes=64 << 20)
    try:
        fill_register(store, city)
        facts = _put_facts(store, city)
        verdicts, reasons = _put_verdicts(store, city, ended)
        facts += _put_drawings(store, city, ended)
        batch = Batch(now=ended)
        kept = ((msgspec.structs.replace(one, row=facts), due) for one, due in city.records())
        put_records(batch, kept)
        put_listings(batch, (one.roster for one, _ in city.records() if one.roster is not None))
        put_cursor(
            batch,
            Cursor(
                row=facts,
                known=ended,
                time=ended,
                saved=facts,
                reasons=reasons,
                changes=verdicts,
                shape=SHAPE,
            ),
        )
        batch.statements += next_register_version()
        store.commit(batch).result(600)
        ada = User(name="ada", display="Ada", role=Role.ADMINISTRATOR, scopes=("*",), created=ended)
        store.commit(accounts.added(ada, by="", now=ended)).result(60)
        secret, _, token = tokens.added("x", user="ada", expires=None, by="", now=ended)
        store.commit(token).result(60)
    finally:
        store.close()
    return secret, {"facts": facts, "verdicts": verdicts}


def _put_facts(store: SqliteStore, city: City) -> int:
    total = 0
    for part in _parts(city.facts()):
        store.commit(Batch(facts=part)).result(600)
        total += len(part)
    return total


def _put_verdicts(store: SqliteStore, city: City, ended: int) -> tuple[int, int]:
    """Year by year: within one in the order of the table, as pages of it are split in life."""
    total = number = 0
    for year in range(YEARS + 1):
        since = city.begun + year * 365 * DAY
        rows = list(city.rows(since, since + 365 * DAY))
        rows.sort(key=lambda one: (one[0].policy, one[0].item, one[0].school, one[0].at))
        for part in _parts(iter(rows)):
            batch = Batch(now=ended)
            numbers: dict[tuple[str, bytes], int] = {}
            bodies: list[tuple[int, bytes]] = []
            numbered = []
            for row, body in part:
                if body is None:
                    numbered.append(row)
                    continue
                key = (row.school, body)
                if key not in numbers:
                    number += 1
                    numbers[key] = number
                    bodies.append((number, body))
                numbered.append(msgspec.structs.replace(row, reasons=numbers[key]))
            put_verdicts(batch, numbered)
            put_reasons(batch, bodies)
            store.commit(batch).result(600)
            total += len(part)
    return total, number


def _put_drawings(store: SqliteStore, city: City, ended: int) -> int:
    """One a day and policy; what is in it is alike."""
    towns = [school.region or "" for school in city.schools]
    total = 0
    for policy in city.policies:
        items = [item.id for item in policy.items]
        one = draw(
            policy.id,
            policy.version,
            items,
            ((school.id, town, {}) for school, town in zip(city.schools, towns, strict=True)),
            at=ended,
            row=1,
        )
        facts = [
            Fact(
                DRAWN,
                at,
                at,
                "gateway",
                drawn_subject(policy.id),
                canonical(msgspec.structs.replace(one, at=at)),
            )
            for at in range(city.begun, ended, DAY)
        ]
        store.commit(Batch(facts=facts)).result(600)
        total += len(facts)
    return total


def _parts(things: Iterator[Any]) -> Iterator[list[Any]]:
    while part := list(islice(things, AT_ONCE)):
        yield part


# What is asked of it


class _Caller:
    """Asks as a page does, without what a browser costs."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = f"{url}/api/v1"
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=self._headers)
        with self._opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    def timed(self, path: str) -> float:
        begun = time.perf_counter()
        self.ask(path)
        return time.perf_counter() - begun


def _ask(gateway: RunningGateway, caller: _Caller, directory: Path) -> dict[str, float]:
    settled = _settle(gateway, caller)
    measure.say(f"settled after {settled:.0f} s, {gateway.memory_bytes() >> 20} MiB")
    chance = random.Random(SEED)
    now = time.time_ns() // 1_000_000
    instants = [now - chance.randrange(YEARS * 365 * DAY) for _ in range(TIMES)]
    overview = [caller.timed("/coverage?policy=six-100") for _ in range(TIMES)]
    every = [caller.timed("/coverage") for _ in range(TIMES)]
    past = [caller.timed(f"/coverage?policy=six-100&at={at}") for at in instants]
    regions = [caller.timed(f"/coverage/regions?policy=six-100&at={at}") for at in instants]
    gaps = [caller.timed("/coverage/gaps?policy=six-100") for _ in range(5)]
    what_if = [caller.timed("/coverage/what-if?policy=six-100") for _ in range(5)]
    trend = [
        caller.timed(f"/coverage/trend?policy=six-100&since={year}&until={now}&step_days=7")
        for year in [now - 365 * DAY] * 3
    ]
    begun = time.perf_counter()
    caller.ask("/coverage/draw", {})
    drawn = time.perf_counter() - begun
    shown = _shown(caller, directory)
    serviced = _serviced(caller)
    measure.say(
        f"shown after {[round(one, 2) for one in shown]}, {[round(one, 2) for one in serviced]}"
    )
    figures = {
        "overview_s": median(overview),
        "overview_worst_s": max(overview),
        "all_policies_s": median(every),
        "past_s": median(past),
        "past_worst_s": max(past),
        "regions_s": median(regions),
        "gaps_s": median(gaps),
        "what_if_s": median(what_if),
        "trend_year_s": median(trend),
        "draw_s": drawn,
        "shown_s": max(shown + serviced),
        "shown_median_s": median(shown),
        "shown_over_http_s": median(serviced),
        "memory_mib": gateway.memory_bytes() >> 20,
    }
    measure.say(", ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    return {name: round(value, 4) for name, value in figures.items()}


def _settle(gateway: RunningGateway, caller: _Caller) -> float:
    """Until what a start does is done: no fact waits, and the processor is nearly idle."""
    begun = time.monotonic()
    while time.monotonic() - begun < 900:
        before = gateway.cpu_seconds()
        time.sleep(3)
        if gateway.cpu_seconds() - before < 0.6 and caller.ask("/coverage/changed")["behind"] == 0:
            break
    return time.monotonic() - begun


def _until(there: Callable[[], bool], seconds: float = 20.0) -> float:
    begun = time.perf_counter()
    while not there():
        if time.perf_counter() - begun > seconds:
            raise TimeoutError("a changed fact does not show")
        time.sleep(0.01)
    return time.perf_counter() - begun


def _shown(caller: _Caller, directory: Path) -> list[float]:
    """Seconds from a commit by another process, of a school struck off or listed elsewhere, until
    the rates have it."""
    store = open_store(directory / "campus.db", reserve_bytes=0, low_water=0)
    took = []
    try:
        for number in range(CHANGES):
            school = f"school-{number * SCHOOLS // CHANGES:05}"
            before = caller.ask("/coverage/changed")["changed"]
            now = time.time_ns() // 1_000_000
            entry = {
                "school": school,
                "name": "x",
                "kind": "primary",
                "region": "city",
                "pupils": 9,
                "boarders": 0,
                "key_target": False,
                "listed": number % 2 == 1,
            }
            body = canonical({"before": None, "after": entry, "reason": "x"})
            fact = Fact("roster", now, now, "user:ada", f"roster:{school}", body)
            store.commit(Batch(facts=[fact])).result(30)

            def there(before: int = before) -> bool:
                return bool(caller.ask("/coverage/changed")["changed"] > before)

            took.append(_until(there))
            time.sleep(0.13)  # at another place between two looks each time
    finally:
        store.close()
    return took


def _serviced(caller: _Caller) -> list[float]:
    """Seconds from the answer that a camera is out of service until its school's sheet says so."""
    took = []
    for number in range(CHANGES):
        school = f"school-{number * SCHOOLS // CHANGES + 1:05}"

        def told(school: str = school) -> bool:
            sheet = caller.ask(f"/coverage/schools/{school}?policy=six-100")
            return any(
                reason["code"] == "out_of_service" and reason["device"] == "c-3"
                for policy in sheet["policies"]
                for item in policy["items"]
                for reason in item["reasons"]
            )

        # It is answered when it is committed.
        caller.ask(f"/devices/{school}/c-3/service", {"out_of_service": True, "reason": "works"})
        took.append(_until(told))
    return took
