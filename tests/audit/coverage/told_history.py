"""Random histories of a small school, for what must hold of all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from audit.baseline import BASELINE, Baseline, Needed, baseline_subject
from audit.coverage import SchoolRecord, fold
from audit.fact import FactRow
from audit.policy import Item, Needs, Platform, Policy, Proof, Required, Test
from audit.roster import SchoolKind
from audit.verification.model import Verdict
from gateway.configuration import default_settings
from gateway.policies.facts_told import Telling
from gateway.policies.loading import load_figures, load_policies

FOLDER = default_settings().policies
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGIN = 1_700_000_000_000

BUTTONS = ("button-1", "button-2")
CAMERAS = ("cam-1", "cam-2", "cam-3")
PLACES = ("site", "gate", "yard")

FAULTS = ("silent", "camera_offline", "camera_covered", "battery_critical", "clock_wrong")

STRICT = Policy(
    id="strict",
    version=1,
    valid_from="2026-01-01",
    name_zh="严格",
    name_en="Strict",
    source="a test",
    figures=load_figures(FOLDER),
    items=(
        Item(
            id="each_button",
            name_zh="每个按钮",
            name_en="Each button",
            proof=Proof.DEVICES,
            required=(
                Required(
                    kinds=("alarm-button",),
                    needs=Needs(
                        working=("silent", "battery_critical"),
                        tested=(Test.BUTTON,),
                        tested_each=True,
                    ),
                ),
            ),
        ),
        Item(
            id="our_platform",
            name_zh="本平台",
            name_en="Our platform",
            proof=Proof.DEVICES,
            required=(
                Required(
                    kinds=("camera",),
                    gate=True,
                    needs=Needs(platform=Platform(attested_as="gate_video_link", ours=True)),
                ),
            ),
        ),
    ),
)
POLICIES = (*load_policies(FOLDER), STRICT)

GAPS = st.sampled_from(
    (0, 1, MINUTE, HOUR, 10 * HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 9 * DAY, 31 * DAY)
)

_STEPS = st.one_of(
    st.tuples(st.just("register"), st.sampled_from(BUTTONS + CAMERAS), st.sampled_from(PLACES)),
    st.tuples(st.just("remove"), st.sampled_from(BUTTONS + CAMERAS)),
    st.tuples(st.just("aside"), st.sampled_from(BUTTONS + CAMERAS), st.booleans()),
    st.tuples(st.just("alert"), st.sampled_from(BUTTONS + CAMERAS), st.sampled_from(FAULTS)),
    st.tuples(st.just("over"), st.sampled_from(BUTTONS + CAMERAS), st.sampled_from(FAULTS)),
    st.tuples(st.just("cut_off"), st.sampled_from(BUTTONS + CAMERAS)),
    st.tuples(st.just("link"), st.sampled_from(("up", "degraded", "unverified", "down"))),
    st.tuples(
        st.just("verified"),
        st.sampled_from((*BUTTONS, *CAMERAS, "police")),
        st.sampled_from(Verdict),
    ),
    st.tuples(
        st.just("recordings"),
        st.sampled_from(CAMERAS),
        st.sampled_from(("met", "met", "met", "short", "gaps", "unknown")),
        st.sampled_from((30, 90)),
    ),
    st.tuples(st.just("report"), st.sampled_from(("registered", "lost", "unknown"))),
    st.tuples(st.just("registration"), st.booleans()),
    st.tuples(st.just("channel"), st.sampled_from(CAMERAS), st.booleans()),
    st.tuples(
        st.just("attest"),
        st.sampled_from(("guards", "closed_management", "video_link", "gate_video_link")),
        st.booleans(),
    ),
    st.tuples(st.just("withdraw"), st.sampled_from(("guards", "video_link"))),
    st.tuples(st.just("baseline"), st.integers(0, 3)),
)

_BASELINES: tuple[tuple[Needed, ...], ...] = (
    (Needed(place="gate", kind="camera", gate=True), Needed(place="", kind="alarm-button")),
    (
        Needed(place="gate", kind="camera", gate=True),
        Needed(place="site", kind="camera", count=2, commissioned=BEGIN + 12 * DAY),
        Needed(place="site", kind="alarm-button", count=2),
    ),
    (Needed(place="", kind="camera", count=2), Needed(place="yard", kind="alarm-button")),
    (
        Needed(place="yard", kind="camera", commissioned=BEGIN + 3 * DAY),
        Needed(place="", kind="camera", gate=True, commissioned=BEGIN + 30 * DAY),
        Needed(place="", kind="alarm-button", commissioned=BEGIN + 90 * DAY),
    ),
)

Steps = list[tuple[int, tuple[Any, ...]]]


def in_order() -> Steps:
    """How most schools are: so that what is found wrong later is of some account."""
    steps: Steps = [(0, ("baseline", 0))]
    steps += [(0, ("register", name, "gate")) for name in (*BUTTONS, *CAMERAS)]
    statements = ("guards", "closed_management", "video_link", "gate_video_link")
    steps += [(0, ("attest", item, True)) for item in statements]
    steps += [(2 * DAY, ("link", "up")), (HOUR, ("verified", "button-1", Verdict.MET))]
    steps += [(0, ("recordings", name, "met", 30)) for name in CAMERAS]
    return steps


HISTORIES = st.tuples(st.booleans(), st.lists(st.tuples(GAPS, _STEPS), max_size=30)).map(
    lambda drawn: (in_order() if drawn[0] else []) + drawn[1]
)


def told(steps: Steps) -> tuple[list[FactRow], int]:
    """The facts, and when the last was known."""
    telling = Telling(now=BEGIN)
    telling.roster(SchoolKind.PRIMARY, 400, 0, key_target=False)
    for place, around in (("site", None), ("gate", "site"), ("yard", "site")):
        telling.placed(BEGIN, place, around)
    at = BEGIN
    for gap, (verb, *rest) in steps:
        at += gap
        _tell(telling, at, verb, rest)
    return telling.rows, at


def _tell(telling: Telling, at: int, verb: str, rest: list[Any]) -> None:
    match verb, rest:
        case "register", [name, place]:
            kind = "alarm-button" if name in BUTTONS else "camera"
            telling.register(at, name, kind, place)
        case "remove", [name]:
            telling.remove(at, name)
        case "aside", [name, out]:
            telling.put_aside(at, name, out=out)
        case "attest", [item, confirmed]:
            figures = {"guards": 2}
            telling.attest(at, item, lasts=40 * DAY, figures=figures, confirmed=confirmed)
        case "recordings", [camera, status, days]:
            telling.recordings(at, camera, status, days, "recorder")
        case "report", [said]:
            telling.report(at, "recorder", said)
        case "registration", [registered]:
            subject = f"device:{telling.school}/recorder"
            telling.fact("recorder_registration", at, subject, {"registered": registered})
        case "channel", [camera, online]:
            body = {"recorder": "recorder", "state": "online" if online else "offline"}
            telling.fact("channel_state", at, f"device:{telling.school}/{camera}", body)
        case "baseline", [number]:
            signed = Baseline(
                school=telling.school,
                version=1,
                needs=_BASELINES[number],
                signed_by="paul",
                signed=at,
            )
            telling.fact(BASELINE, at, baseline_subject(telling.school), signed)
        case _:
            getattr(telling, verb)(at, *rest)


def folded(rows: list[FactRow]) -> SchoolRecord:
    """The record of all of them."""
    record = SchoolRecord(school="example")
    for row in rows:
        record = fold(record, row)
    return record
