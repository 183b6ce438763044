"""Signs of a fire: too little for an alert, and what another detector of the room may complete.

They are findings like others and never become alerts: the judgement on the room takes them
(`alerts.fire_room`).
"""

from __future__ import annotations

from typing import Final

SIGN: Final = "fire_sign"
"""Their condition. What it is a sign of is the code of the explanation:"""

SIGN_OF_SMOKE: Final = "fire_sign_smoke"
SIGN_OF_HEAT: Final = "fire_sign_heat"
SIGN_OF_BOTH: Final = "fire_sign_both"
