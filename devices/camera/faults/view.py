"""The view: covered, wholly or partly, or moved; by the blocks that lost what they always show.

A cover near the lens is out of focus: where it lies there is nothing to see. After a turn of the
camera there are edges, others or elsewhere. People and cars hide blocks as well, but not the same
ones in every look: `watch` lets a suspicion grow only of blocks that were lost in each of them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from devices.camera.comparison import FEWEST_BLOCKS, View
from devices.camera.displacement import turned
from devices.camera.measures import SMALL, Mask, Measures, raised
from devices.camera.suspicion import Fault, Suspicion, Why, sure

COVERED_AREA: Final = 0.14
"""The part of the picture with nothing to see where edges and light were others (default of ours:
less is a person standing near)..."""
COVERED: Final = 0.08
"""...of which so many telling blocks, as a share of all, must have lost their edges."""
COVERED_PLAIN: Final = 0.13
"""Where a cover looks like the wall behind it: then only the lost edges count."""
HIDDEN: Final = 0.35
"""The share that shows something else with edges of its own: a box before the lens, or a lorry."""
WHOLLY: Final = 0.85
WHOLLY_AREA: Final = 0.7
MOVED: Final = 0.5
"""The share of telling blocks that show something else all over the picture."""
SMOOTH: Final = 0.5
"""Of the lost blocks: where more show nothing, there is a cover, no other scene."""
SHARP: Final = 0.15
"""Fine edges in proportion to the usual: another scene has some, a cover near the lens has not."""
SHIFT: Final = 2.4
"""Points of 160: 1.5 % of the width. Wind on a mast is less, and changes from look to look."""
SHIFTED_FIT: Final = 0.35
"""So well must the picture fit once it is put back..."""
BETTER: Final = 0.15
"""...and so much better than where it is."""
TURNED_FIT: Final = 0.42
"""After a turn or at another distance: a dozen are tried, and chance makes some of them fit."""
BORROWED: Final = 0.4
"""The least share of lost blocks where only other times of day are known: shadows differ."""
USUAL_LOSS: Final = 4.0
"""Limits stand above the usual share of lost blocks (crowds, traffic) by so many deviations."""


def view_changed(view: View, *, borrowed: bool) -> Suspicion | None:
    """Covered or moved, if either; nothing when too few blocks can tell."""
    if view.judged < FEWEST_BLOCKS:
        return None
    crowd = view.usual.lost.value + USUAL_LOSS * view.usual.lost.width
    if borrowed:
        crowd = max(crowd, BORROWED)
    # A cover is one area: where nothing is seen beside it as well, there is another scene.
    scattered = view.hidden_share < SMOOTH * view.lost_share
    elsewhere = (view.smooth_share < SMOOTH or scattered) and view.sharpness >= SHARP
    if elsewhere and view.lost_share >= max(MOVED, crowd) and _everywhere(view):
        return _moved(view, max(MOVED, crowd))
    area = max(COVERED_AREA, BORROWED if borrowed else 0)
    if view.hidden_area >= area and view.hidden_share >= COVERED:
        return _covered(view, view.hidden_area, area, view.lost & view.hidden)
    plain = max(COVERED_PLAIN, crowd)
    if view.hidden_share >= plain and (view.lost & view.hidden).sum() >= FEWEST_BLOCKS:
        return _covered(view, view.hidden_share, plain, view.lost & view.hidden)
    if view.lost_share >= max(HIDDEN, crowd):
        return _covered(view, view.lost_share, max(HIDDEN, crowd), view.lost)
    return None


def _covered(view: View, share: float, limit: float, where: Mask) -> Suspicion:
    whole = share >= WHOLLY
    return Suspicion(
        fault=Fault.COVERED,
        confidence=sure(share, limit, max(2 * limit, 0.5)),
        why=Why(
            "covered_wholly" if whole else "covered_partly",
            {"percent": round(100 * share), "edges_percent": round(100 * max(view.contrast, 0))},
        ),
        measure="covered",
        value=share,
        limit=limit,
        blocks=_numbers(where),
    )


def _moved(view: View, limit: float) -> Suspicion:
    return Suspicion(
        fault=Fault.MOVED,
        confidence=sure(view.lost_share, limit, (1 + limit) / 2),
        why=Why("moved_elsewhere", {"percent": round(100 * view.lost_share)}),
        measure="lost",
        value=view.lost_share,
        limit=limit,
    )


def shifted(view: View) -> Suspicion | None:
    """Moved a little: the same view, elsewhere in the picture."""
    right, down = view.shift
    size = math.hypot(right, down)
    if size < SHIFT or view.shifted_fit < max(SHIFTED_FIT, view.fit + BETTER):
        return None
    return Suspicion(
        fault=Fault.MOVED,
        confidence=sure(view.shifted_fit - view.fit, BETTER, 0.4),
        why=Why(
            "moved_shift",
            {
                "right_percent": round(100 * right / SMALL[0], 1),
                "down_percent": round(100 * down / SMALL[1], 1),
            },
        ),
        measure="shift",
        value=size,
        limit=SHIFT,
        # Where most has gone it has moved, whichever way: long lines fit at many places.
        shift=view.shift if view.lost_share < MOVED else None,
    )


def turned_away(measures: Measures, view: View) -> Suspicion | None:
    """Turned about the line of sight, or brought nearer or farther: the same view, askew.

    Costs as much as all other measures: to be asked when something is wrong with the view.
    """
    turn = turned(raised(measures.small), raised(view.usual.small))
    limit = max(TURNED_FIT, view.fit + BETTER)
    if turn.fit < limit:
        return None
    why = Why("moved_turned", {"degrees": round(turn.degrees)})
    if turn.times != 1:
        why = Why("moved_nearer", {"percent": round(100 * turn.times)})
    return Suspicion(
        fault=Fault.MOVED,
        confidence=sure(turn.fit, limit, 1.0),
        why=why,
        measure="turned",
        value=turn.fit,
        limit=limit,
    )


def _everywhere(view: View) -> bool:
    """Whether blocks are lost in all quarters that have some to lose."""
    rows, columns = view.lost.shape
    for top in (slice(0, rows // 2), slice(rows // 2, rows)):
        for left in (slice(0, columns // 2), slice(columns // 2, columns)):
            known = int(view.decidable[top, left].sum())
            if known >= 4 and view.lost[top, left].sum() < 0.25 * known:
                return False
    return True


def _numbers(blocks: Mask) -> frozenset[int]:
    return frozenset(int(one) for one in np.flatnonzero(blocks))
