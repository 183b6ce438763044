"""What of the bodies of facts is read into a record; everything else in them is passed over.

A body that does not fit raises ``msgspec.MsgspecError``. Times in ms.
"""

from __future__ import annotations

from typing import Final

import msgspec

from audit.attestation import Attestation
from audit.baseline import Baseline
from audit.roster import RosterEntry


class DeviceBody(msgspec.Struct, frozen=True, gc=False):
    """A device as the register held it."""

    kind: str
    row: int = 0
    place: str | None = None
    out_of_service: bool = False


class DeviceChange(msgspec.Struct, frozen=True):
    """A device put into the register, changed, or taken off it (``after`` ``None``)."""

    before: DeviceBody | None = None
    after: DeviceBody | None = None


class PlaceBody(msgspec.Struct, frozen=True, gc=False):
    """A place as the register held it."""

    parent: str | None = None


class PlaceChange(msgspec.Struct, frozen=True):
    """A place put into the register, changed, or taken off it."""

    before: PlaceBody | None = None
    after: PlaceBody | None = None


class TransitionDetail(msgspec.Struct, frozen=True, gc=False):
    """Of the detail of a transition. ``device`` is a row of the register."""

    device: int = 0
    condition: str = ""
    scope: str = ""
    cause: str = ""


class TransitionBody(msgspec.Struct, frozen=True):
    """A transition of an alert (`alerts.alert.Transition`), and whose it is."""

    alert: int
    kind: str
    device: str = ""
    condition: str = ""
    detail: TransitionDetail = TransitionDetail()


class VictimsBody(msgspec.Struct, frozen=True):
    """Ids of devices that an alert cuts off now (``gone``), and no longer (``back``)."""

    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class LinkBody(msgspec.Struct, frozen=True, gc=False):
    """The state of a police link (`devices.police_link.states.LinkState`) and its cause."""

    state: str
    cause: str = ""


class VerificationBody(msgspec.Struct, frozen=True, gc=False):
    """A verification at its begin or its end (`audit.verification.model.Verification`)."""

    kind: str
    started: int
    ended: int | None = None
    verdict: str | None = None
    code: str = ""


class RecordingBody(msgspec.Struct, frozen=True, gc=False):
    """The recordings of one camera as judged (`devices.recording.verdict.Status`)."""

    status: str
    required_days: int
    as_of: int
    reach: int | None = None
    recorder: str = ""


class RoundBody(msgspec.Struct, frozen=True):
    """All cameras of a recorder, by id, as judged in one night."""

    cameras: dict[str, RecordingBody]


class ReportBody(msgspec.Struct, frozen=True, gc=False):
    """What a recorder reports of the police (`devices.recording.police_report`)."""

    basis: str
    registered: bool | None = None


class RegistrationBody(msgspec.Struct, frozen=True, gc=False):
    """Whether a recorder is registered with the gateway's own platform (GB/T 28181)."""

    registered: bool


class ChannelBody(msgspec.Struct, frozen=True, gc=False):
    """What a recorder says of a camera of its (`devices.recording.channel_state`)."""

    recorder: str
    state: str


class RosterBody(msgspec.Struct, frozen=True):
    """An entry of the roster from now on."""

    after: RosterEntry


class AttestationBody(msgspec.Struct, frozen=True):
    """An attestation after a step."""

    attestation: Attestation


device_change: Final = msgspec.json.Decoder(DeviceChange).decode
place_change: Final = msgspec.json.Decoder(PlaceChange).decode
transition: Final = msgspec.json.Decoder(TransitionBody).decode
victims: Final = msgspec.json.Decoder(VictimsBody).decode
link: Final = msgspec.json.Decoder(LinkBody).decode
verification: Final = msgspec.json.Decoder(VerificationBody).decode
recording: Final = msgspec.json.Decoder(RecordingBody).decode
recordings_round: Final = msgspec.json.Decoder(RoundBody).decode
report: Final = msgspec.json.Decoder(ReportBody).decode
registration: Final = msgspec.json.Decoder(RegistrationBody).decode
channel: Final = msgspec.json.Decoder(ChannelBody).decode
roster: Final = msgspec.json.Decoder(RosterBody).decode
baseline: Final = msgspec.json.Decoder(Baseline).decode
attestation: Final = msgspec.json.Decoder(AttestationBody).decode
