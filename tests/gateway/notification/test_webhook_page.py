"""What docs/webhook.md tells the people who write receivers is true."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alerts.notification.webhook import EVENT_HEADER, SIGNATURE_HEADER, signature

PAGE = Path(__file__).parents[3] / "docs" / "webhook.md"


def test_the_receiver_on_the_page_believes_us_and_nobody_else() -> None:
    page = PAGE.read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(compile(code[1], str(PAGE), "exec"), names)
    is_genuine: Callable[[bytes, str, bytes], bool] = names["is_genuine"]
    now = int(time.time())
    assert is_genuine(b"key", signature(b"key", now, b"{}"), b"{}")
    assert not is_genuine(b"key", signature(b"kez", now, b"{}"), b"{}")
    assert not is_genuine(b"key", signature(b"key", now, b"{}"), b"[]")
    assert not is_genuine(b"key", signature(b"key", now - 400, b"{}"), b"{}")


def test_the_page_names_the_headers_that_are_sent() -> None:
    page = PAGE.read_text("utf-8")
    assert SIGNATURE_HEADER in page
    assert EVENT_HEADER in page
