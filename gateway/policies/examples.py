"""A policy's test file: example facts as a person tells them, and the verdicts expected of them.

Each example is made into the very facts that the gateway writes, folded and judged as everywhere
else; what comes out other than expected is a problem on the line of what was expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from audit.coverage import CODES, ItemVerdict, SchoolRecord, fold, judge_all
from audit.policy import Policy
from audit.verification.model import Verdict
from gateway.policies.examples_written import (
    Example,
    ExampleFact,
    Examples,
    Expected,
    milliseconds,
)
from gateway.policies.facts_told import Telling
from gateway.policies.loading import TEST
from gateway.problem import ConfigurationError, Problem, listing, near_miss
from gateway.validation import validate
from gateway.yaml_source import Document, Plain, Steps, read_yaml

NOW: Final = 1_773_100_800_000
"""When every example is judged (ms): 2026-03-10 08:00 in China. What counts is how long ago."""


def examples_of(directory: Path, policy: Policy) -> Path:
    """Where the test file of a policy is, if there is one."""
    return directory / f"{policy.id}{TEST}"


def try_examples(path: Path, policy: Policy) -> int:
    """How many examples of a test file hold. Raises `ConfigurationError` with those that do not."""
    document = read_yaml(path)
    examples = validate(Examples, _short(document))
    problems = [*_misnamed(examples, document, policy)]
    for number, example in enumerate(examples.cases):
        problems += _try(examples, example, policy, document, ("cases", number))
    if problems:
        raise ConfigurationError(problems)
    return len(examples.cases)


def _short(document: Document) -> Document:
    """``guards: met`` is short for ``guards: {verdict: met}``: one form to be checked."""
    data = document.data
    cases = data.get("cases") if isinstance(data, dict) else None
    for case in cases if isinstance(cases, list) else []:
        expect = case.get("expect") if isinstance(case, dict) else None
        if isinstance(expect, dict):
            for item, said in expect.items():
                if isinstance(said, str):
                    whole: dict[str, Plain] = {"verdict": said}
                    expect[item] = whole
    return document


def _misnamed(examples: Examples, document: Document, policy: Policy) -> Iterator[Problem]:
    if examples.policy != policy.id:
        yield document.problem(("policy",), f"must be '{policy.id}', by the name of the file")
    names = [item.id for item in policy.items]
    for number, case in enumerate(examples.cases):
        at: Steps = ("cases", number, "expect")
        for item in names:
            if item not in case.expect:
                yield document.problem(at, f"says nothing of the item '{item}'")
        for item, expected in case.expect.items():
            if item not in names:
                there = f"{near_miss(item, names)}; there are: {listing(names)}"
                yield document.problem((*at, item), f"the policy has no item '{item}'{there}")
            for code in expected.because:
                if code not in CODES:
                    near = near_miss(code, CODES)
                    yield document.problem((*at, item), f"there is no reason '{code}'{near}")


def _try(
    examples: Examples, case: Example, policy: Policy, document: Document, at: Steps
) -> Iterator[Problem]:
    facts = [*(examples.facts if case.common else ()), *case.facts]
    telling = Telling(now=NOW)
    school = case.school or examples.school
    telling.roster(school.kind, school.pupils, school.boarders, key_target=school.key_target)
    needs = examples.baseline if case.baseline is None else case.baseline
    if needs:
        telling.baseline((one.place, one.kind, one.count, one.gate) for one in needs)
    for fact in sorted(facts, key=lambda one: -milliseconds(one.ago)):
        _tell(telling, fact)
    record = SchoolRecord(school=telling.school)
    for row in telling.rows:
        record = fold(record, row)
    verdicts = judge_all([policy], record, NOW)
    for item, expected in case.expect.items():
        verdict = verdicts.get((policy.id, item))
        if verdict is not None and (wrong := _differs(expected, verdict)):
            yield document.problem((*at, "expect", item), f"{case.name}: {wrong}")


def _differs(expected: Expected, verdict: ItemVerdict) -> str:
    against = [reason for reason in verdict.reasons if reason.verdict is not Verdict.MET]
    codes = sorted({reason.code.value for reason in against})
    told = f" ({listing(codes)})" if codes else ""
    if verdict.verdict is not expected.verdict:
        return f"{expected.verdict.value} is expected, and it is {verdict.verdict.value}{told}"
    because = sorted(set(expected.because))
    if because and because != codes:
        return f"the reasons are {listing(codes) or 'none'}, not {listing(because)}"
    return ""


def _tell(telling: Telling, fact: ExampleFact) -> None:  # noqa: C901 - one line a verb
    at = NOW - milliseconds(fact.ago)
    if fact.add is not None:
        telling.register(at, fact.add, fact.kind, fact.place)
    elif fact.remove is not None:
        telling.remove(at, fact.remove)
    elif fact.out_of_service is not None:
        telling.put_aside(at, fact.out_of_service, out=True)
    elif fact.in_service is not None:
        telling.put_aside(at, fact.in_service, out=False)
    elif fact.alert is not None:
        telling.alert(at, fact.alert, fact.condition)
    elif fact.over is not None:
        telling.over(at, fact.over, fact.condition)
    elif fact.cut_off is not None:
        telling.cut_off(at, fact.cut_off)
    elif fact.link is not None:
        telling.link(at, fact.link)
    elif fact.verified is not None:
        telling.verified(at, fact.verified, fact.verdict)
    elif fact.recordings is not None:
        telling.recordings(at, fact.recordings, fact.status, fact.days, fact.recorder)
    elif fact.report is not None:
        telling.report(at, fact.recorder, fact.report)
    elif fact.attest is not None:
        telling.attest(
            at,
            fact.attest,
            lasts=milliseconds(fact.lasts),
            figures=fact.figures,
            files=fact.files,
            confirmed=fact.confirmed,
        )
    elif fact.withdraw is not None:
        telling.withdraw(at, fact.withdraw)
