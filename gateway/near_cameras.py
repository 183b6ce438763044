"""Which cameras are near a place: by the tree of places, as nobody keeps positions in metres."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from devices.model import Device

CAMERA: Final = "camera"
"""Their kind."""

PROBE: Final = "probe"
"""The kind of what looks at them."""


def nearest(
    cameras: Iterable[Device],
    place: str | None,
    around: Callable[[str | None], Sequence[str]],
) -> tuple[Device, ...]:
    """Cameras of one school, the nearest to ``place`` first; ``None`` is the school itself.

    Near is what shares the narrowest place: the same room before the same floor before the same
    building. Of two that share the same one, that which stands less deep inside it comes first: the
    camera of the floor before that of another room. ``around`` gives a place and what lies
    around it, the narrowest first.
    """
    way = around(place)

    def distance(camera: Device) -> tuple[int, int]:
        stands = around(camera.place)
        for depth, step in enumerate(stands):
            if step in way:
                return way.index(step), depth
        return len(way), len(stands)  # they share the school only

    return tuple(sorted(cameras, key=distance))
