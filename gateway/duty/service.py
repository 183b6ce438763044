"""Plans shifts and takes signatures: written down first, then true for the next step.

One change at a time. What is on duty is read from memory (`gateway.duty.rota`) by whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection

from alerts.alert import Refusal
from alerts.duty import EARLY, Shift, Signature
from alerts.escalation import EscalationPolicy
from alerts.finding import Priority
from gateway.clock import Clock
from gateway.duty.policy import policy_of
from gateway.duty.rota import Rota
from gateway.settings import Settings
from gateway.settings_duty import TeamSettings
from gateway.store.batch import Batch
from gateway.store.duty import HandOver, put_hand_over, put_shifts, remove_shift
from gateway.store.read.duty import last_rows, standing_open
from gateway.store.store import Store, StoreError

COMMIT_S: Final = 15.0
DAY: Final = 86_400_000
LONGEST_SHIFT: Final = 24 * 3_600_000
FURTHEST: Final = 400 * DAY
"""How far ahead shifts may be planned."""

MOST_REPEATED: Final = 100
LONGEST_REMARK: Final = 2000

Result = TypeVar("Result")


class Wanted(msgspec.Struct, frozen=True):
    """A shift to plan, ``times`` times, every ``every_days`` days."""

    team: str
    user: str
    starts: int
    ends: int
    every_days: int = 1
    times: int = 1


class Duty:
    """The rota of the running gateway."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        teams: Sequence[TeamSettings],
        rota: Rota,
        policy: EscalationPolicy,
    ) -> None:
        """``policy`` is only shown: what it asks for is done in the pipeline."""
        self._store: Final = store
        self._clock: Final = clock
        self.teams: Final = tuple(teams)
        self.rota: Final = rota
        self.policy: Final = policy
        self._lock: Final = asyncio.Lock()

    def team(self, name: str) -> TeamSettings | None:
        """The team of that id."""
        return next((team for team in self.teams if team.id == name), None)

    async def plan(self, wanted: Wanted, actor: str) -> list[Shift] | Refusal:
        """Plan shifts; all of them or none."""
        refusal = self._unplannable(wanted)
        if refusal is not None:
            return refusal
        async with self._lock:
            rows = await self._read(last_rows)
            shifts = [
                Shift(
                    row=rows.shift + number,
                    team=wanted.team,
                    user=wanted.user,
                    starts=wanted.starts + (number - 1) * wanted.every_days * DAY,
                    ends=wanted.ends + (number - 1) * wanted.every_days * DAY,
                )
                for number in range(1, wanted.times + 1)
            ]
            for shift in shifts:
                if clash := self._clash(shift):
                    return Refusal("shift_overlaps", f"{shift.user} has shift {clash.row} then")
            batch = Batch(now=self._clock.now(), urgent=True)
            put_shifts(batch, shifts, actor)
            await self._commit(batch, lambda: self.rota.put(*shifts))
            return shifts

    async def cancel(self, row: int, actor: str) -> Shift | Refusal:
        """Take a shift off the plan that is not over."""
        async with self._lock:
            shift = self.rota.shift(row)
            if shift is None:
                return Refusal("unknown_shift", f"there is no shift {row}")
            batch = Batch(now=self._clock.now(), urgent=True)
            if shift.ends <= batch.now:
                return Refusal("shift_over", f"shift {row} is over and stays on record")
            remove_shift(batch, shift, actor)
            await self._commit(batch, lambda: self.rota.remove(shift))
            return shift

    async def take_over(
        self,
        team: str,
        actor: str,
        *,
        schools: frozenset[str] | None,
        ticked: frozenset[int],
        remark: str = "",
    ) -> HandOver | Refusal:
        """``actor`` signs for what stands open in these schools; each emergency must be ticked.

        A stand-in who sees only some schools (``None`` = all) signs for these, and no more: the
        team's calls are about all of them, and so is the signature that the next shift still owes.
        """
        if self.team(team) is None:
            return Refusal("unknown_team", f"there is no team {team}")
        if len(remark) > LONGEST_REMARK:
            return Refusal("text_too_long", f"more than {LONGEST_REMARK} characters")
        async with self._lock:
            standing = await self._read(standing_open(schools))
            emergencies = [one.id for one in standing if one.priority == Priority.EMERGENCY]
            missing = [number for number in emergencies if number not in ticked]
            if missing:
                listed = ", ".join(str(number) for number in missing[:20])
                return Refusal("emergencies_unticked", f"not ticked: alert {listed}")
            batch = Batch(now=self._clock.now(), urgent=True)
            before = self.rota.signature(team)
            by_rota = self._by_rota(team, actor, batch.now)
            signed = HandOver(
                row=(await self._read(last_rows)).hand_over + 1,
                team=team,
                at=batch.now,
                before=None if before is None else before.user,
                after=actor,
                alerts=tuple(standing),
                ticked=tuple(emergencies),
                remark=remark,
                by_rota=by_rota,
                on_duty=by_rota or schools is None,
            )
            put_hand_over(batch, signed)
            await self._commit(batch, lambda: self._signed(signed))
            return signed

    def _signed(self, signed: HandOver) -> None:
        if signed.on_duty:
            self.rota.sign(signed.team, Signature(signed.after, signed.at))

    def _unplannable(self, wanted: Wanted) -> Refusal | None:
        now = self._clock.now()
        if self.team(wanted.team) is None:
            return Refusal("unknown_team", f"there is no team {wanted.team}")
        if not 0 < wanted.ends - wanted.starts <= LONGEST_SHIFT:
            return Refusal("shift_length", "a shift ends after it begins, within 24 hours")
        if wanted.ends <= now:
            return Refusal("shift_over", "it would be over already")
        last = wanted.starts + (wanted.times - 1) * wanted.every_days * DAY
        if not 1 <= wanted.times <= MOST_REPEATED or wanted.every_days < 1 or last > now + FURTHEST:
            return Refusal(
                "shift_far", f"at most {MOST_REPEATED} times and {FURTHEST // DAY} days ahead"
            )
        return None

    def _clash(self, wanted: Shift) -> Shift | None:
        """The same person twice at the same time; two persons at a time are often wanted."""
        for shift in self.rota.shifts(wanted.team):
            same = shift.user == wanted.user
            if same and shift.starts < wanted.ends and wanted.starts < shift.ends:
                return shift
        return None

    def _by_rota(self, team: str, user: str, now: int) -> bool:
        return any(
            shift.user == user and shift.starts - EARLY <= now < shift.ends
            for shift in self.rota.shifts(team)
        )

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, query)

    async def _commit(self, batch: Batch, then: Callable[[], object]) -> None:
        """Write, and do ``then`` once it is written, whether or not anybody still waits for it."""
        written = asyncio.wrap_future(self._store.commit(batch))

        def follow(future: asyncio.Future[None]) -> None:
            if not future.cancelled() and future.exception() is None:
                then()

        written.add_done_callback(follow)
        done, _ = await asyncio.wait([written], timeout=COMMIT_S)
        if not done:
            raise StoreError(
                f"the store did not confirm within {COMMIT_S:.0f} s; look before trying again"
            )
        written.result()


def make_duty(*, store: Store, clock: Clock, settings: Settings, rota: Rota) -> Duty:
    """The duty that the settings ask for."""
    return Duty(
        store=store,
        clock=clock,
        teams=settings.duty.teams,
        rota=rota,
        policy=policy_of(settings),
    )
