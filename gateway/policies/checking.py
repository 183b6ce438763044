"""Checks the folder of policies: every file is right, and every example comes out as expected."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gateway.policies.examples import examples_of, try_examples
from gateway.policies.loading import TEST, load_policies
from gateway.problem import ConfigurationError, Problem


def check_policies(directory: Path, kinds: Collection[str] | None = None) -> tuple[int, int]:
    """How many policies there are, and how many examples hold.

    Raises `ConfigurationError` with the mistakes of all files: a policy that cannot be read, an
    example that comes out otherwise, a test file without its policy.
    """
    policies = load_policies(directory, kinds)
    problems: list[Problem] = []
    held = 0
    for policy in policies:
        path = examples_of(directory, policy)
        if not path.is_file():
            continue
        try:
            held += try_examples(path, policy)
        except ConfigurationError as error:
            problems += error.problems
    tested = {f"{policy.id}{TEST}" for policy in policies}
    for path in sorted(directory.glob(f"*{TEST}")):
        if path.name not in tested:
            policy_file = f"{path.name.removesuffix(TEST)}.yaml"
            problems.append(Problem(str(path), None, "", f"there is no policy {policy_file}"))
    if problems:
        raise ConfigurationError(problems)
    return len(policies), held
