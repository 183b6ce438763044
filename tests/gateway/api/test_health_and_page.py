"""For machines: health and metrics. For browsers: the page's files."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import Metrics

SCRIPT = "console.log(1);" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Campus</title>")
    script = folder / "assets" / "index-4f7c2f0f.js"
    script.write_text(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
async def browser(campus, built):
    app = campus.api(page=built)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://campus") as client:
        yield client


async def test_hashed_files_are_kept_for_ever_and_the_index_is_asked_for_each_time(
    browser,
) -> None:
    script = await browser.get("/assets/index-4f7c2f0f.js")
    index = await browser.get("/")

    assert script.text == SCRIPT
    assert script.headers["content-encoding"] == "gzip"
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert index.headers["cache-control"] == "no-cache"


async def test_a_browser_that_has_a_file_gets_no_second_copy(browser) -> None:
    tag = (await browser.get("/")).headers["etag"]

    again = await browser.get("/", headers={"If-None-Match": tag})

    assert (again.status_code, again.content) == (304, b"")


async def test_who_cannot_unpack_gets_the_file_as_it_is(browser) -> None:
    plain = await browser.get("/assets/index-4f7c2f0f.js", headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT


async def test_deep_links_are_pages_of_the_application_and_lost_files_are_not(browser) -> None:
    deep = await browser.get("/alerts/4711")
    lost = await browser.get("/assets/index-00000000.js")

    assert deep.text == (await browser.get("/")).text
    assert lost.status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt"]
)
async def test_no_path_leads_out_of_the_folder(browser, path: str) -> None:
    assert "secret" not in (await browser.get(path)).text


async def test_a_page_that_was_not_built_says_so(campus, tmp_path: Path) -> None:
    app = campus.api(page=tmp_path / "nothing")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://campus"
    ) as client:
        answer = await client.get("/")

    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_a_page_built_anew_is_served_without_a_restart(browser, built: Path) -> None:
    await browser.get("/")
    (built / "assets" / "index-4f7c2f0f.js").rename(built / "assets" / "index-99999999.js")
    (built / "assets" / "index-4f7c2f0f.js.gz").unlink()

    between = await browser.get("/assets/index-4f7c2f0f.js")
    (built / "index.html").unlink()
    (built / "index.html").write_text("<!doctype html><title>Newer</title>")
    deep = await browser.get("/alerts/4711")
    script = await browser.get("/assets/index-99999999.js")

    assert between.status_code == 404
    assert "Newer" in deep.text
    assert script.text == SCRIPT
    assert (await browser.get("/assets/index-4f7c2f0f.js")).status_code == 404


async def test_a_page_built_after_the_start_is_served(campus, built: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    transport = httpx.ASGITransport(campus.api(page=later))
    async with httpx.AsyncClient(transport=transport, base_url="http://campus") as client:
        assert (await client.get("/")).status_code == 503
        shutil.move(built, later)
        assert (await client.get("/")).status_code == 200


async def test_the_page_is_not_written_to(browser) -> None:
    assert (await browser.post("/alerts")).status_code == 405


async def test_alive_and_ready_need_no_sign_in(door) -> None:
    client = await door.anybody()

    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"ready": True, "reasons": []}


async def test_without_a_broker_or_room_it_is_not_ready_and_says_why(door, campus) -> None:
    campus.connected = False
    campus.trouble = ("disk_full", "rejects")

    answer = await (await door.anybody()).get("/readyz")

    assert answer.status_code == 503
    assert sorted(answer.json()["reasons"]) == ["broker_lost", "disk_full"]


async def test_metrics_are_what_prometheus_reads(door, campus) -> None:
    campus.metrics.messages += 41
    campus.metrics.commit_seconds.add(0.004)
    campus.metrics.commit_seconds.add(60)

    text = (await (await door.as_("anna")).get("/metrics")).text

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["campus_messages"].samples[0].value == 41
    spread = {
        sample.labels.get("le"): sample.value
        for sample in families["campus_commit_seconds"].samples
    }
    assert (spread["0.002"], spread["0.005"], spread["5.0"], spread["+Inf"]) == (0, 1, 1, 2)


async def test_metrics_may_be_opened_by_a_setting(campus, settings) -> None:
    web = settings.web.model_copy(update={"metrics_open": True})
    campus.settings = settings.model_copy(update={"web": web})
    app = campus.api()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://campus"
    ) as client:
        assert (await client.get("/metrics")).status_code == 200


def test_a_misspelt_metric_is_refused() -> None:
    with pytest.raises(AttributeError):
        Metrics().mesages = 1  # type: ignore[attr-defined]
