"""The receivers that people read, as a deployer writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.alert import TransitionKind
from alerts.finding import Priority
from gateway.configuration import load_settings
from gateway.notification.wanted import audiences_of
from gateway.problem import ConfigurationError
from gateway.settings import Settings

GUIDE = Path(__file__).parents[3] / "docs" / "notification.md"


def load(folder: Path, text: str) -> Settings:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "duty-chat").write_text("wecombot://a-key", "utf-8")
    path = folder / "gateway.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, {"LI_NA_URL": "mailtos://u:p@mail.example.org"})


@pytest.fixture
def guide(tmp_path: Path) -> Settings:
    """The settings of the guide, as they stand there."""
    found = re.search(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return load(tmp_path, found[1])


def test_what_the_guide_shows_is_right(guide: Settings) -> None:
    chat, person = guide.notification.messages
    assert chat.url.get_secret_value() == "wecombot://a-key"
    assert person.user == "li.na"
    assert "a-key" not in repr(guide)


def test_a_group_is_told_what_somebody_has_to_act_upon_and_not_how_it_went_on(
    guide: Settings,
) -> None:
    (chat,) = (one for one in audiences_of(guide.notification) if one.receiver == "duty-chat")
    assert chat.priorities == {Priority.EMERGENCY, Priority.HIGH}
    assert chat.kinds is not None
    assert {TransitionKind.RAISED, TransitionKind.REMINDED, TransitionKind.ESCALATED} <= chat.kinds
    assert TransitionKind.CLOSED not in chat.kinds
    assert TransitionKind.COMMENTED not in chat.kinds


def test_a_person_without_priorities_is_told_only_when_called(guide: Settings) -> None:
    (person,) = (one for one in audiences_of(guide.notification) if one.receiver == "li.na-mobile")
    assert person.priorities == frozenset()
    assert person.user == "li.na"


@pytest.mark.parametrize(
    ("receivers", "said"),
    [
        ("[{name: a, url: {env: LI_NA_URL}}, {name: a, url: {env: LI_NA_URL}}]", "have the name"),
        ("[{name: mqtt, url: {env: LI_NA_URL}}]", "it is the broker's"),
        ("[{name: a, url: 'wecombot://key'}]", "is a secret"),
        ("[{name: a, url: {env: LI_NA_URL}, user: 'li na'}]", "user"),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, receivers: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path, f"notification:\n  messages: {receivers}\n")
