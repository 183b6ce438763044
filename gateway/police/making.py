"""Makes the links that the settings ask for.

Apart from `gateway.police.links`, and imported late: what frames are made of takes a while to load.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import httpx
import msgspec

from devices.police_link.dc09 import Format, Identity
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.http_push import HttpPushLink, PushConfig, push_client
from devices.police_link.link import (
    Exchange,
    LinkEvent,
    OnExchange,
    Path,
    PoliceLink,
    Report,
)
from devices.police_link.push_template import load_push_template
from gateway.paths import default_config_dir
from gateway.police.forwarding import link_id
from gateway.settings_police import (
    Dc09Settings,
    HttpSettings,
    LinkSchool,
    PoliceLinkSettings,
    ReceiverPath,
)

TEMPLATE: Final = "police/db15t3968.json"
"""The shape that comes with the gateway, in its folder of configuration."""

_FORMATS: Final[Mapping[str, Format]] = {
    "ADM-CID": Format.CONTACT_ID,
    "SIA-DCS": Format.SIA,
}


class NotMadeError(LookupError):
    """A link that cannot be, and why: what its settings name is not as it has to be."""


class NotMade:
    """Stands for such a link: each alarm for it says why it does not go."""

    def __init__(self, reason: str) -> None:
        self._reason: Final = reason

    @property
    def paths(self) -> Sequence[Path]:
        """None."""
        return ()

    async def send(
        self,
        event: LinkEvent,  # noqa: ARG002 - the seam's
        *,
        on_exchange: OnExchange | None = None,  # noqa: ARG002 - the seam's
    ) -> Report:
        """Raises `NotMadeError`."""
        raise NotMadeError(self._reason)

    async def probe(
        self,
        path: Path,  # noqa: ARG002 - the seam's
        event: LinkEvent | None = None,  # noqa: ARG002 - the seam's
    ) -> Exchange:
        """Raises `NotMadeError`."""
        raise NotMadeError(self._reason)

    async def aclose(self) -> None:
        """Nothing is open."""


class Made(msgspec.Struct, frozen=True):
    """Links by id, and the connections that some of them share. ``broken``: what is wrong with a
    link, by its name in the settings; its alarms say so.
    """

    links: dict[str, PoliceLink]
    clients: list[httpx.AsyncClient]
    broken: dict[str, str]

    @property
    def working(self) -> dict[str, PoliceLink]:
        """Those that can be watched."""
        return {name: one for name, one in self.links.items() if not isinstance(one, NotMade)}

    async def aclose(self) -> None:
        """Let go of everything."""
        for link in self.links.values():
            await link.aclose()
        for client in self.clients:
            await client.aclose()


def make_links(settings: Sequence[PoliceLinkSettings], now: Callable[[], int]) -> Made:
    """All links of ours, not yet connected; ``now`` in ms. Reads templates, so it blocks.

    The settings have been checked, the files that they name have not. What is wrong with one link
    keeps no other from being made.
    """
    made = Made({}, [], {})
    for link in settings:
        try:
            if link.dc09 is not None:
                for school, of in link.schools.items():
                    made.links[link_id(school, link.name)] = Dc09Link(_dc09(link.dc09, of), now=now)
            elif link.http is not None:
                _make_pushes(link, link.http, made, now)
        except (ValueError, OSError) as error:
            made.broken[link.name] = str(error)
            for school in link.schools:
                made.links[link_id(school, link.name)] = NotMade(str(error))
    return made


def _dc09(dc09: Dc09Settings, of: LinkSchool) -> Dc09Config:
    backup = dc09.backup
    return Dc09Config(
        identity=_identity(dc09, of, Path.PRIMARY, dc09.primary),
        primary=_endpoint(dc09.primary),
        backup=None if backup is None else _endpoint(backup),
        backup_identity=None if backup is None else _identity(dc09, of, Path.BACKUP, backup),
        format=_FORMATS[dc09.format],
        occurrence=dc09.time_of_occurrence,
    )


def _identity(dc09: Dc09Settings, of: LinkSchool, path: Path, way: ReceiverPath) -> Identity:
    key = dc09.key_for(of, path)
    return Identity(
        account=of.account_for(path),
        receiver=None if way.receiver is None else int(way.receiver, 16),
        line=int(way.line, 16),
        key=None if key is None else bytes.fromhex(key.get_secret_value()),
    )


def _make_pushes(
    link: PoliceLinkSettings, http: HttpSettings, made: Made, now: Callable[[], int]
) -> None:
    """One client for all schools of the link: a TLS context costs too much to have one for each."""
    ca_file = http.ca_file
    authorities = None if ca_file is None else ssl.create_default_context(cafile=str(ca_file))
    client = push_client(authorities)
    made.clients.append(client)
    template = load_push_template(http.template or default_config_dir() / TEMPLATE)
    for school in link.schools:
        name = link_id(school, link.name)
        config = PushConfig(
            link=name,
            primary=http.url,
            backup=http.backup_url,
            key=http.secret.get_secret_value().encode(),
            answer_timeout_s=http.timeout_s,
            plain_http=http.plain_http,
        )
        made.links[name] = HttpPushLink(config, template, client=client, now=now)


def _endpoint(way: ReceiverPath) -> Endpoint:
    return Endpoint(
        host=way.address.host,
        port=way.address.port,
        transport=Transport(way.transport),
        answer_timeout_s=way.timeout_s,
        connect_timeout_s=way.timeout_s,
    )
