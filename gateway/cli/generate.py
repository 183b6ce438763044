"""``campus config-reference`` and ``campus message-schema``: documents made from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import told
from gateway.documents import message_documents, reference_documents
from gateway.problem import ConfigurationError, Problem

DocsOption = Annotated[
    Path, typer.Option("--docs", help="The folder of the documents, in a checkout.")
]
CheckOption = Annotated[
    bool, typer.Option(help="Write nothing; end with status 1 when a document is out of date.")
]


def config_reference(docs: DocsOption = Path("docs"), check: CheckOption = False) -> None:
    """Write docs/configuration.md: every setting, rule parameter and import column."""
    with told():
        _write(reference_documents(), docs, check=check)


def message_schema(docs: DocsOption = Path("docs"), check: CheckOption = False) -> None:
    """Write docs/messages/*.schema.json and the table of values in docs/messages.md."""
    with told():
        _write(message_documents(docs), docs, check=check)


def _write(documents: dict[str, str], docs: Path, *, check: bool) -> None:
    problems = []
    for name, text in documents.items():
        path = docs / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if check:
            problems.append(Problem(str(path), None, "", "is out of date; generate it again"))
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            problems.append(Problem(str(path), None, "", f"cannot be written: {error.strerror}"))
        else:
            typer.echo(f"wrote {path}")
    if problems:
        raise ConfigurationError(problems)
