"""The kinds' files say where every figure comes from; a mistake in one is said by line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alerts.rules import bind
from devices.kinds import KindSpec, ValueType, effective_rules, spec_for
from gateway.kinds import load_kinds, parameter_mistakes, rule_models
from gateway.paths import default_config_dir
from gateway.problem import ConfigurationError
from gateway.words import Words

SHIPPED = load_kinds(default_config_dir() / "kinds")

UNITS = {
    "_pct": "%",
    "_v": "V",
    "_a": "A",
    "_w": "W",
    "_c": "°C",
    "_ma": "mA",
    "_kwh": "kWh",
    "_hz": "Hz",
    "_var": "var",
    "_dbm": "dBm",
    "_ppm": "ppm",
    "_ms": "ms",
    "_s": "s",
    "_kbps": "kbit/s",
    "_pct_m": "%/m",
}


def test_every_kind_of_the_message_format_has_a_file() -> None:
    assert set(SHIPPED) == {
        "alarm-button", "camera", "electrical", "other", "police-link", "probe", "recorder",
        "repeater", "smoke", "smoke-temperature", "temperature",
    }  # fmt: skip


@pytest.mark.parametrize("spec", SHIPPED.values(), ids=SHIPPED)
class TestEveryShippedKind:
    def test_is_watched_for_silence(self, spec: KindSpec) -> None:
        assert any(
            name == "silent" or parameters.get("rule") == "silent"
            for name, parameters in spec.rules.items()
        )

    def test_names_a_unit_that_fits_the_name_of_each_value(self, spec: KindSpec) -> None:
        for name, value in spec.values.items():
            ending = max((end for end in UNITS if name.endswith(end)), key=len, default="")
            if ending:
                assert value.unit == UNITS[ending], name

    def test_gives_every_rule_a_source(self, spec: KindSpec) -> None:
        assert [
            name for name, parameters in spec.rules.items() if not parameters.get("source")
        ] == []

    def test_has_rules_that_can_be_bound(self, spec: KindSpec) -> None:
        assert len(bind(effective_rules(spec), spec)) == len(spec.rules)

    def test_has_words_for_what_it_measures(self, spec: KindSpec) -> None:
        words = Words.load()
        measured = [
            name
            for name, value in spec.values.items()
            if value.type in {ValueType.NUMBER, ValueType.INTEGER}
        ]
        assert [name for name in measured if f"metric.{name}" not in words] == []


def test_an_unknown_kind_is_treated_as_other() -> None:
    assert spec_for(SHIPPED, "toaster").kind == "other"
    assert spec_for(SHIPPED, "smoke").kind == "smoke"


class TestOverrides:
    SPEC = KindSpec.model_validate(
        {
            "kind": "smoke",
            "name_zh": "烟感",
            "name_en": "Smoke",
            "expected_heartbeat_s": 60,
            "grace_s": 0,
            "heartbeat_source": "x",
            "rules": {"silent": {"times": 3, "source": "a standard"}, "battery": None},
        }
    )

    def test_the_device_has_the_last_word_and_figures_lose_a_source_that_is_not_theirs(
        self,
    ) -> None:
        rules = effective_rules(
            self.SPEC, {"silent": {"times": 5, "settle_s": 9}}, {"silent": {"times": 7}}
        )
        assert rules == {
            "silent": {"times": 7, "settle_s": 9, "source": "device"},
            "battery": {},
        }

    def test_an_override_may_name_its_own_source(self) -> None:
        rules = effective_rules(self.SPEC, {"silent": {"times": 5, "source": "the bureau"}})
        assert rules["silent"]["source"] == "the bureau"

    def test_an_override_adds_a_rule(self) -> None:
        assert effective_rules(self.SPEC, None, {"tamper": {}})["tamper"] == {}

    def test_nothing_that_is_handed_over_is_changed(self) -> None:
        before = self.SPEC.model_dump()
        effective_rules(self.SPEC, {"silent": {"times": 5}})["silent"]["times"] = 99
        assert self.SPEC.model_dump() == before

    def test_mistakes_name_the_rule_and_the_field(self) -> None:
        models = rule_models()
        assert parameter_mistakes({"silent": {"times": 5}}, models) == []
        assert parameter_mistakes({"silent": {"times": "many"}}, models) == [
            ("silent.times", "must be a number, not 'many'")
        ]
        ((field, said),) = parameter_mistakes({"silnt": {}}, models)
        assert (field, said.split(";")[0]) == (
            "silnt",
            "there is no rule 'silnt' (did you mean 'silent'?)",
        )
        assert parameter_mistakes({"silent": 5}, models) == [
            ("silent", "must be parameters with their values")
        ]
        assert parameter_mistakes([], models) == [("", "must be rules with their parameters")]

    def test_an_entry_of_another_name_is_judged_by_the_rule_it_names(self) -> None:
        around = {"too_hot": {"rule": "threshold", "metric": "temperature_c", "above": 60}}
        models = rule_models()
        assert parameter_mistakes({"too_hot": {"above": 70}}, models, around) == []
        assert parameter_mistakes({"too_hot": {"above": "hot"}}, models, around) == [
            ("too_hot.above", "must be a number, not 'hot'")
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(default_config_dir() / "kinds", tmp_path / "kinds")
    return tmp_path / "kinds"


GOOD = """\
kind: kiln
name_zh: 窑
name_en: Kiln
expected_heartbeat_s: 60
grace_s: 0
heartbeat_source: ours
values:
  temperature_c: {unit: °C, low: 0, high: 1500, source: ours}
rules:
  silent:
  hot: {rule: threshold, metric: temperature_c, above: 1300, source: ours}
"""


def test_a_kind_of_ones_own_is_one_more_file(folder: Path) -> None:
    (folder / "kiln.yaml").write_text(GOOD, "utf-8")
    kiln = load_kinds(folder)["kiln"]
    assert kiln.values["temperature_c"].plausible(1400)
    assert not kiln.values["temperature_c"].plausible(1501)
    assert kiln.rules["silent"] == {}


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("kind: kiln", "kind: oven", "1: kind: must be the name of the file, 'kiln', not 'oven'"),
        ("grace_s: 0", "grace: 0", "5: grace: is not known here (did you mean 'grace_s'?)"),
        ("name_zh: 窑\n", "", "1: name_zh: is missing: Its Chinese name"),
        ("low: 0", "low: 1600", "8: values.temperature_c: low (1600) must be less than high"),
        ("1500, source: ours", "1500", "8: values.temperature_c: low and high need a source"),
        ("low: 0", "low: .inf", "8: values.temperature_c.low: must be a number, not '.inf'"),
        ("unit: °C", "type: text", "8: values.temperature_c: low and high are for numbers"),
        ("silent:", "silence:", "10: rules.silence: there is no rule 'silence'"),
        ("rule: threshold", "rule: treshold", "11: rules.hot.rule: there is no rule 'treshold'"),
        ("above: 1300", "above: hot", "11: rules.hot.above: must be a number, not 'hot'"),
        ("above: 1300", "abov: 1300", "11: rules.hot.abov: is not known here (did you mean"),
        ("silent:", "silent: 5", "10: rules.silent: must be a section"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line(folder: Path, good: str, bad: str, said: str) -> None:
    (folder / "kiln.yaml").write_text(GOOD.replace(good, bad), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_kinds(folder)
    assert f"kiln.yaml:{said}" in str(caught.value)


def test_a_folder_without_the_kind_of_last_resort_is_refused(folder: Path) -> None:
    (folder / "other.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"holds no other\.yaml"):
        load_kinds(folder)
