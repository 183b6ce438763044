"""Both catalogues say the same things, and a forgotten word breaks nothing."""

from __future__ import annotations

import math
import re

import pytest

from devices.police_link.link import Result
from devices.police_link.states import Cause, LinkState
from gateway.kinds import rule_models
from gateway.words import LANGUAGES, Words, format_number, placeholders


@pytest.fixture(scope="module")
def shipped() -> Words:
    return Words.load()


@pytest.fixture
def small() -> Words:
    return Words(
        {
            "zh": {"hot": "温度 {temperature_c} °C", "word.yes": "是", "word.no": "否"},
            "en": {"hot": "Temperature {temperature_c} °C", "word.yes": "yes", "word.no": "no"},
        }
    )


def test_both_languages_have_the_same_keys(shipped: Words) -> None:
    chinese, english = (shipped.catalogue(language) for language in LANGUAGES)
    assert sorted(chinese) == sorted(english)


def test_both_languages_use_the_same_placeholders(shipped: Words) -> None:
    chinese, english = (shipped.catalogue(language) for language in LANGUAGES)
    different = {
        key for key in chinese if placeholders(chinese[key]) != placeholders(english.get(key, ""))
    }
    assert different == set()


def test_no_text_is_empty_or_holds_a_placeholder_that_is_none(shipped: Words) -> None:
    misspelt = re.compile(r"\{\s+\w+\s*\}|\{\w+\s+\}|\{\{|\{\}|\{\w*\Z|\{\w+[.:!]")
    for language in LANGUAGES:
        for key, text in shipped.catalogue(language).items():
            assert text.strip(), f"{key} is empty in {language}"
            assert not misspelt.search(text), f"{key} in {language}: {text}"


def test_a_text_is_filled_in_both_languages(small: Words) -> None:
    assert small.both("hot", temperature_c=61.300000001) == {
        "zh": "温度 61.3 °C",
        "en": "Temperature 61.3 °C",
    }


def test_a_missing_key_shows_as_itself_and_is_counted(small: Words) -> None:
    assert small.text("no.such", "zh") == "no.such"
    small.text("no.such", "en")
    assert small.missing == {"no.such": 2}


def test_an_input_that_was_not_given_stays_visible(small: Words) -> None:
    assert small.text("hot", "en", other=1) == "Temperature {temperature_c} °C"


def test_an_input_is_never_read_as_a_template(small: Words) -> None:
    assert small.text("hot", "en", temperature_c="{temperature_c}") == (
        "Temperature {temperature_c} °C"
    )


def test_missing_keys_are_counted_within_bounds(small: Words) -> None:
    for number in range(2000):
        small.text(f"no.such.{number}", "zh")
    assert len(small.missing) == 1000


def test_truth_and_nothing_are_words(small: Words) -> None:
    assert small.shown(value=True, language="zh") == "是"
    assert small.shown(value=False, language="en") == "no"
    assert small.shown(None, "en") == "—"


def test_free_text_is_shown_as_it_is_unless_the_catalogue_knows_it(shipped: Words) -> None:
    assert shipped.or_else("source.school", "school")["en"] == "set for this school"
    assert shipped.or_else("source.GB 50116", "GB 50116")["zh"] == "GB 50116"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (21.5, "21.5"),
        (0.1 + 0.2, "0.3"),
        (21.0, "21"),
        (99.9994, "99.999"),
        (231.25, "231.2"),
        (2243.04, "2243"),
        (123456.7, "123457"),
        (-0.0001, "0"),
        (-3.5, "-3.5"),
        (math.nan, "—"),
        (math.inf, "—"),
    ],
)
def test_numbers_are_shown_without_noise(value: float, text: str) -> None:
    assert format_number(value) == text


def test_every_figure_of_every_rule_has_a_name_in_both_languages(shipped: Words) -> None:
    structure = {"rule", "source", "metric", "condition", "ranges"}
    nameless = [
        f"{rule}.{figure}"
        for rule, model in rule_models().items()
        for figure in set(model.model_fields) - structure
        if f"parameter.{rule}.{figure}" not in shipped and f"parameter.{figure}" not in shipped
    ]
    assert nameless == []


def test_whatever_a_police_link_comes_to_has_words(shipped: Words) -> None:
    named = {"state": LinkState, "cause": Cause, "result": Result}
    keys = [f"link.{what}.{one}" for what, kind in named.items() for one in kind]
    assert [key for key in keys if key not in shipped] == []
