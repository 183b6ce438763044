"""The sentence that an explanation is."""

from __future__ import annotations

import re

from alerts.finding import Explanation
from gateway.words import Words
from gateway.words.explaining import explained

WORDS = Words.load()


def test_value_and_source_are_named_in_both_languages():
    why = Explanation(
        "heat",
        "above_for",
        {"value": 56.5, "seconds": 20},
        54.0,
        "°C",
        "EN 54-5 A1",
        "temperature_c",
    )
    assert explained(WORDS, why) == {
        "zh": "温度 56.5 °C，超限已持续 20 秒（限值 54 °C，EN 54-5 A1）",
        "en": "Temperature 56.5 °C, beyond the limit for 20 s (limit 54 °C, EN 54-5 A1)",
    }


def test_a_source_of_ours_and_one_that_is_missing_are_said_in_words():
    ours = Explanation("x", "above", {"value": 9}, 8.0, "%", "default", "humidity_pct")
    assert explained(WORDS, ours)["zh"] == "湿度 9 %，达到限值 8 %（系统默认值，非标准规定）"
    none = Explanation("x", "above", {"value": 9}, 8.0, "%", "", "humidity_pct")
    assert explained(WORDS, none)["en"].endswith("(no source given)")


def test_a_value_that_no_catalogue_knows_is_called_by_its_name():
    why = Explanation("x", "above", {"value": 9}, 8.0, "", "our electrician", "slime_level")
    assert explained(WORDS, why)["zh"] == "slime_level 9 ，达到限值 8 （our electrician）"


def test_minutes_are_said_as_people_say_them():
    def said(minutes: float, limit_minutes: float) -> dict[str, str]:
        inputs = {"minutes": minutes, "limit_minutes": limit_minutes}
        return explained(WORDS, Explanation("silent", "silent", inputs))

    assert said(3.05, 3)["zh"] == "已 3 分钟无消息（应不超过 3 分钟）"
    assert said(9.46, 2.5)["zh"] == "已 9.5 分钟无消息（应不超过 2.5 分钟）"
    assert "12 min" in said(12.4, 3)["en"]
    assert "184 min" in said(184.3, 3)["en"]


def test_nothing_chinese_is_punctuated_as_english_is():
    han = "[\u4e00-\u9fff（）《》“”]"
    ascii_mark = re.compile(rf"{han} *[,:;!?()\[\]]|[,;!?()\[\]] *{han}|: +{han}")
    chinese = WORDS.catalogue("zh")
    assert {key: text for key, text in chinese.items() if ascii_mark.search(text)} == {}


def test_that_the_police_do_not_know_of_the_end_is_said_with_its_cause_in_each_language() -> None:
    inputs = {
        "place": "302",
        "link": "110",
        "telephone": "0101-110",
        "cause": "silent",
        "error": "no answer within 0.8 s",
    }
    text = explained(WORDS, Explanation("forwarding", "police_unreached_restore", inputs))
    assert text["zh"].endswith("：接警端没有应答")
    assert text["en"].endswith(": The receiver does not answer")
