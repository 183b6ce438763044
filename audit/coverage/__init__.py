"""Coverage: from the facts of a school to a verdict on each item, with its reasons.

`fold` takes the facts of one school in row order into a `SchoolRecord`; `judge` says what follows
for an item of a policy at an instant. Both are pure: the same facts give the same verdict here, in
a naive second computation, and in a bundle that a stranger verifies.
"""

from audit.coverage.folding import KINDS, fold
from audit.coverage.items import items_touched, judge, judge_all
from audit.coverage.life import LIFE, UNTOLD, Life
from audit.coverage.record import SchoolRecord, decode_record, encode_record
from audit.coverage.verdict import CODES, INPUTS, Code, ItemVerdict, Part, Reason

__all__ = [
    "CODES",
    "INPUTS",
    "KINDS",
    "LIFE",
    "UNTOLD",
    "Code",
    "ItemVerdict",
    "Life",
    "Part",
    "Reason",
    "SchoolRecord",
    "decode_record",
    "encode_record",
    "fold",
    "items_touched",
    "judge",
    "judge_all",
]
