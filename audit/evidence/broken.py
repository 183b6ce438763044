"""What is said of a bundle of which something does not hold."""

from __future__ import annotations


class BrokenError(Exception):
    """Something does not hold. ``code`` names the sentence (``audit.broken.{code}``) that
    ``inputs`` fill.
    """

    def __init__(self, code: str, **inputs: str | int) -> None:
        super().__init__(f"{code} {inputs}" if inputs else code)
        self.code = code
        self.inputs = inputs
