"""The verdict on one picture: what is suspected, and what cannot be judged. Pure.

First what makes the rest meaningless (darkness, white, noise), then the view against the usual
picture that fits best, then colours and stripes. No memory of other looks: see `watch`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from devices.camera.comparison import FEWEST_BLOCKS, View, compare
from devices.camera.faults.colour import cast
from devices.camera.faults.darkness import darkness
from devices.camera.faults.focus import blurred
from devices.camera.faults.glare import white
from devices.camera.faults.interference import noise, stripes
from devices.camera.faults.view import WHOLLY, WHOLLY_AREA, shifted, turned_away, view_changed
from devices.camera.measures import Measures
from devices.camera.reference import HOURS, PARTS, Reference, Usual
from devices.camera.suspicion import Fault, Suspicion, Undecidable

OTHER_LIGHT: Final = 0.7
"""Twice as bright or half as bright as the nearest time of day that is known: shadows and lamps
will differ too, and what they hide is not held against the camera (a logarithm)."""

SAME_SCENE: Final = 0.35
"""A likeness that chance does not make."""
STRIPED_SCENE: Final = 0.25
FORMS: Final = 0.5
"""So alike must a picture be without its stripes, or so much more in its large forms (0.75)."""
LIGHT: Final = frozenset({Fault.BLACK, Fault.WHITE})
SIGNAL: Final = frozenset({Fault.NOISE, Fault.COLOUR_CAST})
VIEW: Final = frozenset({Fault.BLURRED, Fault.COVERED, Fault.MOVED})


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What one picture speaks for.

    `undecidable` says what kept it from being judged wholly. `decided` are the faults for which the
    picture was good enough to tell, found or not. `view` is the comparison it rests on, if there
    was one. `dark`: nothing could be seen; `telling`: it may be learned from if nothing is wrong.
    """

    suspicions: tuple[Suspicion, ...] = ()
    undecidable: Undecidable | None = None
    decided: frozenset[Fault] = frozenset()
    view: View | None = None
    dark: bool = False
    telling: bool = True


def judge(measures: Measures, reference: Reference, hour: int) -> Verdict:
    """Judge one picture by what is usual at this hour of the local day."""
    part = hour * PARTS // HOURS
    candidates = _candidates(measures, reference, part)
    usual = candidates[0] if candidates else None
    now = [each for each in reference.usual if each.part == part and each.learned]
    lit = max((each.brightness.value for each in now), default=None)
    light = darkness(measures, reference, hour, lit)
    if isinstance(light, Suspicion):
        return Verdict((light,), decided=frozenset({light.fault}))
    if light is not None:
        return Verdict(undecidable=light, dark=True, telling=False)
    if found := white(measures, usual, part):
        return Verdict((found,), decided=LIGHT)
    if found := noise(measures, usual):
        return Verdict((found,), decided=LIGHT | {Fault.NOISE})
    if usual is None:
        return _by_other_light(measures, reference)
    verdict = _against(measures, usual, part)
    for other in candidates[1:]:
        if not {each.fault for each in verdict.suspicions} & {Fault.COVERED, Fault.MOVED}:
            break
        # Weather and seasons: what wholly fits any usual picture of this light is usual.
        second = _against(measures, other, part, strictly=True)
        if _explains(second, verdict):
            verdict = second
    return verdict


def _explains(second: Verdict, first: Verdict) -> bool:
    if second.suspicions or second.undecidable is not None:
        return False
    if second.view is None or first.view is None:
        return False
    better = second.view.fit > first.view.fit
    return better and second.view.lost_share < 0.5 * first.view.lost_share


def _candidates(measures: Measures, reference: Reference, part: int) -> list[Usual]:
    """What it may be held against, the likeliest first."""
    alike = reference.nearest(part, grey=measures.grey)
    other = reference.nearest(part, grey=not measures.grey)
    if other and other[0].part == part:
        # Something coloured before a camera under infra-red light makes no daylight, and something
        # grey before it by day no infra-red light.
        known = bool(alike) and alike[0].part == part
        fit = compare(measures, alike[0]).fit if alike else -1.0
        if compare(measures, other[0]).fit > fit or (not known and fit < SAME_SCENE):
            return [*other, *alike]
    # A grey picture with a tint is no picture by daylight, either.
    return [*alike, *other] if measures.one_hue else alike


def _against(measures: Measures, usual: Usual, part: int, *, strictly: bool = False) -> Verdict:
    """`strictly`: as if it were of this time of day, for it is to explain what else is a fault."""
    foreign = usual.part != part or (measures.grey and not usual.grey)
    borrowed = foreign and not strictly
    view = compare(measures, usual)
    strange = foreign and abs(math.log(max(view.gain, 1e-3))) > OTHER_LIGHT
    found: list[Suspicion | None] = []
    undecidable = None
    telling = True
    decided = LIGHT | SIGNAL
    if view.judged < FEWEST_BLOCKS:
        # Where there usually are edges and now too little light: a dark cover may be the reason,
        # and must not be learned.
        hidden = view.able >= FEWEST_BLOCKS
        undecidable = Undecidable.TOO_DARK if hidden else Undecidable.NO_TEXTURE
        telling = borrowed or not hidden
    elif strange and not (view.lost_share >= WHOLLY and view.hidden_area >= WHOLLY_AREA):
        undecidable = Undecidable.OTHER_LIGHT
    else:
        decided |= VIEW
        found += [shifted(view) or _askew_or_hidden(measures, view, borrowed=borrowed)]
    lines = stripes(measures, usual, view.gain)
    if lines is not None and max(view.striped_fit, view.coarse_fit - FORMS) >= STRIPED_SCENE:
        # Under the stripes it is the usual view: what they spoil is not held against it.
        return Verdict((lines,), undecidable, LIGHT | {Fault.NOISE}, view, telling=telling)
    if not strange and not any(found):
        found += [cast(measures, view, borrowed=borrowed)]
    return Verdict(_those(found), undecidable, decided, view, telling=telling)


def _askew_or_hidden(measures: Measures, view: View, *, borrowed: bool) -> Suspicion | None:
    found = blurred(measures, view, borrowed=borrowed) or view_changed(view, borrowed=borrowed)
    # A view brought nearer has lost its edges where they were, as a blurred or covered one has.
    return found and (turned_away(measures, view) or found)


def _by_other_light(measures: Measures, reference: Reference) -> Verdict:
    """In a light that is new only what no light explains: nothing to see where edges should be."""
    found = [stripes(measures, None, 1.0)]
    decided = LIGHT | {Fault.NOISE}
    others = reference.others(grey=measures.grey)
    if not others:
        return Verdict(_those(found), Undecidable.LEARNING, decided)
    views = [compare(measures, other) for other in others]
    best = max(views, key=lambda view: view.fit)
    gone = best.judged >= FEWEST_BLOCKS and best.lost_share >= WHOLLY
    if gone and best.hidden_area >= WHOLLY_AREA:
        found += [view_changed(best, borrowed=True)]
    return Verdict(_those(found), Undecidable.OTHER_LIGHT, decided, best)


def _those(found: list[Suspicion | None]) -> tuple[Suspicion, ...]:
    return tuple(each for each in found if each)
