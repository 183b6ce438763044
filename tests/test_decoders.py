"""Decoders of structs are made when a module is loaded.

`msgspec` works out a struct's fields when the first decoder of it is made. Where two threads do
that at once, one of them decodes by fields that are not there yet, and the process ends with a
segmentation fault (msgspec 0.22). Modules are loaded by one thread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("alerts", "audit", "devices", "gateway")
BUILT_IN = {"dict", "list", "tuple", "str", "int", "object"}
GENERIC = {"gateway/api/cursors.py", "alerts/rules/quiet.py", "devices/dialects/native.py"}
"""What they decode has no struct in it: keys of lists, plain telemetry; or, as what rules keep, was
worked out when the rule's class was made."""


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _made_late(tree: ast.Module) -> Iterator[tuple[int, set[str]]]:
    """Lines within functions where msgspec is given a type, and the names in that type."""
    functions = [
        one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for function in functions:
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or "msgspec" not in _names(call.func):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            kinds = [one.value for one in call.keywords if one.arg == "type"]
            if name == "Decoder":
                kinds += call.args[:1]
            elif name == "convert":
                kinds += call.args[1:2]
            for kind in kinds:
                yield call.lineno, _names(kind)


def test_no_function_makes_a_decoder_of_a_struct() -> None:
    late = [
        f"{path.relative_to(ROOT)}:{line}: {', '.join(sorted(names))}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if str(path.relative_to(ROOT)) not in GENERIC
        for line, names in _made_late(ast.parse(path.read_text("utf-8")))
        if any(name not in BUILT_IN | {"Any"} for name in names)
    ]
    assert late == []


def test_such_a_call_is_found() -> None:
    source = "import msgspec\ndef read(body):\n    return msgspec.json.decode(body, type=Alert)\n"
    assert list(_made_late(ast.parse(source))) == [(3, {"Alert"})]
