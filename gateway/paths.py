"""Where the files lie that come with the gateway: in a checkout or in an installed package."""

from __future__ import annotations

from pathlib import Path


def default_config_dir() -> Path:
    """``config/`` of a checkout, or ``gateway/defaults`` of an installed wheel.

    Raises ``FileNotFoundError`` when the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "defaults", package.parent / "config"):
        if (candidate / "kinds").is_dir():
            return candidate
    raise FileNotFoundError(
        f"no configuration beside the program ({package}); install the package again"
    )
