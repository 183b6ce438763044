"""A policy's test file: example facts as a person tells them, and the verdicts expected of them.

Each example is made into the very facts that the gateway writes, folded and judged as everywhere
else; what comes out other than expected is a problem on the line of what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from audit.coverage import CODES, ItemVerdict, SchoolRecord, fold, judge_all
from audit.policy import Policy
from audit.roster import SchoolKind
from audit.verification.model import Verdict
from gateway.policies.facts_told import Telling
from gateway.policies.loading import TEST
from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.validation import validate
from gateway.yaml_source import Document, Plain, Steps, read_yaml

NOW: Final = 1_773_100_800_000
"""When every example is judged (ms): 2026-03-10 08:00 in China. What counts is how long ago."""

_UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,5})([mhd])")


def _duration(text: str) -> str:
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"must be a number with m, h or d behind it (26h, 40d), not '{text}'")
    return text


Ago = Annotated[str, AfterValidator(_duration)]


def milliseconds(text: str) -> int:
    """An `Ago` in ms."""
    return int(text[:-1]) * _UNITS[text[-1]]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ExampleSchool(_Written):
    """The school as the roster lists it."""

    kind: SchoolKind = SchoolKind.PRIMARY
    """Its kind."""

    pupils: Annotated[int, Field(ge=0)] = 400
    """Heads."""

    boarders: Annotated[int, Field(ge=0)] = 0
    """Of these, who live there."""

    key_target: bool = False
    """Whether it is a key target of counter-terrorism."""


class ExampleNeed(_Written):
    """What the baseline asks for."""

    kind: str
    """Kind of device."""

    place: str = ""
    """Where; empty: anywhere at the school."""

    count: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many."""

    gate: bool = False
    """Whether at a gate."""


