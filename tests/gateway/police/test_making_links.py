"""Links are made from the settings, each by itself."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest
from linked import event
from pydantic import SecretStr

from devices.police_link.link import Path
from gateway.police.making import NotMadeError, make_links
from gateway.settings_police import PoliceLinkSettings


def dc09(name: str = "centre") -> PoliceLinkSettings:
    return PoliceLinkSettings.model_validate(
        {
            "name": name,
            "category": "SP5",
            "schools": {"no3": {"account": "1234"}},
            "dc09": {"primary": {"address": "127.0.0.1:1"}},
        }
    )


def push(url: str = "https://platform.example.cn/", **more: object) -> PoliceLinkSettings:
    http = {"url": url, "secret": SecretStr("sixteen bytes at least"), **more}
    return PoliceLinkSettings.model_validate(
        {"name": "platform", "category": "SP5", "schools": {"no3": {}, "no5": {}}, "http": http}
    )


async def test_every_link_of_every_school_is_made() -> None:
    made = make_links([dc09(), push()], lambda: 0)
    assert set(made.working) == {"no3/centre", "no3/platform", "no5/platform"}
    assert made.working == made.links
    assert not made.broken
    await made.aclose()


@pytest.mark.parametrize("text", ["{", '{"name": "x", "messages": {}}'])
async def test_a_template_that_cannot_be_used_silences_no_other_link(
    tmp_path: FilePath, text: str
) -> None:
    template = tmp_path / "platform.json"
    template.write_text(text, "utf-8")
    made = make_links([push(template=template), dc09()], lambda: 0)
    assert set(made.working) == {"no3/centre"}
    assert str(template) in made.broken["platform"]
    with pytest.raises(NotMadeError, match=r"platform\.json"):
        await made.links["no5/platform"].send(event(1))
    await made.aclose()


async def test_nor_does_an_address_that_anybody_could_listen_to() -> None:
    made = make_links([push("http://platform.example.cn/"), dc09()], lambda: 0)
    assert set(made.working) == {"no3/centre"}
    assert "plain_http" in made.broken["platform"]
    with pytest.raises(NotMadeError):
        await made.links["no3/platform"].probe(Path.PRIMARY)
    await made.aclose()
