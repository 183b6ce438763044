"""Faults that a camera's probe names: one alert each, in its words; tampering stays until seen."""

from __future__ import annotations

import re

import pytest

from alerts.finding import Priority
from alerts.rules.camera_faults import SENTENCES, TAMPERING
from devices.camera.suspicion import Fault
from gateway.words import LANGUAGES, Words

WORDS = Words.load()


@pytest.fixture
def camera(watch):
    return watch(rule="camera_faults")


def told(found):
    return [(finding.condition, finding.active) for finding in found]


def test_a_named_fault_is_an_alert_and_over_when_it_is_named_no_more(camera):
    assert camera.says(faults=[]) == []
    assert told(camera.says(faults=["blurred"], after=60)) == [("camera_blurred", True)]
    assert camera.says(faults=["blurred"], after=60) == []
    assert told(camera.says(faults=[], after=60)) == [("camera_blurred", False)]


def test_each_fault_is_an_alert_of_its_own(camera):
    assert told(camera.says(faults=["low_fps", "covered"])) == [
        ("camera_covered", True),
        ("camera_low_fps", True),
    ]
    assert told(camera.says(faults=["covered", "frozen"], after=60)) == [
        ("camera_frozen", True),
        ("camera_low_fps", False),
    ]


def test_the_probe_gives_the_reason(camera):
    why = {"blurred": {"code": "blurred", "confidence": 0.93, "percent": 4}}
    (finding,) = camera.says(faults=["blurred"], why=why)
    assert finding.explanation.code == "camera.why.blurred"
    assert finding.explanation.inputs == {"percent": 4}


@pytest.mark.parametrize(
    "why",
    [
        None,
        "because",
        {"blurred": "because"},
        {"blurred": {"code": "nonsense"}},
        {"blurred": {"code": ["blurred"], "percent": 4}},
        {"blurred": {"code": "blurred"}},
        {"blurred": {"code": "blurred", "percent": True}},
        {"blurred": {"code": "blurred", "percent": "4" * 100}},
    ],
)
def test_a_reason_that_has_no_sentence_is_left_out(camera, why):
    (finding,) = camera.says(faults=["blurred"], why=why)
    assert finding.explanation.code == "camera_fault_told"


def test_what_shows_nothing_of_its_place_is_urgent_and_a_slow_stream_is_not(camera):
    found = camera.says(faults=["covered", "offline", "low_fps"])
    assert {finding.condition: finding.priority for finding in found} == {
        "camera_covered": Priority.HIGH,
        "camera_offline": Priority.MEDIUM,
        "camera_low_fps": Priority.LOW,
    }


@pytest.mark.parametrize("fault", list(Fault))
def test_only_tampering_stays_until_somebody_has_looked(camera, fault):
    (finding,) = camera.says(faults=[fault.value])
    assert finding.latches is (fault in TAMPERING)


def test_what_cannot_be_judged_ends_nothing(camera):
    camera.says(faults=["moved"])
    assert camera.says(undecidable="too_dark", after=60) == []
    assert camera.says(faults=None, after=60) == []
    assert camera.says(faults=["moved"], undecidable="too_dark", after=60) == []


def test_unknown_faults_are_passed_over(camera):
    assert camera.says(faults=["haunted", 7, None, ["blurred"]]) == []


def test_ignored_faults_raise_nothing(watch):
    camera = watch(rule="camera_faults", ignored=["low_fps"])
    assert told(camera.says(faults=["low_fps", "frozen"])) == [("camera_frozen", True)]


def test_a_message_that_was_long_under_way_changes_nothing(camera):
    camera.says(faults=["frozen"], after=600)
    assert camera.says(faults=[], taken=300) == []


def test_a_restart_raises_nothing_twice(camera):
    camera.says(faults=["frozen"])
    camera.restarts()
    assert camera.says(faults=["frozen"], after=60) == []
    assert told(camera.says(faults=[], after=60)) == [("camera_frozen", False)]


def test_there_is_no_sentence_that_the_rule_does_not_know():
    told = {key.removeprefix("camera.why.") for key in WORDS if key.startswith("camera.why.")}
    assert told == set(SENTENCES)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_reason_has_a_sentence_that_its_figures_fill(code):
    for language in LANGUAGES:
        text = WORDS.catalogue(language)[f"camera.why.{code}"]
        assert set(re.findall(r"\{(\w+)\}", text)) <= SENTENCES[code]
