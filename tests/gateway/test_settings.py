"""What a deployer writes wrongly is said with file, line, field and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.configuration import default_settings, load_settings
from gateway.paths import default_config_dir
from gateway.problem import ConfigurationError
from gateway.settings import (
    DialectSettings,
    Settings,
    StoreSettings,
    WebSettings,
)
from gateway.settings_broker import BrokerSettings, EmbeddedBroker, Listener
from gateway.settings_fields import Address, Tls
from gateway.settings_notification import NotificationSettings, Webhook

SECTIONS = (
    BrokerSettings, DialectSettings, EmbeddedBroker, Listener, NotificationSettings, StoreSettings,
    Tls, Webhook, WebSettings,
)  # fmt: skip

OVERLAPPING = """
dialects:
  - {dialect: tasmota, school: a, topic: t}
  - {dialect: tasmota, school: b, topic: t/b}
"""


def load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    path = folder / "gateway.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, environment or {})


def complaints(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, environment)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize(("said", "minutes"), [("+08:00", 480), ("-03:30", -210), (None, None)])
def test_clocks_of_tasmota_are_set_so_many_minutes_from_utc(
    tmp_path: Path, said: str | None, minutes: int | None
) -> None:
    offset = "" if said is None else f", utc_offset: '{said}'"
    (bridge,) = load(
        tmp_path, f"dialects:\n  - {{dialect: tasmota, school: a, topic: t{offset}}}\n"
    ).dialects
    assert bridge.offset_minutes == minutes


def test_an_empty_file_is_a_gateway_with_a_broker_of_its_own(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    assert settings.embedded_broker is not None
    assert settings.embedded_broker.listeners[0].listen == Address("127.0.0.1", 1883)
    assert settings.database == Path("var/campus.db")
    assert settings == default_settings()


def test_the_example_that_comes_with_the_gateway_is_valid() -> None:
    load_settings(default_config_dir() / "gateway.yaml", {"CAMPUS_DUTY_SECRET": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "ingest:\n  lingr_ms: 5\n",
            "gateway.yaml:2: ingest.lingr_ms: is not known here (did you mean 'linger_ms'?)",
        ),
        (
            "ingest:\n  linger_ms: soon\n",
            "gateway.yaml:2: ingest.linger_ms: must be a whole number, not 'soon'",
        ),
        (
            "ingest:\n  linger_ms: 1.5\n",
            "gateway.yaml:2: ingest.linger_ms: must be a whole number, not 1.5",
        ),
        (
            "ingest:\n  linger_ms: -1\n",
            "gateway.yaml:2: ingest.linger_ms: must be at least 0, not -1",
        ),
        (
            "ingest: 5\n",
            "gateway.yaml:1: ingest: must be a section (lines of 'key: value'), not 5",
        ),
        (
            "sites: demo.yaml\n",
            "gateway.yaml:1: sites: must be a list (lines that begin with '- '), not 'demo.yaml'",
        ),
        (
            "web:\n  listen: 8080\n",
            "gateway.yaml:2: web.listen: must be 'host:port', for example 127.0.0.1:1883",
        ),
        (
            "web:\n  listen: ::1:80\n",
            "gateway.yaml:2: web.listen: an IPv6 host stands in brackets: [::1]:80",
        ),
        (
            "web:\n  metrics_open: perhaps\n",
            "gateway.yaml:2: web.metrics_open: must be true or false, not 'perhaps'",
        ),
        (
            "log:\n  level: verbose\n",
            "gateway.yaml:2: log.level: must be one of debug, info, warning, error, not 'verbose'",
        ),
        (
            "log:\n  level: warn\n",
            "not 'warn' (did you mean 'warning'?)",
        ),
        (
            "broker:\n  client_id: 5\n",
            "gateway.yaml:2: broker.client_id: must be text, not 5; put it in quotes",
        ),
        (
            "broker:\n  url: http://broker\n",
            "gateway.yaml:2: broker.url: must be mqtt://host:port or mqtts://host:port, not 'http",
        ),
        (
            "broker:\n  url: mqtt://a:1883\n  embedded: {}\n",
            "gateway.yaml:1: broker: set either embedded or url, not both",
        ),
        (
            "broker:\n  url: mqtt://a\n  ca_file: gateway.yaml\n",
            "broker: ca_file, cert_file and key_file need a url that begins with mqtts://",
        ),
        (
            "broker:\n  embedded:\n    listeners:\n      - listen: 0.0.0.0:1883\n",
            "listeners: the first one is the gateway's own way in",
        ),
        (
            "broker:\n  reconnect: {min_s: 10, max_s: 2}\n",
            "gateway.yaml:2: broker.reconnect: max_s (2.0) must not be less than min_s (10.0)",
        ),
        (
            "kinds: nowhere\n",
            "gateway.yaml:1: kinds: there is no folder nowhere",
        ),
        (
            "notification:\n  webhooks:\n    - {name: a, url: 'https://a'}\n",
            "gateway.yaml:3: notification.webhooks[0].secret: is missing: Key of the signature",
        ),
        (
            "notification:\n  escalation: {webhook: duty}\n",
            "notification: escalation.webhook 'duty' is no webhook: there is none",
        ),
        (
            "dialects:\n  - {dialect: tasmota, school: a, topic: 'x/#'}\n",
            "gateway.yaml:2: dialects[0].topic: must be a plain topic without the wildcards",
        ),
        (
            "dialects:\n  - {dialect: tasmota, school: a, topic: t, utc_offset: 8}\n",
            "gateway.yaml:2: dialects[0].utc_offset: must be text, not 8; put it in quotes",
        ),
        (
            "dialects:\n  - {dialect: tasmota, school: a, topic: t, utc_offset: '+8'}\n",
            'gateway.yaml:2: dialects[0].utc_offset: must be hours and minutes like "+08:00"',
        ),
        (
            "dialects:\n  - {dialect: zigbee2mqtt, school: a, topic: t, utc_offset: '+08:00'}\n",
            "utc_offset is only for tasmota",
        ),
        (
            "dialects:\n  - {dialect: sparkplug, school: a, topic: spBv1.0}\n",
            "topic of sparkplug must be spBv1.0/ and the group's id, e.g. spBv1.0/no3-middle",
        ),
        (
            "dialects:\n  - {dialect: sparkplug, school: a, topic: no3/spBv1.0/group}\n",
            "topic of sparkplug must be spBv1.0/ and the group's id",
        ),
        (
            OVERLAPPING,
            "dialects: the topics 't' and 't/b' overlap",
        ),
        (
            "- a\n",
            "gateway.yaml:1: must be sections of settings",
        ),
    ],
)  # fmt: skip
def test_a_typical_mistake_is_explained(tmp_path: Path, text: str, said: str) -> None:
    (complaint,) = complaints(tmp_path, text)
    assert said in complaint


def test_all_mistakes_are_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    said = complaints(tmp_path, "webb: {}\ningest:\n  max_batch: 0\nstore:\n  keep: {days: 3}\n")
    assert [line.split(": ")[0] for line in said] == [
        "gateway.yaml:1",
        "gateway.yaml:3",
        "gateway.yaml:5",
    ]


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("")
    settings = load(tmp_path, "sites: [a.yaml]\ndirectory: data\n")
    assert settings.sites == (tmp_path / "a.yaml",)
    assert settings.database == tmp_path / "data" / "campus.db"


class TestSecrets:
    BROKER = "broker:\n  url: mqtt://a\n  username: u\n  password: {}\n"

    def test_come_from_the_environment(self, tmp_path: Path) -> None:
        text = self.BROKER.format("{env: BROKER_PASSWORD}")
        settings = load(tmp_path, text, {"BROKER_PASSWORD": "s3cret"})
        assert settings.broker.password is not None
        assert settings.broker.password.get_secret_value() == "s3cret"

    def test_come_from_a_file_without_its_last_line_end(self, tmp_path: Path) -> None:
        (tmp_path / "word").write_text("s3cret\n")
        settings = load(tmp_path, self.BROKER.format("{file: word}"))
        assert settings.broker.password is not None
        assert settings.broker.password.get_secret_value() == "s3cret"

    def test_are_never_printed(self, tmp_path: Path) -> None:
        text = self.BROKER.format("{env: BROKER_PASSWORD}")
        settings = load(tmp_path, text, {"BROKER_PASSWORD": "s3cret"})
        assert "s3cret" not in repr(settings)
        assert "s3cret" not in settings.model_dump_json()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ("s3cret", "is a secret and does not belong in this file"),
            ("{env: ABSENT}", "the environment variable ABSENT is not set"),
            ("{file: absent}", "cannot be read: No such file"),
            ("{file: empty}", "is empty"),
            ("{env: A, file: b}", "must be {env: NAME} or {file: path}"),
            ("[s3cret]", "must be {env: NAME} or {file: path}"),
            ("{env: 5}", "with a name or path as text"),
        ],
    )
    def test_given_wrongly_are_refused_without_showing_them(
        self, tmp_path: Path, given: str, said: str
    ) -> None:
        (tmp_path / "empty").write_text("\n")
        (complaint,) = complaints(tmp_path, self.BROKER.format(given))
        assert complaint.startswith("gateway.yaml:4: broker.password: ")
        assert said in complaint
        assert "s3cret" not in complaint

    def test_in_a_url_are_refused_without_showing_them(self, tmp_path: Path) -> None:
        (complaint,) = complaints(tmp_path, "broker:\n  url: mqtt://u:s3cret@a:99999\n")
        assert "must hold no user or password" in complaint
        assert "s3cret" not in complaint


names = st.sampled_from(
    ["include", "env", "file", "listen", "url", "x"]
    + [name for section in (Settings, *SECTIONS) for name in section.model_fields]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 70_000)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["~nobody/x", "\0", "a" * 300, "mqtt://[", "127.0.0.1:0", "tasmota", "/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(names, values, max_size=5))
def test_any_shape_of_settings_is_taken_or_refused_with_lines(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "gateway.yaml"
    path.write_text(json.dumps(data), "utf-8")
    try:
        load_settings(path, {})
    except ConfigurationError as error:
        lines = [problem.line for problem in error.problems]
    else:
        lines = [1]
    assert lines
    assert None not in lines


class TestIncludes:
    def test_sections_of_several_files_come_together(self, tmp_path: Path) -> None:
        (tmp_path / "web.yaml").write_text("web:\n  session_hours: 8\n")
        settings = load(tmp_path, "include: web.yaml\nweb:\n  metrics_open: true\n")
        assert (settings.web.session_hours, settings.web.metrics_open) == (8, True)

    def test_a_mistake_is_named_in_the_file_it_stands_in(self, tmp_path: Path) -> None:
        (tmp_path / "web.yaml").write_text("\nweb:\n  session_hours: long\n")
        (said,) = complaints(tmp_path, "include: web.yaml\n")
        assert said.startswith("web.yaml:3: web.session_hours: must be a whole number")

    def test_a_value_set_twice_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "web.yaml").write_text("web: {session_hours: 8}\n")
        (said,) = complaints(tmp_path, "web:\n  session_hours: 9\ninclude: [web.yaml]\n")
        assert said == "web.yaml:1: web.session_hours: is set in gateway.yaml:2 too"

    def test_going_in_a_circle_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "b.yaml").write_text("include: gateway.yaml\n")
        (said,) = complaints(tmp_path, "include: b.yaml\n")
        assert said == "b.yaml:1: include: 'gateway.yaml' includes itself"

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        (said,) = complaints(tmp_path, "include: [b.yaml]\n")
        assert said == "gateway.yaml:1: include: there is no file b.yaml"