class ExampleFact(_Written):
    """Something that happened: ``ago`` and one thing of these."""

    ago: Ago
    """How long before the verdict: 30m, 26h, 40d."""

    add: str | None = None
    """A device (its id) is registered, of a ``kind``, in a ``place``."""

    kind: str = ""
    """Of a device that is registered."""

    place: str = ""
    """Of a device that is registered."""

    remove: str | None = None
    """A device is taken off the register."""

    out_of_service: str | None = None
    """A device is put aside."""

    in_service: str | None = None
    """A device is taken back."""

    alert: str | None = None
    """An alert of a device is raised, of a ``condition``."""

    over: str | None = None
    """The alert of a device and ``condition`` is over."""

    condition: str = ""
    """Of an alert."""

    cut_off: str | None = None
    """A device is cut off by something else."""

    link: Literal["up", "degraded", "unverified", "down"] | None = None
    """The police link gets into a state."""

    verified: str | None = None
    """A device is verified; of alarm buttons and `police`, the link: a test of the way there."""

    verdict: Verdict = Verdict.MET
    """What it came to."""

    recordings: str | None = None
    """The recordings of a camera are judged, with a ``status``, for ``days``."""

    status: Literal["met", "short", "gaps", "unknown"] = "met"
    """Of recordings."""

    days: Annotated[int, Field(ge=1, le=3660)] = 90
    """For which recordings were judged."""

    recorder: str = "recorder"
    """Of recordings, and of a report."""

    report: Literal["registered", "lost", "unknown"] | None = None
    """A recorder reports whether it is registered with the police's platform."""

    attest: str | None = None
    """Somebody states that an item is met, good for ``lasts``."""

    lasts: Ago = "180d"
    """Of an attestation."""

    figures: dict[str, int] = {}
    """Of an attestation."""

    files: Annotated[int, Field(ge=0, le=10)] = 1
    """Of an attestation: how many go with it."""

    confirmed: bool = True
    """Of an attestation: by a second person."""

    withdraw: str | None = None
    """What was attested of an item last is withdrawn."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> ExampleFact:
        if len(self.verbs) != 1:
            raise ValueError(f"says one thing beside 'ago': {listing(VERBS)}")
        return self

    @property
    def verbs(self) -> list[str]:
        """What it says."""
        return [verb for verb in VERBS if getattr(self, verb) is not None]


VERBS: Final = (
    "add",
    "remove",
    "out_of_service",
    "in_service",
    "alert",
    "over",
    "cut_off",
    "link",
    "verified",
    "recordings",
    "report",
    "attest",
    "withdraw",
)


class Expected(_Written):
    """The verdict of an item."""

    verdict: Verdict
    """met, failed or unknown."""

    because: tuple[str, ...] = ()
    """Codes of all its reasons, if it matters; those that do not count yet as well."""


class Example(_Written):
    """One example."""

    name: str
    """What it shows, as a sentence."""

    common: bool = True
    """Whether the facts of the head of the file come first."""

    school: ExampleSchool | None = None
    """Another school than in the head."""

    baseline: tuple[ExampleNeed, ...] | None = None
    """Another baseline than in the head."""

    facts: tuple[ExampleFact, ...] = ()
    """What happened, in any order."""

    expect: dict[str, Expected]
    """Of every item of the policy; `met` alone is short for `{verdict: met}`."""


class Examples(_Written):
    """A test file."""

    policy: str
    """The id of the policy."""

    school: ExampleSchool = ExampleSchool()
    """The school of every example."""

    baseline: tuple[ExampleNeed, ...] = ()
    """Its baseline."""

    facts: tuple[ExampleFact, ...] = ()
    """What happened before every example."""

    cases: Annotated[tuple[Example, ...], Field(min_length=1)]
    """The examples."""


def examples_of(directory: Path, policy: Policy) -> Path:
    """Where the test file of a policy is, if there is one."""
    return directory / f"{policy.id}{TEST}"


def try_examples(path: Path, policy: Policy) -> int:
    """How many examples of a test file hold. Raises `ConfigurationError` with those that do not."""
    document = read_yaml(path)
    examples = validate(Examples, _short(document))
    problems = [*_misnamed(examples, document, policy)]
    for number, example in enumerate(examples.cases):
        problems += _try(examples, example, policy, document, ("cases", number))
    if problems:
        raise ConfigurationError(problems)
    return len(examples.cases)


def _short(document: Document) -> Document:
    """``guards: met`` is short for ``guards: {verdict: met}``: one form to be checked."""
    data = document.data
    cases = data.get("cases") if isinstance(data, dict) else None
    for case in cases if isinstance(cases, list) else []:
        expect = case.get("expect") if isinstance(case, dict) else None
        if isinstance(expect, dict):
            for item, said in expect.items():
                if isinstance(said, str):
                    whole: dict[str, Plain] = {"verdict": said}
                    expect[item] = whole
    return document


def _misnamed(examples: Examples, document: Document, policy: Policy) -> Iterator[Problem]:
    if examples.policy != policy.id:
        yield document.problem(("policy",), f"must be '{policy.id}', by the name of the file")
    names = [item.id for item in policy.items]
    for number, case in enumerate(examples.cases):
        at: Steps = ("cases", number, "expect")
        for item in names:
            if item not in case.expect:
                yield document.problem(at, f"says nothing of the item '{item}'")
        for item, expected in case.expect.items():
            if item not in names:
                there = f"{near_miss(item, names)}; there are: {listing(names)}"
                yield document.problem((*at, item), f"the policy has no item '{item}'{there}")
            for code in expected.because:
                if code not in CODES:
                    near = near_miss(code, CODES)
                    yield document.problem((*at, item), f"there is no reason '{code}'{near}")


def _try(
    examples: Examples, case: Example, policy: Policy, document: Document, at: Steps
) -> Iterator[Problem]:
    facts = [*(examples.facts if case.common else ()), *case.facts]
    telling = Telling(now=NOW)
    school = case.school or examples.school
    telling.roster(school.kind, school.pupils, school.boarders, key_target=school.key_target)
    needs = examples.baseline if case.baseline is None else case.baseline
    if needs:
        telling.baseline((one.place, one.kind, one.count, one.gate) for one in needs)
    for fact in sorted(facts, key=lambda one: -milliseconds(one.ago)):
        _tell(telling, fact)
    record = SchoolRecord(school=telling.school)
    for row in telling.rows:
        record = fold(record, row)
    verdicts = judge_all([policy], record, NOW)
    for item, expected in case.expect.items():
        verdict = verdicts.get((policy.id, item))
        if verdict is not None and (wrong := _differs(expected, verdict)):
            yield document.problem((*at, "expect", item), f"{case.name}: {wrong}")


def _differs(expected: Expected, verdict: ItemVerdict) -> str:
    against = [reason for reason in verdict.reasons if reason.verdict is not Verdict.MET]
    codes = sorted({reason.code.value for reason in against})
    told = f" ({listing(codes)})" if codes else ""
    if verdict.verdict is not expected.verdict:
        return f"{expected.verdict.value} is expected, and it is {verdict.verdict.value}{told}"
    because = sorted(set(expected.because))
    if because and because != codes:
        return f"the reasons are {listing(codes) or 'none'}, not {listing(because)}"
    return ""


def _tell(telling: Telling, fact: ExampleFact) -> None:  # noqa: C901 - one line a verb
    at = NOW - milliseconds(fact.ago)
    if fact.add is not None:
        telling.register(at, fact.add, fact.kind, fact.place)
    elif fact.remove is not None:
        telling.remove(at, fact.remove)
    elif fact.out_of_service is not None:
        telling.put_aside(at, fact.out_of_service, out=True)
    elif fact.in_service is not None:
        telling.put_aside(at, fact.in_service, out=False)
    elif fact.alert is not None:
        telling.alert(at, fact.alert, fact.condition)
    elif fact.over is not None:
        telling.over(at, fact.over, fact.condition)
    elif fact.cut_off is not None:
        telling.cut_off(at, fact.cut_off)
    elif fact.link is not None:
        telling.link(at, fact.link)
    elif fact.verified is not None:
        telling.verified(at, fact.verified, fact.verdict)
    elif fact.recordings is not None:
        telling.recordings(at, fact.recordings, fact.status, fact.days, fact.recorder)
    elif fact.report is not None:
        telling.report(at, fact.recorder, fact.report)
    elif fact.attest is not None:
        telling.attest(
            at,
            fact.attest,
            lasts=milliseconds(fact.lasts),
            figures=fact.figures,
            files=fact.files,
            confirmed=fact.confirmed,
        )
    elif fact.withdraw is not None:
        telling.withdraw(at, fact.withdraw)
