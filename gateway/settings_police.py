"""The models of ``police_links:`` in ``gateway.yaml``: over which links whose alarms go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from devices.model import is_identifier
from devices.police_link.categories import Category
from devices.police_link.link import Path
from gateway.settings_fields import Address, ExistingFile, HostPort, HttpUrl, Secret, Section

_KEY: Final = re.compile(r"([0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64})\Z")
EVERY: Final = "*"

Account = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{3,16}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{1,6}$")]

Timeout = Annotated[float, Field(ge=0.05, le=7)]
"""s. Both paths in turn have to fit into one attempt (`gateway.police.lane`): one that is cut off
in its first path would never come to its second.
"""


class LinkSchool(Section):
    """What one link needs to know of one school."""

    account: Account | None = None
    """The account at the receiver, 3 to 16 hexadecimal digits. Needed for `dc09`; in quotes, so
    that leading zeros stay.
    """

    key: Secret | None = None
    """This school's own key, instead of `dc09.key`."""

    backup_account: Account | None = None
    """The account at the back-up receiver, where it is another one."""

    backup_key: Secret | None = None
    """This school's own key at the back-up receiver, instead of `dc09.backup_key`."""

    zones: Mapping[str, Annotated[int, Field(ge=1, le=999)]] = {}
    """Zone numbers agreed with the receiver, by device id. Others follow from the register's
    numbers.
    """

    contact: str = Field("", max_length=200)
    """Whom the police can call at the school: told with each alarm where the link can."""

    latitude: float | None = Field(None, ge=-90, le=90)
    """Degrees, WGS 84: told with each alarm where the link can."""

    longitude: float | None = Field(None, ge=-180, le=180)
    """Degrees, WGS 84."""

    def account_for(self, path: Path) -> str:
        """The account at the receiver of ``path``; empty when there is none."""
        other = self.backup_account if path is Path.BACKUP else None
        return other or self.account or ""


class ReceiverPath(Section):
    """One way to a receiver."""

    address: HostPort
    """Host and port."""

    transport: Literal["tcp", "udp"] = "tcp"
    """How frames travel."""

    timeout_s: Timeout = 0.8
    """Longest wait for the receiver's answer, connecting included."""

    receiver: Number | None = "0"
    """The receiver's number (`R`): 1 to 6 hexadecimal digits, in quotes; `null` = not told."""

    line: Number = "0"
    """The number of the line there (`L`): 1 to 6 hexadecimal digits, in quotes."""

    @field_validator("address")
    @classmethod
    def _somewhere(cls, address: Address) -> Address:
        if not address.host or not address.port:
            raise ValueError(f"must name a host and a port above 0, not '{address}'")
        return address


class Dc09Settings(Section):
    """ANSI/SIA DC-09 to one receiver or two."""

    primary: ReceiverPath
    """The receiver that is tried first."""

    backup: ReceiverPath | None = None
    """The receiver that is tried at once when the first one does not acknowledge. Better another
    machine on another line.
    """

    format: Literal["ADM-CID", "SIA-DCS"] = "ADM-CID"
    """What is sent: Contact ID or SIA codes."""

    key: Secret | None = None
    """AES key in hexadecimal digits: 32, 48 or 64 of them. Without one, frames travel in the
    clear.
    """

    backup_key: Secret | None = None
    """Key at the back-up receiver, where it is another one."""

    time_of_occurrence: bool = True
    """Say in each event when it happened (extended data `H`), so that an alarm that was held up
    tells. Off for a receiver that does not take it.
    """

    def key_for(self, school: LinkSchool, path: Path) -> Secret | None:
        """The key that a school and the receiver of ``path`` share."""
        key = school.key or self.key
        return key if path is Path.PRIMARY else school.backup_key or self.backup_key or key

    @field_validator("key", "backup_key")
    @classmethod
    def _a_key(cls, key: Secret | None) -> Secret | None:
        if key is not None and not _KEY.match(key.get_secret_value()):
            raise ValueError("must be 32, 48 or 64 hexadecimal digits (AES-128, -192 or -256)")
        return key


class HttpSettings(Section):
    """Alarms as HTTP POSTs to a police platform, in the shape that a template gives."""

    url: HttpUrl
    """Where to POST."""

    backup_url: HttpUrl | None = None
    """Where to POST when the first does not take it."""

    secret: Secret
    """Key of the HMAC-SHA-256 signature, 16 bytes at least."""

    template: ExistingFile | None = None
    """File with the shape of the message. Default: the one that comes with the gateway."""

    timeout_s: Timeout = 0.8
    """Longest wait for an answer."""

    ca_file: ExistingFile | None = None
    """Authority that signed the platform's certificate, PEM. Default: the system's."""

    faults: bool = True
    """Also tell the platform of faults of devices and their end: offline, battery low, sensor
    fault, tampering. Alarms go before them.
    """

    plain_http: bool = False
    """Allow `http://` to other machines, where everybody on the way can read and hold back alarms.
    """

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: Secret) -> Secret:
        if len(secret.get_secret_value().encode()) < 16:
            raise ValueError("must be 16 bytes at least")
        return secret


