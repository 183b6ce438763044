"""Makes the links that the settings ask for.

Apart from `gateway.police.links`, and imported late: what frames are made of takes a while to load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from devices.police_link.dc09 import Format
from devices.police_link.dc09_link import Dc09Config, Dc09Link
from devices.police_link.dc09_path import Endpoint, Transport
from devices.police_link.link import PoliceLink
from gateway.settings_police import PoliceLinkSettings, ReceiverPath

_FORMATS: Final[Mapping[str, Format]] = {
    "ADM-CID": Format.CONTACT_ID,
    "SIA-DCS": Format.SIA,
}


def make_link(link: PoliceLinkSettings, school: str, now: Callable[[], int]) -> PoliceLink:
    """The link of one school, not yet connected. Raises ``ValueError`` for what cannot be."""
    of = link.schools[school]
    if link.dc09 is None:
        raise ValueError(f"{school}/{link.name} is no link of ours")
    key = of.key or link.dc09.key
    config = Dc09Config(
        account=of.account or "",
        primary=_endpoint(link.dc09.primary),
        backup=None if link.dc09.backup is None else _endpoint(link.dc09.backup),
        format=_FORMATS[link.dc09.format],
        key=None if key is None else bytes.fromhex(key.get_secret_value()),
    )
    return Dc09Link(config, now=now)


def _endpoint(way: ReceiverPath) -> Endpoint:
    return Endpoint(
        host=way.address.host,
        port=way.address.port,
        transport=Transport(way.transport),
        answer_timeout_s=way.timeout_s,
        connect_timeout_s=way.timeout_s,
    )
