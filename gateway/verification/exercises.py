"""Exercises of the alarm chain in the running gateway: kept step by step, sent nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from alerts.alert import Refusal
from audit import exercise as acts
from audit.exercise import USUAL_PLAN, Exercise, ExerciseError, PlannedStep, score
from gateway.pipeline.flow import Flow
from gateway.store.batch import Fact
from gateway.store.encoding import canonical
from gateway.store.read.verifications import one_exercise
from gateway.store.store import Store
from gateway.store.verifications import EXERCISE, put_row
from gateway.verification.translating import name_of

_body: Final = msgspec.json.Encoder()


class Exercises:
    """Begins, marks and ends exercises, one act after the other."""

    def __init__(self, *, flow: Flow, store: Store) -> None:
        self._flow: Final = flow
        self._store: Final = store
        self._acting: Final = asyncio.Lock()

    async def begin(
        self,
        school: str,
        *,
        actor: str,
        plan: tuple[PlannedStep, ...] = USUAL_PLAN,
        title: str = "",
        key: str | None = None,
    ) -> Exercise | Refusal:
        """A new one; the same ``key`` of the same person is the same one. Raises `StoreError`."""
        name = name_of(actor, f"{school}\nexercise", key)
        async with self._acting:
            known = None if key is None else await self.find(name)
            if known is not None:
                return known
            now = self._flow.work().batch.now
            try:
                begun = acts.begin(
                    name=name, school=school, actor=actor, now=now, plan=plan, title=title
                )
            except ExerciseError as error:
                return Refusal(error.code, str(error))
            await self._keep(begun, actor, "begun")
            return begun

    async def mark(
        self, name: str, number: int, *, actor: str, note: str = ""
    ) -> Exercise | Refusal:
        """A step was done now. Raises `StoreError`."""
        return await self._act(
            name,
            actor,
            "marked",
            lambda found, now: acts.mark(found, number, actor=actor, now=now, note=note),
        )

    async def end(self, name: str, *, actor: str, note: str = "") -> Exercise | Refusal:
        """It is over. Raises `StoreError`."""
        return await self._act(
            name, actor, "ended", lambda found, now: acts.end(found, now=now, note=note)
        )

    async def find(self, name: str) -> Exercise | None:
        """One exercise."""
        return await asyncio.to_thread(self._store.read, one_exercise(name))

    async def _act(
        self, name: str, actor: str, what: str, change: Callable[[Exercise, int], Exercise]
    ) -> Exercise | Refusal:
        async with self._acting:
            found = await self.find(name)
            if found is None:
                return Refusal("exercise_unknown", f"there is no exercise {name}")
            try:
                changed = change(found, self._flow.work().batch.now)
            except ExerciseError as error:
                return Refusal(error.code, str(error))
            if changed is not found:
                await self._keep(changed, actor, what)
            return changed

    async def _keep(self, exercise: Exercise, actor: str, what: str) -> None:
        work = self._flow.work()
        put_row(
            work.batch,
            {
                "id": exercise.id,
                "school": exercise.school,
                "device": None,
                "link": None,
                "kind": EXERCISE,
                "started": exercise.started,
                "ended": exercise.ended,
                "verdict": None,
                "actor": exercise.actor,
                "body": _body.encode(exercise),
            },
        )
        last = exercise.marks[-1] if what == "marked" else None
        work.batch.facts.append(
            Fact(
                kind=EXERCISE,
                happened=work.batch.now,
                known=work.batch.now,
                actor=f"user:{actor}",
                subject=f"school:{exercise.school}",
                body=canonical(
                    {
                        "what": what,
                        "exercise": exercise if last is None else exercise.id,
                        "mark": last,
                        "score": score(exercise),
                    }
                ),
            )
        )
        await self._flow.commit(work)
