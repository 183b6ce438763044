"""Facts of one school, told in a few words: as the gateway would have written them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from alerts.alert import AlertState, Transition, TransitionKind
from audit.attestation import FACT as ATTESTATION
from audit.attestation import Attestation, AttestationFact, AttestationStep, FileRef, subject_of
from audit.baseline import BASELINE, Baseline, Needed, baseline_subject
from audit.fact import FactRow
from audit.roster import ROSTER, RosterChange, RosterEntry, SchoolKind, roster_subject
from audit.verification.model import Detail, Verdict, Verification
from devices.model import Device, Place
from gateway.store.encoding import canonical

LINK: Final = "police"
"""The id of the school's link to the police."""

_DAY: Final = 86_400_000
_LONG_AGO: Final = 3_650 * _DAY
_TEN_MINUTES: Final = 600_000


class Telling:
    """Collects ``rows``, which have to be told in order of time. Times in ms."""

    def __init__(self, *, now: int, school: str = "example") -> None:
        self.school: Final = school
        self.rows: Final[list[FactRow]] = []
        self._begin: Final = now - _LONG_AGO
        self._devices: Final[dict[str, Device]] = {}
        self._alerts: Final[dict[tuple[str, str], tuple[int, int]]] = {}
        self._last_alert = 0
        self._stated: Final[dict[str, Attestation]] = {}

    def roster(self, kind: SchoolKind, pupils: int, boarders: int, *, key_target: bool) -> None:
        """The school is on the roster, long since."""
        entry = RosterEntry(
            school=self.school,
            name="示例学校",
            kind=kind,
            region=None,
            pupils=pupils,
            boarders=boarders,
            key_target=key_target,
        )
        body = RosterChange(before=None, after=entry, reason="")
        self.fact(ROSTER, self._begin, roster_subject(self.school), body)

    def baseline(self, needs: Iterable[tuple[str, str, int, bool]]) -> None:
        """Its baseline is signed, long since: place, kind, count, at a gate."""
        body = Baseline(
            school=self.school,
            version=1,
            needs=tuple(
                Needed(place=place, kind=kind, count=count, gate=gate)
                for place, kind, count, gate in needs
            ),
            signed_by="paul",
            signed=self._begin,
        )
        self.fact(BASELINE, self._begin, baseline_subject(self.school), body)

    def placed(self, at: int, place: str, around: str | None) -> None:
        """A place is registered, inside another one."""
        body = {"before": None, "after": Place(place, self.school, place, parent=around)}
        self.fact("place", at, f"place:{self.school}/{place}", body)

    def register(self, at: int, device: str, kind: str, place: str) -> None:
        """A device is registered."""
        number = len(self._devices) + 1
        self._put(at, Device(self.school, device, kind, number, place=place or None))

    def remove(self, at: int, device: str) -> None:
        """It is taken off the register."""
        before = self._devices.pop(device, None)
        self._device(at, device, before, None)

    def put_aside(self, at: int, device: str, *, out: bool) -> None:
        """It is out of service from now on, or no longer."""
        before = self._devices.get(device)
        if before is not None:
            self._put(at, msgspec.structs.replace(before, out_of_service=out))

    def alert(self, at: int, device: str, condition: str) -> None:
        """An alert is raised; one that stands is raised again."""
        found = self._alerts.get((device, condition))
        if found is None:
            self._last_alert += 1
            self._alerts[device, condition] = (self._last_alert, 1)
            number = self._devices[device].row if device in self._devices else 0
            detail: dict[str, Detail] = {
                "device": number,
                "school": self.school,
                "condition": condition,
            }
            self._transition(at, device, condition, TransitionKind.RAISED, detail)
        else:
            self._transition(at, device, condition, TransitionKind.REACTIVATED, {})

    def over(self, at: int, device: str, condition: str) -> None:
        """Its condition has stopped; nothing when it never began."""
        if (device, condition) in self._alerts:
            self._transition(at, device, condition, TransitionKind.RETURNED, {})

    def cut_off(self, at: int, device: str) -> None:
        """Something else keeps it from being heard."""
        self._last_alert += 1
        number = self._last_alert
        self._alerts["", str(number)] = (number, 1)
        detail: dict[str, Detail] = {
            "device": 0,
            "school": self.school,
            "condition": "cut_off",
            "scope": "school",
        }
        self._transition(at, "", str(number), TransitionKind.RAISED, detail)
        body = {"gone": [device], "back": [], "school": self.school}
        self.fact("victims", at, f"alert:{number}", body)

    def link(self, at: int, state: str) -> None:
        """The link to the police gets into a state."""
        cause = {"up": "acknowledged", "down": "silent", "unverified": "test_old"}.get(
            state, "primary_silent"
        )
        body = {"before": None, "state": state, "cause": cause, "at": at}
        self.fact("link_state", at, f"link:{self.school}/{LINK}", body)

    def verified(self, at: int, name: str, verdict: Verdict) -> None:
        """A device, or the link, was verified."""
        device = self._devices.get(name)
        button = device is not None and device.kind == "alarm-button"
        kind = "link" if name == LINK else "button" if button else "presence"
        code = "no_press" if button else "not_acknowledged_silent"
        run = Verification(
            id=f"{name}-{at}",
            kind=kind,
            school=self.school,
            actor="tim",
            started=at - _TEN_MINUTES,
            ended=at,
            verdict=verdict,
            code=f"{kind}_met" if verdict is Verdict.MET else code,
        )
        noun = "link" if name == LINK else "device"
        self.fact("verification", at, f"{noun}:{self.school}/{name}", run)

    def recordings(self, at: int, camera: str, status: str, days: int, recorder: str) -> None:
        """The recordings of a camera were judged."""
        held = days if status == "met" else days // 2
        body = {
            "recorder": recorder,
            "status": status,
            "required_days": days,
            "as_of": at,
            "reach": None if status == "unknown" else at - held * _DAY,
        }
        self.fact("recording_verdict", at, f"device:{self.school}/{camera}", body)

    def report(self, at: int, recorder: str, said: str) -> None:
        """What a recorder reports of the police's platform."""
        body = {
            "basis": "unknown" if said == "unknown" else "reported",
            "registered": {"registered": True, "lost": False}.get(said),
            "reported": at,
        }
        self.fact("video_police_link", at, f"device:{self.school}/{recorder}", body)

    def attest(
        self,
        at: int,
        item: str,
        *,
        lasts: int,
        figures: dict[str, int],
        files: int = 1,
        confirmed: bool = True,
    ) -> None:
        """Somebody states that an item is met."""
        one = Attestation(
            id=f"{item}-{len(self._stated) + 1}",
            school=self.school,
            item=item,
            stated_by="sofia",
            at=at,
            valid_from=at,
            expires=at + lasts,
            figures=figures,
            files=tuple(
                FileRef(hash=f"{number:064x}", name=f"{number}.pdf", media_type="", size=1)
                for number in range(files)
            ),
            confirmed_by="paul" if confirmed else "",
            confirmed=at if confirmed else None,
        )
        self._stated[item] = one
        self._state(at, AttestationStep.STATED, one)

    def withdraw(self, at: int, item: str) -> None:
        """What was stated last is withdrawn."""
        before = self._stated.get(item)
        if before is not None:
            after = msgspec.structs.replace(before, withdrawn=at, withdrawn_by="sofia")
            self._state(at, AttestationStep.WITHDRAWN, after)

    def _state(self, at: int, step: AttestationStep, one: Attestation) -> None:
        self.fact(ATTESTATION, at, subject_of(one), AttestationFact(step=step, attestation=one))

    def _put(self, at: int, device: Device) -> None:
        before = self._devices.get(device.id)
        self._devices[device.id] = device
        self._device(at, device.id, before, device)

    def _device(self, at: int, name: str, before: Device | None, after: Device | None) -> None:
        body = {"before": before, "after": after}
        self.fact("device", at, f"device:{self.school}/{name}", body)

    def _transition(
        self,
        at: int,
        device: str,
        condition: str,
        kind: TransitionKind,
        detail: dict[str, Detail],
    ) -> None:
        alert, version = self._alerts[device, condition]
        self._alerts[device, condition] = (alert, version + 1)
        transition = Transition(
            alert=alert,
            version=version,
            kind=kind,
            state=AlertState.UNACKNOWLEDGED,
            happened=at,
            known=at,
            detail=detail,
        )
        body: dict[str, object] = msgspec.to_builtins(transition)
        body |= {"school": self.school, "device": device, "condition": condition}
        self.fact("transition", at, f"alert:{alert}", body)

    def fact(self, kind: str, at: int, subject: str, body: object) -> None:
        """Any fact: its body as the gateway would write it."""
        row = len(self.rows) + 1
        self.rows.append(FactRow(row, kind, at, at, "gateway", subject, canonical(body)))
