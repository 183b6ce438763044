"""What is found on a machine, judged; and said in both languages."""

from __future__ import annotations

import inspect

import pytest

from gateway.broker.knock import Answer, Knock
from gateway.doctor import verdicts
from gateway.doctor.verdicts import State, Verdict
from gateway.words import LANGUAGES, Words, placeholders

GB = 1 << 30

EVERY = [
    (verdicts.python((3, 11, 2)), State.OK),
    (verdicts.python((3, 10, 9)), State.FAILED),
    (verdicts.mosquitto("mosquitto", None, None), State.FAILED),
    (verdicts.mosquitto("mosquitto", "/usr/sbin/mosquitto", None), State.UNKNOWN),
    (verdicts.mosquitto("mosquitto", "/usr/sbin/mosquitto", (2, 0, 11)), State.OK),
    (verdicts.mosquitto("mosquitto", "/usr/sbin/mosquitto", (1, 6, 9)), State.FAILED),
    (verdicts.port("page", ":8080", free=True, holder=None, ours=False), State.OK),
    (verdicts.port("page", ":8080", free=False, holder="campus (7)", ours=True), State.OK),
    (verdicts.port("broker", ":1883", free=False, holder="nginx (7)", ours=False), State.FAILED),
    (verdicts.port("broker", ":1883", free=False, holder=None, ours=False), State.FAILED),
    (verdicts.disk_sync("/var", 3.0, ""), State.OK),
    (verdicts.disk_sync("/var", 250.0, ""), State.WARNING),
    (verdicts.disk_sync("/var", None, "Read-only file system"), State.FAILED),
    (verdicts.space("/var", 100 * GB, GB), State.OK),
    (verdicts.space("/var", 5 * GB, GB), State.WARNING),
    (verdicts.space("/var", GB, GB), State.FAILED),
    (verdicts.clock(1_795_000_000.0, 1_795_000_000.5, 0.0), State.OK),
    (verdicts.clock(1_795_000_000.0, None, 0.0), State.OK),
    (verdicts.clock(0.0, None, 0.0), State.FAILED),
    (verdicts.clock(1_795_000_000.0, 1_795_000_100.0, 0.0), State.WARNING),
    (verdicts.clock(1_795_000_000.0, None, -30.0), State.WARNING),
    (verdicts.time_service(None), State.UNKNOWN),
    (verdicts.time_service(True), State.OK),
    (verdicts.time_service(False), State.WARNING),
    (verdicts.configuration([]), State.OK),
    (verdicts.configuration(["gateway.yaml:3: web.listen: …"]), State.FAILED),
    (verdicts.store("c.db", None, "0002", None), State.OK),
    (verdicts.store("c.db", "0002", "0002", ["ok"]), State.OK),
    (verdicts.store("c.db", "0001", "0002", ["ok"]), State.OK),
    (verdicts.store("c.db", "0003", "0002", ["ok"]), State.FAILED),
    (verdicts.store("c.db", "0002", "0002", None), State.UNKNOWN),
    (verdicts.store("c.db", "0002", "0002", ["row 7 missing from index"]), State.FAILED),
    (verdicts.store_unreadable("c.db", "not a database"), State.FAILED),
    (verdicts.broker("b:1", Knock(Answer.WELCOME), embedded=False), State.OK),
    (verdicts.broker("b:1", Knock(Answer.UNREACHABLE), embedded=True), State.UNKNOWN),
    (verdicts.broker("b:1", Knock(Answer.UNREACHABLE), embedded=False), State.FAILED),
    (verdicts.broker("b:1", Knock(Answer.REFUSED), embedded=True), State.FAILED),
    (verdicts.broker("b:1", Knock(Answer.SILENT), embedded=False), State.FAILED),
    (verdicts.broker("b:1", Knock(Answer.UNTRUSTED), embedded=False), State.FAILED),
    (verdicts.broker_never_started("b:1"), State.UNKNOWN),
    (verdicts.page(built=True), State.OK),
    (verdicts.page(built=False), State.FAILED),
    (verdicts.webhook("duty", "h:443", None), State.OK),
    (verdicts.webhook("duty", "h:443", "refused"), State.FAILED),
    (verdicts.history("influxdb http://db campus", None, keeps_copies=False), State.OK),
    (verdicts.history("victoria-metrics http://db", None, keeps_copies=True), State.WARNING),
    (verdicts.history("victoria-metrics http://db", None, keeps_copies=None), State.UNKNOWN),
    (verdicts.history("influxdb http://db campus", "refused", keeps_copies=None), State.FAILED),
    (verdicts.descriptors(1024), State.WARNING),
    (verdicts.descriptors(-1), State.OK),
]


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.load()


@pytest.mark.parametrize(
    ("verdict", "state"), EVERY, ids=[f"{v.check}.{v.code}.{v.state}" for v, _ in EVERY]
)
def test_each_finding_is_judged_and_has_its_words(
    words: Words, verdict: Verdict, state: State
) -> None:
    assert verdict.state is state
    for language in LANGUAGES:
        key = f"doctor.{verdict.check}.{verdict.code}"
        assert f"doctor.check.{verdict.check}" in words
        assert placeholders(words.text(key, language)) <= verdict.inputs.keys(), key
    assert not words.missing


def test_every_word_of_the_doctor_is_used(words: Words) -> None:
    said = {f"doctor.{verdict.check}.{verdict.code}" for verdict, _ in EVERY}
    said |= {f"doctor.check.{verdict.check}" for verdict, _ in EVERY}
    said |= {"doctor.summary", "doctor.what.page", "doctor.what.broker"}
    assert {key for key in words if key.startswith("doctor.")} == said


def test_every_judgement_is_tried_here() -> None:
    judges = {
        name
        for name, function in inspect.getmembers(verdicts, inspect.isfunction)
        if function.__module__ == verdicts.__name__
        and function.__annotations__["return"] == "Verdict"
    }
    assert len(judges) == 16


def test_only_failures_end_with_a_status() -> None:
    fine, unknown = verdicts.page(built=True), verdicts.time_service(None)
    assert verdicts.exit_code([fine, unknown, verdicts.time_service(False)]) == 0
    assert verdicts.exit_code([fine, verdicts.page(built=False)]) == 1
