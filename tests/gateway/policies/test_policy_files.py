"""Policies are files: what ships is right and does what its examples say, and so is a bureau's."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from audit.policy import Policy, Proof, policy_body, policy_of
from audit.staffing import USUAL
from gateway.configuration import default_settings
from gateway.kinds import load_kinds
from gateway.policies.checking import check_policies
from gateway.policies.examples import examples_of, try_examples
from gateway.policies.loading import load_figures, load_policies
from gateway.problem import ConfigurationError

SHIPPED = default_settings().policies
FOLDER = Path(os.environ.get("CAMPUS_POLICIES", SHIPPED))
"""A bureau runs the same tests over its own folder: ``CAMPUS_POLICIES=/etc/campus/policies``."""

KINDS = load_kinds(default_settings().kinds)
POLICIES = load_policies(FOLDER, KINDS)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_policy_does_what_its_examples_say(policy: Policy) -> None:
    path = examples_of(FOLDER, policy)
    assert path.is_file(), f"{policy.id} has no examples: write {path.name}"
    assert try_examples(path, policy) > 0


def test_the_four_profiles_are_there() -> None:
    shipped = {policy.id: policy for policy in load_policies(SHIPPED, KINDS)}
    assert set(shipped) == {"six-100", "four-100", "three-100", "gate-video"}
    proofs = [item.proof for item in shipped["six-100"].items]
    assert proofs == [Proof.ATTESTED] * 4 + [Proof.DEVICES] * 2
    assert [len(policy.items) for policy in shipped.values()] == [4, 1, 6, 3]


def test_the_figures_are_those_of_the_notices_and_name_their_source() -> None:
    figures = load_figures(SHIPPED)
    assert figures.repair_hours.value == 24
    assert (figures.storage_days.value, figures.storage_days_key_target.value) == (30, 90)
    assert figures.report_by_telephone_minutes.value == 30
    assert figures.report_in_writing_minutes.value == 60
    assert figures.staffing == USUAL
    for name in figures.__struct_fields__:
        assert getattr(figures, name).source, name


def test_a_policy_comes_back_whole_from_its_fact() -> None:
    for policy in POLICIES:
        body = policy_body(policy)
        assert policy_of(body) == policy
        assert policy_body(policy_of(body)) == body


# A bureau's own


OWN = """\
policy: gates
version: 1
valid_from: 2026-09-01
name_zh: 校门报警
name_en: Alarm at every gate
source: our own notice of 2026-08-20
figures:
  test_days: {value: 7, unit: d, source: our own notice}
items:
  - item: gate_button
    name_zh: 校门一键报警
    name_en: A button at every gate
    proof: devices
    devices:
      - kinds: [alarm-button]
        gate: true
        needs: {working: [silent], linked: true, tested: [button], tested_each: true}
  - item: duty_book
    name_zh: 值班记录
    name_en: Book of duty
    proof: attested
    attestation: {longest_days: 30, files: 1}
"""

OWN_EXAMPLES = """\
policy: gates
baseline: [{kind: alarm-button, place: gate, gate: true}]
facts:
  - {ago: 90d, add: button, kind: alarm-button, place: gate}
  - {ago: 90d, link: up}
  - {ago: 10d, attest: duty_book, lasts: 30d}
cases:
  - name: tested six days ago
    facts: [{ago: 6d, verified: button}]
    expect: {gate_button: met, duty_book: met}
  - name: eight days are too long here
    facts: [{ago: 8d, verified: button}]
    expect:
      gate_button: {verdict: unknown, because: [test_old]}
      duty_book: met
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    shutil.copy(SHIPPED / "figures.yaml", tmp_path)
    (tmp_path / "gates.yaml").write_text(OWN, "utf-8")
    (tmp_path / "gates.test.yaml").write_text(OWN_EXAMPLES, "utf-8")
    return tmp_path


def test_a_bureau_adds_a_policy_of_its_own_without_code(own: Path) -> None:
    assert check_policies(own, KINDS) == (1, 2)
    (policy,) = load_policies(own, KINDS)
    assert policy.figures.test_days.value == 7
    assert policy.figures.repair_hours == load_figures(SHIPPED).repair_hours


def test_an_example_that_comes_out_otherwise_is_told_on_its_line(own: Path) -> None:
    path = own / "gates.test.yaml"
    path.write_text(OWN_EXAMPLES.replace("ago: 6d", "ago: 16d"), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        check_policies(own, KINDS)
    (problem,) = raised.value.problems
    assert problem.line == 10
    assert problem.field == "cases[0].expect.gate_button"
    assert problem.message == ("tested six days ago: met is expected, and it is unknown (test_old)")


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("duty_book: met", "", "says nothing of the item 'duty_book'"),
        ("[test_old]", "[test_odl]", "there is no reason 'test_odl' (did you mean 'test_old'?)"),
        ("ago: 6d", "ago: 6 days", "must be a number with m, h or d behind it"),
        ("verified: button", "verified: button, link: up", "says one thing beside 'ago'"),
        ("policy: gates", "policy: gate", "must be 'gates'"),
    ],
)
def test_a_mistake_in_examples_is_said_in_words(
    own: Path, wrong: str, right: str, said: str
) -> None:
    text = OWN_EXAMPLES.replace(wrong, right, 1)
    (own / "gates.test.yaml").write_text(text.replace(", }", "}"), "utf-8")
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        check_policies(own, KINDS)


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("policy: gates", "policy: doors", 1, "must be the name of the file, 'gates'"),
        ("[alarm-button]", "[alarm-buton]", 15, "did you mean 'alarm-button'?"),
        ("[silent]", "[silnt]", 17, "there is no condition 'silnt' (did you mean 'silent'?)"),
        ("tested: [button]", "tested: [link]", 17, "tested_each needs 'button'"),
        ("linked: true", "linkd: true", 17, "is not known here (did you mean 'linked'?)"),
        ("item: duty_book", "item: gate_button", 18, "is asked for twice, first on line 10"),
        ("value: 7, ", "", 8, "is missing"),
        (", source: our own notice}", "}", 8, "is missing"),
        ("test_days: {", "tests_days: {", 8, "is not known here (did you mean 'test_days'?)"),
        ("valid_from: 2026-09-01", "valid_from: soon", 3, ""),
        ("files: 1", "figures: [gards]", 22, "no attestation states 'gards'"),
        ("longest_days: 30", "longest_days: 0", 22, "must be at least 1"),
    ],
)
def test_a_mistake_in_a_policy_is_said_with_its_line(
    own: Path, wrong: str, right: str, line: int, said: str
) -> None:
    path = own / "gates.yaml"
    assert wrong in OWN
    path.write_text(OWN.replace(wrong, right, 1), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_policies(own, KINDS)
    (problem,) = raised.value.problems
    assert problem.file == str(path)
    assert said in problem.message
    assert problem.line == line


def test_examples_without_their_policy_are_told(own: Path) -> None:
    (own / "gates.yaml").rename(own / "doors.yaml.off")
    with pytest.raises(ConfigurationError, match=re.escape("there is no policy gates.yaml")):
        check_policies(own, KINDS)


def test_a_figure_left_out_of_the_table_is_told(own: Path) -> None:
    path = own / "figures.yaml"
    text = path.read_text("utf-8").replace("  test_days:", "  test_dayz:", 1)
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_policies(own, KINDS)
    assert {problem.field for problem in raised.value.problems} == {
        "figures.test_days",
        "figures.test_dayz",
    }


def test_a_folder_without_policies_asks_for_nothing(tmp_path: Path) -> None:
    assert load_policies(tmp_path, KINDS) == ()