class ObservedSettings(Section):
    """A vendor's alarm host dials by itself and tells the link's state over MQTT, as a device of
    the kind `police-link` whose id is the link's name. Its tests are attested by people.
    """


class NoticeSettings(Section):
    """Whether the police want to be told before a test."""

    hours: int = Field(24, ge=1, le=720)
    """How long beforehand; a scheduled test waits that long after the notice."""

    text: str = Field("", max_length=500)
    """What to tell whom, shown with the notice."""


class PoliceLinkSettings(Section):
    """One link, for one school or many."""

    name: str = Field(min_length=1, max_length=40)
    """Its name: 1 to 40 of `A-Z a-z 0-9 . _ -`. The link of a school is `{school}/{name}`."""

    schools: Mapping[str, LinkSchool] = Field(min_length=1)
    """Whose alarms it carries, by school id."""

    conditions: tuple[str, ...] = (EVERY,)
    """Conditions that go to the police, such as `panic` or `fire`; `*` = every emergency. What is
    no emergency never does.
    """

    telephone: str = Field("110", min_length=1, max_length=40)
    """Whom to call when the link does not carry an alarm."""

    category: Category = Category.DP4
    """Category of EN 50136-1: the longest silence before a fault is reported. `DP…` need a
    back-up path.
    """

    longest_silence_s: int | None = Field(None, ge=5, le=172_800)
    """Instead of the category's own time, where another was agreed."""

    test_every_days: int = Field(30, ge=1, le=366)
    """A link without an acknowledged test in this time is unverified."""

    test_notice: NoticeSettings | None = None
    """Tell the police before a scheduled test; ask before any other whether they were told."""

    unacknowledged_after_s: float = Field(2.0, ge=0.5, le=60)
    """An alarm that no receiver has acknowledged after this long raises the loudest alert there
    is; it is sent on and on all the same.
    """

    dc09: Dc09Settings | None = None
    """ANSI/SIA DC-09 over TCP or UDP."""

    http: HttpSettings | None = None
    """HTTP push."""

    observed: ObservedSettings | None = None
    """Not ours: only watched."""

    @field_validator("name")
    @classmethod
    def _an_identifier(cls, name: str) -> str:
        if not is_identifier(name):
            raise ValueError(f"must be 1 to 40 of A-Z a-z 0-9 . _ -, not '{name}'")
        return name

    @field_validator("schools")
    @classmethod
    def _schools(cls, schools: Mapping[str, LinkSchool]) -> Mapping[str, LinkSchool]:
        for school in schools:
            if not is_identifier(school):
                raise ValueError(f"'{school}' is no id of a school")
        return schools

    @model_validator(mode="after")
    def _of_one_kind(self) -> PoliceLinkSettings:
        given = [name for name in ("dc09", "http", "observed") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one of dc09, http and observed, not {said}")
        if self.dc09 is not None:
            self._check_accounts(self.dc09)
        if self.category.value.startswith("DP") and given[0] != "observed" and not self.two_paths:
            raise ValueError(
                f"category {self.category.value} needs a back-up path; add one, or choose SP…"
            )
        return self

    def _check_accounts(self, dc09: Dc09Settings) -> None:
        if dc09.backup_key is not None and dc09.backup is None:
            raise ValueError("dc09: backup_key without a back-up receiver")
        for school, of in self.schools.items():
            if of.account is None:
                raise ValueError(f"schools.{school}: dc09 needs an account")
            if (of.backup_account or of.backup_key) and dc09.backup is None:
                raise ValueError(f"schools.{school}: backup_… without a back-up receiver")
            for name, key in (("key", of.key), ("backup_key", of.backup_key)):
                if key is not None and not _KEY.match(key.get_secret_value()):
                    raise ValueError(
                        f"schools.{school}: {name} must be 32, 48 or 64 hexadecimal digits"
                    )

    @property
    def kind(self) -> Literal["dc09", "http_push", "observed"]:
        """Which of the three it is."""
        if self.dc09 is not None:
            return "dc09"
        return "http_push" if self.http is not None else "observed"

    @property
    def two_paths(self) -> bool:
        """Whether there is a back-up."""
        if self.dc09 is not None:
            return self.dc09.backup is not None
        return self.http is not None and self.http.backup_url is not None


def check_apart(links: tuple[PoliceLinkSettings, ...]) -> None:
    """Raises ``ValueError`` when two links would have the same id."""
    names = [link.name for link in links]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"police_links: two links have the name '{twice[0]}'")
