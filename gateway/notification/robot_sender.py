"""Messages to the robots of chat groups: WeCom, DingTalk, Feishu, by the addresses of Apprise.

Apart from Apprise, because these answer "200 OK" also when they refuse - a wrong key, a word that
the group demands, more than some 20 messages a minute - and say so in the body alone. An alarm that
was refused must not stand as delivered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from gateway.notification.delivery import Delivered, Outcome, Refused, Retry
from gateway.notification.message import Message
from gateway.notification.webhook import NOT_NOW

TOO_FAST: Final = frozenset({45009, 130101, 9499, 11232})
"""More messages than the robot may send: WeCom, DingTalk, Feishu (two). Later it takes them."""

_ADDRESS: Final = re.compile(
    r"(wecombot|dingtalk|feishu)://(?:([A-Za-z0-9_-]+)@)?([A-Za-z0-9_-]+)/?\Z"
)
_LONGEST: Final = 200


class Robot(msgspec.Struct, frozen=True):
    """The robot of a group. ``secret`` signs; only DingTalk's may have one."""

    service: str
    token: str
    secret: str = ""

    def address(self, host: str, now: int) -> str:
        """Where to POST at ``now`` (ms)."""
        if self.service == "wecombot":
            return f"{host}/cgi-bin/webhook/send?key={self.token}"
        if self.service == "feishu":
            return f"{host}/open-apis/bot/v2/hook/{self.token}"
        signed = ""
        if self.secret:
            said = f"{now}\n{self.secret}".encode()
            digest = hmac.new(self.secret.encode(), said, hashlib.sha256).digest()
            signed = f"&timestamp={now}&sign={quote(base64.b64encode(digest), safe='')}"
        return f"{host}/robot/send?access_token={self.token}{signed}"

    def body(self, message: Message) -> dict[str, object]:
        """What to POST: text alone, title first."""
        text = f"{message.title}\n{message.text}"
        if self.service == "feishu":
            return {"msg_type": "text", "content": {"text": text}}
        return {"msgtype": "text", "text": {"content": text}}


HOSTS: Final[Mapping[str, str]] = {
    "wecombot": "https://qyapi.weixin.qq.com",
    "dingtalk": "https://oapi.dingtalk.com",
    "feishu": "https://open.feishu.cn",
}


def robot_of(url: str) -> Robot | None:
    """The robot of such an address; ``None`` for any other, which are Apprise's."""
    found = _ADDRESS.match(url)
    if found is None:
        return None
    service, secret, token = found.groups()
    if secret and service != "dingtalk":
        return None
    return Robot(service, token, secret or "")


class RobotSender:
    """POSTs each message. Implements `Sender`."""

    def __init__(
        self, robot: Robot, *, now: Callable[[], int], time_limit: float, host: str | None = None
    ) -> None:
        """``now`` gives ms; ``host`` is a scheme and host of its own, for a service in-house."""
        self._robot: Final = robot
        self._host: Final = HOSTS[robot.service] if host is None else host
        self._now: Final = now
        self._client: Final = httpx.AsyncClient(
            timeout=time_limit,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            headers={"User-Agent": "campus-gateway"},
        )

    async def send(self, key: str, message: Message) -> Outcome:  # noqa: ARG002 - no room for it
        """POST it once."""
        address = self._robot.address(self._host, self._now())
        try:
            answer = await self._client.post(address, json=self._robot.body(message))
        except httpx.HTTPError as error:
            # Its words may hold the address, which is a key.
            return Retry(f"{type(error).__name__} on the way to {self._host}")
        if not answer.is_success:
            reason = f"answered {answer.status_code} {answer.reason_phrase}"
            return Retry(reason) if answer.status_code in NOT_NOW else Refused(reason)
        return came(answer.content)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def came(body: bytes) -> Outcome:
    """What an answer with a status of success says of the message."""
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return Refused("answered something that is not the robot's")
    code = said.get("errcode", said.get("code", said.get("StatusCode")))
    if code == 0:
        return Delivered()
    words = str(said.get("errmsg", said.get("msg", "")))[:_LONGEST]
    reason = f"answered {code}: {words}"
    return Retry(reason) if code in TOO_FAST else Refused(reason)
