"""Verifications: what was tested, step by step, with the bytes that prove it."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from audit.verification.model import Verdict
from gateway.api.models.alerts import AlertDeviceOut
from gateway.api.models.links import LinkExchangeOut
from gateway.api.models.shapes import In, Milliseconds, Moment, Names, Out
from gateway.pipeline.windows import LONGEST_MS

_LONGEST_S: Final = LONGEST_MS // 1000


class VerifyIn(In):
    """Begin a verification. `asked`: when the person asked for it, by the gateway's clock; a
    request that was under way for more than a minute opens no window. `test`: another test than the
    usual one of its kind; `load-test` is the full-load test of an electrical monitor's feeder."""

    window_s: int = Field(
        default=_LONGEST_S,
        ge=10,
        le=_LONGEST_S,
        description="How long its test window is open.",
    )
    asked: Milliseconds | None = None
    test: Literal["", "load-test"] = ""


class ReadingIn(In):
    """What the technician types in; exactly one of `value`, `name`, `on` and `finished`.

    `value`: the power (W) on a reference meter, or, as a `load`, of what is switched on next. Of a
    full-load test: the `name` of the room that comes next, that all in it is `on` now, or that it
    was the last (`finished`)."""

    value: float | None = Field(default=None, ge=-1e7, le=1e7, allow_inf_nan=False, examples=[1200])
    load: bool = False
    name: str = Field(default="", max_length=60, examples=["301"])
    on: bool = False
    finished: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> ReadingIn:
        said = (self.value is not None, bool(self.name.strip()), self.on, self.finished)
        if sum(said) != 1:
            raise ValueError("give exactly one of 'value', 'name', 'on' and 'finished'")
        return self


class NoticeIn(In):
    """The police behind a link were told of the test as long beforehand as they want. `told`: whom
    and how. `asked` as in `VerifyIn`: with the last notice the window opens."""

    link: str = Field(min_length=1, max_length=160, examples=["no3-middle/police"])
    told: str = Field(min_length=2, max_length=200, examples=["Duty officer, by telephone"])
    asked: Milliseconds | None = None


class ConfirmIn(In):
    """The press that waits was the technician's own."""


class CancelIn(In):
    """Give it up. A press that waits goes out as a real alarm."""


class NoticeOut(Out):
    """What the police behind a link are to be told, `hours` before a test, by telephone."""

    link: str = Field(examples=["no3-middle/police"])
    telephone: str
    hours: int
    text: str


class VerificationStepOut(Out):
    """One step. Without `ended` it is under way, until `due` at the latest."""

    step: str = Field(examples=["press"])
    title: Names
    started: Moment | None
    due: Moment | None
    ended: Moment | None
    verdict: Verdict | None
    code: str
    text: Names | None
    exchanges: list[LinkExchangeOut]


class VerificationOut(Out):
    """A run as it stands at one `version`.

    `waits_for`: `notice`, `press`, `confirm`, `trigger`, `reading`, `load`, `switch_on`, `attest`
    from people; `device`, `reply`, `receiver` from machines; empty = nothing. A `notice`, a
    `confirm` and an `attest` are the actor's alone; the last two are given by `confirm`. `notice`:
    what the run waits to hear that the police were told.
    """

    id: str = Field(examples=["7f3a9c0d41b24c7e9d0f5a6b8c9d0e1f"])
    version: int
    kind: str = Field(examples=["button"])
    school: str
    school_name: Names
    device: AlertDeviceOut | None
    link: str | None = Field(examples=["no3-middle/police"])
    place: Names | None
    actor: str = Field(description="Empty for the gateway's own schedule.")
    started: Moment
    ended: Moment | None
    verdict: Verdict | None
    code: str
    waits_for: str
    notice: NoticeOut | None
    steps: list[VerificationStepOut]
    text: Names | None
    advice: Names | None
