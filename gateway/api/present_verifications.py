"""Verifications as the page sees them: with names, sentences, and bytes as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from audit.verification.model import Detail, Step, Verification
from audit.verification.notice import STEP as NOTICE
from audit.verification.steps import present
from devices.model import Device
from gateway.api.models.alerts import AlertDeviceOut, HeldPressOut
from gateway.api.models.shapes import Names
from gateway.api.models.verifications import (
    NoticeOut,
    VerificationOut,
    VerificationStepOut,
)
from gateway.api.police import exchange_out
from gateway.api.register import Register, names
from gateway.words import diagnosing

if TYPE_CHECKING:
    from gateway.api.services import Services
    from gateway.pipeline.windows import HeldPress
    from gateway.words import Words

_LANGUAGES: Final = ("zh", "en")


def verification_out(services: Services, run: Verification) -> VerificationOut:
    """A run with everything that people read of it."""
    device = None if run.device is None else services.desk.device(run.device)
    register = services.register
    return VerificationOut(
        id=run.id,
        version=run.version,
        kind=run.kind,
        school=run.school,
        school_name=register.school_name(run.school),
        device=None if device is None else _device(device),
        link=run.link,
        place=register.place_path(run.school, run.place or None),
        actor=run.actor,
        started=run.started,
        ended=run.ended,
        verdict=run.verdict,
        code=run.code,
        waits_for=run.waits_for,
        notice=_notice(run),
        steps=[_step(services.words, step) for step in run.steps],
        text=sentence(services.words, run.code, run.inputs),
        advice=_advice(services.words, run),
    )


def sentence(words: Words, code: str, inputs: dict[str, Detail]) -> Names | None:
    """``verify.{code}`` in both languages; ``None`` without a code."""
    if not code:
        return None
    texts = {}
    for language in ("zh", "en"):
        known = dict(inputs)
        if "path" in known:
            known["path"] = words.text(f"verify.path.{known['path']}", language)
        texts[language] = words.text(f"verify.{code}", language, **known)
    return Names(zh=texts["zh"], en=texts["en"])


def _advice(words: Words, run: Verification) -> Names | None:
    """What to do next: about what is known to be wrong, else where to look."""
    because = run.because
    if because is None:
        return sentence(words, f"advice.{run.advice}" if run.advice else "", {})
    why, todo = diagnosing.why(words, because), diagnosing.advice(words, because)
    return Names(zh=f"{why['zh']}。{todo['zh']}", en=f"{why['en']}. {todo['en']}")


def _notice(run: Verification) -> NoticeOut | None:
    step = present(run)
    if step is None or step.step != NOTICE:
        return None
    inputs = step.inputs
    return NoticeOut(
        link=str(inputs["link"]),
        telephone=str(inputs["telephone"]),
        hours=int(inputs["hours"] or 0),
        text=str(inputs["text"]),
    )


def held_out(register: Register, held: HeldPress) -> HeldPressOut:
    """A press that waits."""
    device = held.window.device
    return HeldPressOut(
        verification=held.window.verification,
        device=_device(device),
        school_name=register.school_name(device.school),
        place=register.place_path(device.school, device.place),
        actor=held.window.actor,
        happened=held.reading.happened,
        due=held.due,
    )


def _step(words: Words, step: Step) -> VerificationStepOut:
    title = words.both(f"verify.step.{step.step}")
    return VerificationStepOut(
        step=step.step,
        title=Names(zh=title["zh"], en=title["en"]),
        started=step.started,
        due=step.due,
        ended=step.ended,
        verdict=step.verdict,
        code=step.code,
        text=sentence(words, step.code, step.inputs),
        exchanges=[exchange_out(one) for one in step.exchanges],
    )


def _device(device: Device) -> AlertDeviceOut:
    return AlertDeviceOut(
        school=device.school,
        id=device.id,
        kind=device.kind,
        name=names(device.name_zh, device.name_en, device.id),
    )
