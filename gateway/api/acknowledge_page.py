"""The small page behind the link of a message: what would be acknowledged, and one button.

It is whole in itself, without script, so that it shows in whatever browser a chat program has.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from typing import Final

from gateway.api.models.alerts import AlertOut
from gateway.api.models.shapes import Names
from gateway.notification.acknowledging import Standing
from gateway.notification.message import MARKS
from gateway.words import Language, Words

STATUS: Final = {
    Standing.OPEN: HTTPStatus.OK,
    Standing.DONE: HTTPStatus.OK,
    Standing.TAKEN: HTTPStatus.OK,
    Standing.OVER: HTTPStatus.OK,
    Standing.USED: HTTPStatus.GONE,
    Standing.MORE: HTTPStatus.CONFLICT,
    Standing.DENIED: HTTPStatus.FORBIDDEN,
    Standing.INVALID: HTTPStatus.NOT_FOUND,
}

_STYLE: Final = """
:root { color-scheme: light dark; font: 17px/1.5 "PingFang SC", "Microsoft YaHei",
  "Noto Sans CJK SC", system-ui, sans-serif; }
body { max-width: 34rem; margin: 0 auto; padding: 20px 16px; }
h1 { margin: 0 0 4px; font-size: 1.3rem; line-height: 1.3; }
.mark { font-size: 1.2em; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; margin: 16px 0; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
.says { margin: 16px 0; padding: 12px; border: 2px solid; border-radius: 4px; font-weight: 600; }
button { width: 100%; min-height: 56px; border: 0; border-radius: 4px; font: inherit;
  font-size: 1.2rem; font-weight: 600; background: light-dark(#1f2933, #e6eaed);
  color: light-dark(#fff, #12181d); cursor: pointer; }
button:focus-visible { outline: 3px solid #3b82c4; outline-offset: 2px; }
small { display: block; margin-top: 12px; opacity: .75; }
"""


def acknowledge_page(
    standing: Standing,
    alert: AlertOut | None,
    user: str,
    *,
    words: Words,
    language: Language,
    demo: bool,
) -> str:
    """The whole page; ``user`` is in whose name a press acknowledges."""

    def text(key: str, **inputs: str) -> str:
        return escape(words.text(f"acknowledge.{key}", language, **inputs))

    who = "" if alert is None else alert.acknowledged_by or ""
    says = text(standing.value, user=user, by=who)
    parts = [
        *([f"<p><b>{escape(words.text('message.demo', language))}</b></p>"] if demo else []),
        *([] if alert is None else [_what(alert, words, language)]),
        f'<p class="says" role="status" data-standing="{standing.value}">{says}</p>',
    ]
    if standing is Standing.OPEN:
        # Posts to its own address, query and all: a form without an action.
        parts.append(f'<form method="post"><button>{text("press")}</button></form>')
        parts.append(f"<small>{text('hint')}</small>")
    head = text("title")
    tongue = "en" if language == "en" else "zh-CN"
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{head}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _what(alert: AlertOut, words: Words, language: Language) -> str:
    def named(names: Names) -> str:
        return names.en if language == "en" else names.zh

    def row(key: str, value: str) -> str:
        term = words.text(f"acknowledge.{key}", language)
        return f"<dt>{escape(term)}</dt><dd>{escape(value)}</dd>" if value else ""

    priority = words.text(f"priority.{alert.priority.value}", language)
    condition = words.text(f"condition.{alert.condition}", language)
    place = "" if alert.place is None else named(alert.place)
    where = " · ".join(
        part for part in (named(alert.school_name), place, named(alert.device.name)) if part
    )
    at = alert.last_occurrence or alert.raised
    when = datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    often = f" (×{alert.occurrences})" if alert.occurrences > 1 else ""
    return (
        f'<h1><span class="mark" aria-hidden="true">{MARKS[alert.priority.value]}</span> '
        f"{escape(priority)} · {escape(condition)}</h1><dl>"
        + row("why", named(alert.explanation.text))
        + row("where", where)
        + row("when", when + often)
        + row("number", f"#{alert.id}")
        + "</dl>"
    )
