"""The response to alerts: steps of the plan, reports to those above, whom to telephone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from alerts.contacts import LONGEST, MOST
from alerts.response import STEP_LENGTH
from gateway.api.models.shapes import Identifier, In, Milliseconds, Moment, Names, Out

Form = Literal["telephone", "written"]
ContactText = Annotated[str, StringConstraints(max_length=LONGEST)]


class TickIn(In):
    """A step of the response plan is done, or not after all."""

    action: Literal["tick"]
    step: str = Field(min_length=1, max_length=STEP_LENGTH, examples=["evacuate"])
    done: bool = True


class TellIn(In):
    """Sign for having told those above. `at`: when; left out, now."""

    action: Literal["tell"]
    form: Form
    to: str = Field(min_length=1, max_length=200, examples=["区教育局值班室"])
    text: str = Field(default="", max_length=500)
    at: Milliseconds | None = None


class PlanStepOut(Out):
    """A step of the response plan. `due` is `null` when the plan sets no time for it."""

    id: str = Field(examples=["evacuate"])
    text: Names
    who: str | None = Field(
        examples=["principal"],
        description="Role of the contact to call; `contact.role.{who}` if the catalogues have it.",
    )
    due: Moment | None
    done: bool
    done_at: Moment | None
    by: str | None = Field(examples=["li.na"])


class ReportDueOut(Out):
    """A report to those above: by when, and who has signed for it."""

    form: Form
    due: Moment = Field(description="Counted from the occurrence.")
    done_at: Moment | None
    by: str = Field(examples=["li.na"])
    to: str = Field(examples=["区教育局值班室"])


class ContactIn(In):
    """Somebody to call about a school."""

    role: ContactText = Field(examples=["principal"])
    telephone: ContactText
    name: ContactText = ""


class ContactsIn(In):
    """The whole list of a school, in the order in which people are called."""

    contacts: list[ContactIn] = Field(max_length=MOST)
    version: str | None = Field(
        None,
        max_length=64,
        description="Of the list that was changed; refused when it is no longer that one. "
        "Left out: replaces whatever stands.",
    )


class ContactOut(Out):
    """Somebody to call. The page words `role` with `contact.role.{role}` if it knows it."""

    role: str = Field(examples=["principal"])
    telephone: str
    name: str


class ContactsOut(Out):
    """The list of a school, and whether the caller may change it."""

    school: str
    school_name: Names
    contacts: list[ContactOut]
    version: str = Field(examples=["9f86d081884c7d65"], description="Names the list as it stands.")
    may_change: bool


class ContactTroubleOut(Out):
    """What is wrong on a line of the file: `page.contacts.problem.{code}`."""

    line: int
    code: str
    value: str


class ContactsCountOut(Out):
    """How many contacts a school now has."""

    school: Identifier
    count: int


class ContactsImportedOut(Out):
    """What became of a file. With `troubles` nothing was changed."""

    schools: list[ContactsCountOut]
    troubles: list[ContactTroubleOut]
    written: bool
