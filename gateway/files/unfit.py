"""Why a file cannot be kept."""

from __future__ import annotations


class UnfitError(ValueError):
    """It cannot be kept; ``code`` names the reason (``problem.file_{code}``)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
