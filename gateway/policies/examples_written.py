"""The shape of a policy's test file: what happened at a school, in a person's words."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from audit.roster import SchoolKind
from audit.verification.model import Verdict
from gateway.problem import listing

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
