"""Mistakes in ``police_links:`` are found at the start, and said with file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from devices.police_link.dc09 import Identity
from devices.police_link.dc09_link import Dc09Link
from gateway.configuration import load_settings
from gateway.police.lane import LONGEST_ATTEMPT_S
from gateway.police.links import infos_of
from gateway.police.making import make_links
from gateway.problem import ConfigurationError

KEY = "00112233445566778899AABBCCDDEEFF"
OTHER = bytes.fromhex(KEY)[::-1].hex()
PRIMARY_ONLY = {"primary": {"address": "192.0.2.1:7700"}}


def good(**more: Any) -> dict[str, Any]:
    return {
        "name": "110",
        "schools": {"no3": {"account": "0123"}},
        "dc09": {
            "primary": {"address": "192.0.2.1:7700"},
            "backup": {"address": "192.0.2.2:7700", "transport": "udp"},
        },
        **more,
    }


def load(folder: Path, *links: dict[str, Any]) -> Any:
    file = folder / "gateway.yaml"
    file.write_text(yaml.safe_dump({"police_links": list(links)}, sort_keys=False), "utf-8")
    secrets = {"KEY": KEY, "OTHER": OTHER, "SHORT": "short", "SECRET": "sixteen bytes at least"}
    return load_settings(file, secrets)


def mistake(folder: Path, *links: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, *links)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_each_school_of_a_link_has_a_link_of_its_own_with_its_account(tmp_path: Path) -> None:
    schools = {"no3": {"account": "0123"}, "no5": {"account": "0456", "key": {"env": "KEY"}}}
    settings = load(tmp_path, good(schools=schools, telephone="0101"))
    infos = infos_of(settings.police_links)
    assert sorted(infos) == ["no3/110", "no5/110"]
    assert [one.encrypted for one in infos["no3/110"].paths] == [False, False]
    assert [one.encrypted for one in infos["no5/110"].paths] == [True, True]
    assert infos["no3/110"].paths[1].transport == "udp"
    made = make_links(settings.police_links, lambda: 0)
    accounts = {
        name: link.config.identity.account
        for name, link in made.links.items()
        if isinstance(link, Dc09Link)
    }
    assert accounts == {"no3/110": "0123", "no5/110": "0456"}


def test_a_back_up_receiver_may_know_a_school_otherwise(tmp_path: Path) -> None:
    schools = {
        "no3": {"account": "0123"},
        "no5": {"account": "0456", "backup_account": "BEEF", "backup_key": {"env": "OTHER"}},
    }
    dc09 = {
        "primary": {"address": "192.0.2.1:7700", "receiver": None, "line": "00a"},
        "backup": {"address": "192.0.2.2:7700", "receiver": "12"},
        "backup_key": {"env": "KEY"},
    }
    settings = load(tmp_path, good(schools=schools, dc09=dc09))
    made = make_links(settings.police_links, lambda: 0).links
    configs = {name: link.config for name, link in made.items() if isinstance(link, Dc09Link)}
    key = bytes.fromhex(KEY)
    first, backup = configs["no3/110"].identity, configs["no3/110"].backup_identity
    assert first == Identity(account="0123", receiver=None, line=10)
    assert backup == Identity(account="0123", receiver=0x12, line=0, key=key)
    assert configs["no5/110"].identity == Identity(account="0456", receiver=None, line=10)
    assert configs["no5/110"].backup_identity == Identity(
        account="BEEF", receiver=0x12, line=0, key=key[::-1]
    )
    paths = infos_of(settings.police_links)["no3/110"].paths
    assert [one.encrypted for one in paths] == [False, True]


def test_without_more_said_both_receivers_know_a_school_alike(tmp_path: Path) -> None:
    schools = {"no3": {"account": "0123", "key": {"env": "KEY"}}}
    settings = load(tmp_path, good(schools=schools))
    (made,) = make_links(settings.police_links, lambda: 0).links.values()
    assert isinstance(made, Dc09Link)
    same = Identity(account="0123", key=bytes.fromhex(KEY))
    assert (made.config.identity, made.config.backup_identity) == (same, same)
    assert made.config.occurrence


def test_an_attempt_is_never_cut_off_before_its_second_path(tmp_path: Path) -> None:
    way = {"address": "192.0.2.1:7700", "timeout_s": 7}
    settings = load(tmp_path, good(dc09={"primary": way, "backup": {**way}}))
    dc09 = settings.police_links[0].dc09
    assert dc09.primary.timeout_s + dc09.backup.timeout_s < LONGEST_ATTEMPT_S


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dc09": {"primary": {"address": "192.0.2.1:0"}}}, "a port above 0"),
        ({"dc09": {"primary": {"address": "192.0.2.1:1", "timeout_s": 7.5}}}, "timeout_s"),
        ({"dc09": {"primary": {"address": "192.0.2.1:1", "line": "1234567"}}}, "line"),
        ({"dc09": {"primary": {"address": "192.0.2.1:1", "receiver": "x"}}}, "receiver"),
        (
            {"category": "SP5", "dc09": {**PRIMARY_ONLY, "backup_key": {"env": "KEY"}}},
            "backup_key without a back-up receiver",
        ),
        (
            {
                "category": "SP5",
                "dc09": PRIMARY_ONLY,
                "schools": {"no3": {"account": "0123", "backup_account": "0124"}},
            },
            "schools.no3: backup_… without a back-up receiver",
        ),
        (
            {"schools": {"no3": {"account": "0123", "backup_key": {"env": "SHORT"}}}},
            "backup_key must be 32, 48 or 64 hexadecimal",
        ),
        ({"dc09": None}, "exactly one of dc09, http and observed"),
        ({"observed": {}}, "exactly one of dc09, http and observed"),
        ({"dc09": {"primary": {"address": "192.0.2.1:7700"}}}, "needs a back-up path"),
        ({"schools": {"no3": {}}}, "schools.no3: dc09 needs an account"),
        ({"schools": {"no3": {"account": "12"}}}, "account"),
        ({"schools": {}}, "schools"),
        ({"name": "a/b"}, "name"),
        ({"category": "SP9"}, "category"),
        ({"telephone": ""}, "telephone"),
        ({"unacknowledged_after_s": 0}, "unacknowledged_after_s"),
        ({"test_every_days": 0}, "test_every_days"),
        ({"schools": {"no3": {"account": "0123", "key": {"env": "SHORT"}}}}, "hexadecimal"),
        ({"schools": {"no3": {"account": "0123", "key": KEY}}}, "does not belong in this file"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    link = {name: value for name, value in good(**change).items() if value is not None}
    problem = mistake(tmp_path, link)
    assert said in problem
    assert "gateway.yaml:" in problem
    assert KEY not in problem


def test_two_links_cannot_have_one_name(tmp_path: Path) -> None:
    assert "two links have the name '110'" in mistake(tmp_path, good(), good())


def test_an_http_push_needs_a_secret_of_some_length(tmp_path: Path) -> None:
    http = {"url": "https://police.example/alarms", "secret": {"env": "SHORT"}}
    link = good(http=http, category="SP5")
    del link["dc09"]
    assert "16 bytes" in mistake(tmp_path, link)
    http["secret"] = {"env": "SECRET"}
    settings = load(tmp_path, link)
    assert infos_of(settings.police_links)["no3/110"].paths[0].encrypted
    assert sorted(make_links(settings.police_links, lambda: 0).links) == ["no3/110"]
