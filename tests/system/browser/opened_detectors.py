"""Detectors that somebody opens and closes: alerts of a test's own, beside those of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import APIRequestContext, Locator, Page

from tests.system.browser.furnished import publish

if TYPE_CHECKING:
    from tests.system.browser.conftest import DemoGateway

SCHOOL: Final = "no3-middle"
KIND: Final = "smoke-temperature"
BUTTON: Final = "alarm-button"
WRITE: Final = {"X-Campus-Request": "1"}
STANDING: Final = """([prefix, wanted]) => {
  const rows = [...document.querySelectorAll("[role=option]")].map(row => row.dataset.device);
  const ours = rows.filter(device => device.startsWith(prefix));
  return ours.map(device => device.split("/")[1]).join() === wanted.join();
}"""


class Detectors:
    """Some detectors and buttons with ids that begin with ``name``, so that a search finds them."""

    def __init__(self, gateway: DemoGateway, ask: APIRequestContext, name: str) -> None:
        self._gateway = gateway
        self._ask = ask
        self._name = name
        self._seq = 0

    def id(self, number: int | str) -> str:
        """What one of them is called."""
        return f"{self._name}-{number}"

    async def register(self, *numbers: int | str, kind: str = KIND, priority: str = "") -> None:
        """Put them on the register, their opening as urgent as asked."""
        parameters = {"tamper": {"priority": priority}} if priority else {}
        for number in numbers:
            await self._call(
                "PUT",
                f"/devices/{SCHOOL}/{self.id(number)}",
                {"kind": kind, "name_zh": self.id(number), "parameters": parameters},
            )

    async def open(self, *numbers: int | str) -> None:
        """Open them: each is an alert until it is closed and acknowledged."""
        for number in numbers:
            await self._say(KIND, number, "tamper")

    async def press(self, number: int | str) -> None:
        """Press a button: an emergency."""
        await self._say(BUTTON, number, "pressed")

    async def alert(self, number: int | str) -> dict[str, Any]:
        """The open alert of one of them."""
        listed = await self._call("GET", f"/alerts?device={SCHOOL}/{self.id(number)}")
        (found,) = listed["items"]
        assert isinstance(found, dict)
        return found

    async def history(self, number: int | str) -> list[tuple[str, str]]:
        """What happened to it, and who did it."""
        detail = await self._call("GET", f"/alerts/{(await self.alert(number))['id']}")
        return [(one["kind"], one["actor"]) for one in detail["transitions"]]

    async def acknowledge(self, *numbers: int | str) -> None:
        """As somebody does on another screen."""
        for number in numbers:
            found = (await self.alert(number))["id"]
            await self._call("POST", f"/alerts/{found}/actions", {"action": "acknowledge"})

    async def operator(self, name: str) -> str:
        """Give somebody an account; the code with which they sign in once."""
        made = await self._call("POST", "/users", {"name": name, "role": "operator"})
        return str(made["code"])

    async def _say(self, kind: str, number: int | str, event: str) -> None:
        self._seq += 1
        topic = f"{kind}/{self.id(number)}/event"
        await publish(self._gateway.demo, topic, {"seq": self._seq, "event": event})

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._ask.fetch(
            f"{self._gateway.url}/api/v1{path}", method=method, headers=WRITE, data=body
        )
        assert answer.ok, f"{method} {path}: {await answer.text()}"
        return await answer.json()


def row_of(page: Page, device: str) -> Locator:
    """Its row in the list."""
    return page.locator(f".row[data-device='{SCHOOL}/{device}']")


async def listed(page: Page, *devices: str) -> None:
    """Wait until these, of all of their test, stand in the list from above to below."""
    prefix = devices[0].partition("-")[0] + "-"
    await page.wait_for_function(STANDING, arg=[f"{SCHOOL}/{prefix}", list(devices)])
