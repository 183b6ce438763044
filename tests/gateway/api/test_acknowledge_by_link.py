"""Acknowledging by the link of a message: a page, a press, once, in one person's name."""

from __future__ import annotations

import msgspec
import pytest

from alerts.alert import AlertState
from alerts.notification.event import Event, EventAlert
from alerts.notification.webhook import Bilingual
from gateway.api.acknowledge_page import STATUS
from gateway.notification.acknowledging import Offer, Standing
from gateway.notification.link_key import NAME, LinkKeyError, link_key
from gateway.security import accounts
from gateway.store.batch import Batch

HOUR = 3_600_000
PAGE = "http://campus"


def link(campus, alert: int, user: str = "olga", *, hours: int = 12, language: str = "zh") -> str:
    """The path of the link in a message about the alert as it stands, written now."""
    stands = campus.book.get(alert)
    assert stands is not None
    key = link_key(campus.settings.database.parent)
    offer = Offer(key, PAGE, user, valid=hours * HOUR, language=language)
    now = campus.clock.now()
    offered = offer(
        Event(
            event=f"emergency/no3/{alert}/{stands.version}/{now}",
            kind="raised",
            happened=now,
            known=now,
            alert=EventAlert(
                id=alert,
                version=stands.version,
                state=stands.state,
                active=True,
                priority="emergency",
                condition=stands.condition,
                condition_name=Bilingual(""),
                occurrence=stands.occurrences,
                raised=now,
                last_occurrence=now,
            ),
        ),
        now,
    )
    assert offered is not None
    return offered.removeprefix(PAGE)


def stands(campus, alert: int) -> tuple[str | None, int]:
    found = campus.book.get(alert)
    return found.acknowledged_by, found.version


async def test_looking_at_the_page_changes_nothing_however_often(door, campus) -> None:
    alert = await campus.press()
    before = stands(campus, alert)
    anybody = await door.anybody()
    for _ in range(3):
        answer = await anybody.get(link(campus, alert))
        assert answer.status_code == 200
    assert stands(campus, alert) == before
    assert campus.counted("SELECT count(*) FROM used_links") == 0
    assert "第三中学" in answer.text
    assert "门卫室" in answer.text
    assert 'method="post"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_press_acknowledges_in_the_name_of_the_links_user(door, campus) -> None:
    alert = await campus.press()
    answer = await (await door.anybody()).post(link(campus, alert))
    assert answer.status_code == 200
    assert 'data-standing="done"' in answer.text
    assert stands(campus, alert)[0] == "olga"
    assert campus.counted("SELECT count(*) FROM facts WHERE kind = 'link_used'") == 1


async def test_a_second_press_changes_nothing(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    anybody = await door.anybody()
    await anybody.post(address)
    before = stands(campus, alert)
    answer = await anybody.post(address)
    assert 'data-standing="taken"' in answer.text
    assert stands(campus, alert) == before


async def test_what_is_over_without_anybody_names_nobody(door, campus) -> None:
    fault = await campus.find("heat", campus.device("no3", "hall"))
    address = link(campus, fault)
    now = campus.clock.now()
    over = msgspec.structs.replace(campus.book.get(fault), closed=now, state=AlertState.CLOSED)
    campus.store.commit(Batch(alerts={fault: over}, now=now)).result(10)
    page = (await (await door.anybody()).get(address)).text
    assert 'data-standing="over"' in page
    assert "此报警已结束" in page


def test_whatever_a_link_comes_to_has_its_words_and_its_status(campus) -> None:
    assert [one for one in Standing if f"acknowledge.{one}" not in campus.words] == []
    assert set(STATUS) == set(Standing)


async def test_a_link_that_has_served_does_not_serve_when_the_alert_is_nobodys_again(
    door, campus
) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    anybody = await door.anybody()
    await anybody.post(address)
    await campus.press()
    answer = await anybody.post(address)
    assert answer.status_code == 409
    assert 'data-standing="more"' in answer.text
    assert stands(campus, alert)[0] is None


async def test_who_has_seen_one_press_does_not_acknowledge_two(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    await campus.press()
    anybody = await door.anybody()
    assert (await anybody.post(address)).status_code == 409
    assert stands(campus, alert)[0] is None
    assert (await anybody.post(link(campus, alert))).status_code == 200


async def test_when_somebody_else_was_first_the_page_says_who(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    operator = await door.as_("oscar")
    await operator.post(f"/api/v1/alerts/{alert}/actions", json={"action": "acknowledge"})
    page = (await (await door.anybody()).get(address)).text
    assert 'data-standing="taken"' in page
    assert "oscar" in page
    assert "<form" not in page


@pytest.mark.parametrize("user", ["nobody", "anna", "west"])
async def test_whose_role_or_schools_do_not_reach_it_cannot(door, campus, user: str) -> None:
    alert = await campus.press("no3")
    answer = await (await door.anybody()).post(link(campus, alert, user))
    assert answer.status_code == 403
    assert "第三中学" not in answer.text
    assert stands(campus, alert)[0] is None


async def test_who_was_disabled_since_cannot(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    olga = campus.store.read(accounts.user_named("olga"))
    changed = accounts.with_changes(olga, disabled=True)
    campus.store.commit(accounts.changed(olga, changed, by="ada", now=campus.clock.now())).result()
    assert (await (await door.anybody()).post(address)).status_code == 403


async def test_an_old_link_a_changed_one_and_an_invented_one_are_nothing(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert, hours=1)
    anybody = await door.anybody()
    changed = address[:-1] + ("A" if address[-1] != "A" else "B")
    campus.clock.turn(HOUR)
    for wrong in (address, changed, "/acknowledge/abc", "/acknowledge/%00%ff"):
        answer = await anybody.post(wrong)
        assert answer.status_code == 404
        assert 'data-standing="invalid"' in answer.text
        assert "门卫室" not in answer.text
    assert stands(campus, alert)[0] is None


async def test_the_page_speaks_the_language_of_its_message(door, campus) -> None:
    alert = await campus.press()
    page = (await (await door.anybody()).get(link(campus, alert, language="en"))).text
    assert '<html lang="en">' in page
    assert "No. 3 Middle School" in page
    assert "Gatehouse" in page


async def test_names_from_the_register_cannot_bring_markup_onto_the_page(door, campus) -> None:
    device = campus.device("no3", "gate-01")
    named = msgspec.structs.replace(device, name_zh="<script>alert(1)</script>")
    await campus.desk.register(named, "ada")
    alert = await campus.press()
    page = (await (await door.anybody()).get(link(campus, alert))).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


async def test_with_a_damaged_key_no_link_serves_and_the_page_says_so(door, campus) -> None:
    alert = await campus.press()
    address = link(campus, alert)
    (campus.settings.database.parent / NAME).write_text("no key", "utf-8")
    answer = await (await door.anybody()).post(address)
    assert answer.status_code == 404
    assert 'data-standing="invalid"' in answer.text
    assert stands(campus, alert)[0] is None


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path) -> None:
    first = link_key(tmp_path)
    assert link_key(tmp_path) == first
    assert len(first) == 32
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_a_key_that_was_damaged_is_said_to_be_so(tmp_path) -> None:
    (tmp_path / NAME).write_text("no key", "utf-8")
    with pytest.raises(LinkKeyError, match=NAME):
        link_key(tmp_path)
