"""The technician's page tells of every reason that a diagnosis may give, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.words import Words

PAGE = Path(__file__).parents[2] / "docs" / "technician.md"
ROW = re.compile(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", re.MULTILINE)


def test_every_reason_is_explained_and_none_that_is_not_given() -> None:
    explained = {
        code.strip("`") for row in ROW.findall(PAGE.read_text("utf-8")) for code in row.split(", ")
    }
    given = {
        key.removeprefix("why.")
        for key in Words.load()
        if key.startswith("why.") and not key.startswith("why.span.")
    }
    assert explained == given | {"alert"}  # an alert speaks in its own words
