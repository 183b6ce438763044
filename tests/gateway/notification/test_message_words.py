"""What people read on their phones."""

from __future__ import annotations

import msgspec
from told_events import PAGE, told

from alerts.notification.event import decode_event, trial_body
from gateway.notification.message import LONGEST, Wording
from gateway.words import Words

NOW = 1_795_161_600_000
WORDS = Words.load()
ZH, EN = Wording(WORDS, "zh"), Wording(WORDS, "en")


def event(number: int = 7, priority: str = "high", **more: object):
    return decode_event(told(number, NOW, priority, **more).body)


def test_the_title_says_how_urgent_what_and_where() -> None:
    assert ZH.single(event(priority="emergency")).title == "■ 紧急 · 烟雾报警 · 第三中学"
    assert EN.single(event()).title == "▲ High · Smoke · No. 3 Middle School"


def test_the_text_says_why_where_exactly_and_how_to_look_and_acknowledge() -> None:
    text = ZH.single(event(), f"{PAGE}/acknowledge/abc").text
    for part in ("烟雾 12 %/m", "教学楼 / 三层", "实验室", "#7.1", f"{PAGE}/alerts/7"):
        assert part in text
    assert text.endswith(f"{PAGE}/acknowledge/abc")
    assert "smoke" not in text


def test_without_a_link_to_acknowledge_with_nothing_is_said_of_one() -> None:
    assert "确认" not in ZH.single(event()).text


def test_a_demonstration_says_so_first() -> None:
    assert ZH.single(event(demo=True)).text.startswith("【演示数据")


def test_a_digest_has_a_line_for_each_and_stays_short_enough_for_a_group_robot() -> None:
    few = ZH.several([event(number) for number in range(3)], PAGE)
    assert few.title == "3 条报警消息汇总"
    assert few.text.count("烟雾报警") == 3
    assert PAGE in few.text
    many = EN.several([event(number) for number in range(400)], PAGE)
    assert len(many.text.encode()) <= LONGEST
    shown = many.text.count("Smoke")
    assert f"{400 - shown} more" in many.text


def test_a_digest_of_one_is_that_one() -> None:
    assert ZH.several([event()], PAGE) == ZH.single(event())


def test_a_test_is_plainly_one() -> None:
    test = decode_event(trial_body("test/1", NOW, "ada", "hello"))
    assert (EN.single(test).title, EN.single(test).text) == ("Test message", "hello")


def test_every_word_is_there_in_both_languages() -> None:
    words = Words.load()
    for language in ("zh", "en"):
        wording = Wording(words, language)
        wording.single(event(demo=True), "x")
        wording.several([event(demo=True)] * 400, "x")
        wording.single(msgspec.structs.replace(event(), school=None, device=None, place=None))
    assert not words.missing
