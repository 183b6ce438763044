"""Structured logs on standard error: text for people, JSON for machines."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any, Final, Literal, TextIO

import structlog

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class SteadyLog(io.StringIO):
    """A stream whose full disk or closed pipe ends nobody: lines that cannot be written are
    counted, and how many it was is written before the next one that can.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream: Final = stream
        self.lost = 0

    def write(self, text: str, /) -> int:
        """Write or count."""
        try:
            if self.lost:
                self._stream.write(f"log: {self.lost} lines could not be written\n")
                self._stream.flush()
                self.lost = 0
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.lost += 1
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def configure_logs(
    level: Literal["debug", "info", "warning", "error"] = "info",
    layout: Literal["auto", "text", "json"] = "auto",
) -> None:
    """Set up logging once, for our own messages and those of libraries."""
    as_text = layout == "text" or (layout == "auto" and sys.stderr.isatty())
    stream = SteadyLog(sys.stderr)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up when something is wrong; what they do all day is theirs.
    root.setLevel(max(_LEVELS[level], logging.WARNING))
