"""An ONVIF recorder of tests: Profile G over real HTTP, true to the published schemas.

Each request that comes in and each answer that goes out is held against the WSDL and the XSD that
onvif-zeep-async brings along; what does not fit stands in ``violations``.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import onvif
from isapi_recorder import PASSWORD, USER, DigestServer, Piece
from lxml import etree

WSDL = Path(onvif.__file__).parent / "wsdl"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
TSE = "http://www.onvif.org/ver10/search/wsdl"
TDS = "http://www.onvif.org/ver10/device/wsdl"
TRP = "http://www.onvif.org/ver10/replay/wsdl"
TT = "http://www.onvif.org/ver10/schema"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
TOPIC = "tns1:RecordingHistory/Track/State"

_NAMESPACES = (
    f'xmlns:s="{SOAP}" xmlns:tse="{TSE}" xmlns:tds="{TDS}" xmlns:trp="{TRP}" xmlns:tt="{TT}" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:ter="http://www.onvif.org/ver10/error" '
    'xmlns:tns1="http://www.onvif.org/ver10/topics"'
)


def _schema(name: str) -> etree.XMLSchema:
    """The types of a WSDL, with what they import from the files beside it."""
    types = etree.parse(WSDL / name).find(".//{http://www.w3.org/2001/XMLSchema}schema")
    alone = etree.fromstring(etree.tostring(types), base_url=str(WSDL / name))
    return etree.XMLSchema(etree.ElementTree(alone))


SCHEMAS = {
    TSE: _schema("search.wsdl"),
    TDS: _schema("devicemgmt.wsdl"),
    TRP: _schema("replay.wsdl"),
}

Event = tuple[datetime, str, str, bool, bool]
"""When, recording, track, whether there is data from then on, whether it is the start state."""


class Recorded:
    """A recording of one camera: its video in ``pieces``, and a track of sound that never stops."""

    def __init__(self, token: str, pieces: list[Piece], **told: Any) -> None:
        self.token = token
        self.pieces = pieces
        self.source_id: str = told.get("source_id", f"urn:camera:{token}")
        self.name: str = told.get("name", f"Camera {token}")
        self.status: str = told.get("status", "Recording")
        self.since: datetime | None = told.get("since")
        self.newest: datetime | None = told.get("newest")

    @property
    def oldest_told(self) -> datetime:
        return self.since or self.pieces[0][0]

    @property
    def newest_told(self) -> datetime:
        return self.newest or self.pieces[-1][1]

    def events(self, low: datetime, high: datetime, going_on: bool) -> list[Event]:
        """Of the video: the start state, and each change; the last piece may be going on."""
        changes = [
            (at, present)
            for number, (begin, end) in enumerate(self.pieces)
            for at, present in ((begin, True), (end, False))
            if present or not going_on or number < len(self.pieces) - 1
        ]
        before = [present for at, present in changes if at <= low]
        found = [(low, self.token, "video", before[-1] if before else False, True)]
        found += [
            (at, self.token, "video", present, False) for at, present in changes if low < at <= high
        ]
        return [*found, (low, self.token, "sound", True, True)]


class OnvifRecorder(DigestServer):
    """Times of ``recordings`` by what its labels show; ``utc_now`` and ``local_now`` its clock."""

    def __init__(self, recordings: list[Recorded], *, utc_now: datetime) -> None:
        super().__init__()
        self.recordings = recordings
        self.utc_now: datetime | None = utc_now
        self.local_now: datetime | None = utc_now + timedelta(hours=8)
        self.time_zone = "CST-8"
        self.created_off = timedelta()  # what is signed may be a minute from its clock
        self.http_digest = False
        self.clock_is_open = True
        self.inner_address = ""
        self.more_than_told = 0
        self.replay_port = 554
        self.replay_scheme = "rtsp"
        self.most_a_page = 1000
        self.start_states = True
        self.heeds_scope = True
        self.empty_pages = 0
        self.reaches: datetime | None = None  # its searches end there
        self._reached = utc_now
        self.paging = threading.Event()  # a page of a search was asked for
        self.spoil: Callable[[int, bytes], tuple[int, bytes]] | None = None
        self.hang_at_page: int | None = None
        self.events_instead: list[Event] | None = None
        self.pages = 0
        self.calls: list[str] = []
        self.spans: list[tuple[str, str]] = []
        self.open_searches: dict[str, tuple[str, Any]] = {}
        self.refusals = 0
        self.violations: list[str] = []

    # --- HTTP, SOAP, signatures ------------------------------------------------------------------

    def knows(self, header: str, method: str, path: str) -> bool:
        return not self.http_digest or super().knows(header, method, path)

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        envelope = etree.fromstring(body)
        asked = envelope.find(f"{{{SOAP}}}Body")[0]
        namespace, _, operation = asked.tag[1:].partition("}")
        self._hold_against(namespace, asked)
        self.calls.append(operation)
        open_to_all = operation == "GetSystemDateAndTime" and self.clock_is_open
        if not (open_to_all or self.http_digest or self._signed(envelope)):
            self.refusals += 1
            return 400, _fault("ter:NotAuthorized", "The action requires authorization")
        status, answer = getattr(self, _method(operation))(asked)
        if status == 200:
            self._hold_against(namespace, etree.fromstring(answer).find(f"{{{SOAP}}}Body")[0])
        if operation == "GetEventSearchResults":
            if self.hang_at_page == self.pages:
                self.hang.set()
            if self.spoil is not None:
                return self.spoil(self.pages, answer)
        return status, answer

    def _hold_against(self, namespace: str, element: Any) -> None:
        schema = SCHEMAS[namespace]
        if not schema.validate(etree.ElementTree(element)):
            self.violations.append(f"{element.tag}: {schema.error_log.last_error}")

    def _signed(self, envelope: Any) -> bool:
        def text(name: str) -> str:
            found = envelope.find(f".//{{*}}{name}")
            return "" if found is None else found.text or ""

        nonce, created = base64.b64decode(text("Nonce")), text("Created")
        if not created:
            return False
        at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        off = at - datetime.fromtimestamp(time.time(), UTC) - self.created_off
        secret = hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()
        good = base64.b64encode(secret).decode() == text("Password")
        return good and text("Username") == USER and abs(off) < timedelta(seconds=60)

    # --- device ----------------------------------------------------------------------------------

    def _get_system_date_and_time(self, _: Any) -> tuple[int, bytes]:
        return say(
            "tds:GetSystemDateAndTimeResponse",
            "<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings>"
            f"<tt:TimeZone><tt:TZ>{self.time_zone}</tt:TZ></tt:TimeZone>"
            + _date_time("UTCDateTime", self.utc_now)
            + _date_time("LocalDateTime", self.local_now)
            + "</tds:SystemDateAndTime>",
        )

    def _get_services(self, _: Any) -> tuple[int, bytes]:
        at = self.inner_address or self.url
        told = "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace>"
            f"<tds:XAddr>{at}/onvif/{name}_service</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            for namespace, name in ((TDS, "device"), (TSE, "search"), (TRP, "replay"))
        )
        return say("tds:GetServicesResponse", told)

    def _get_replay_uri(self, asked: Any) -> tuple[int, bytes]:
        token = asked.find(f"{{{TRP}}}RecordingToken").text
        return say(
            "trp:GetReplayUriResponse",
            f"<trp:Uri>{self.replay_scheme}://192.0.2.1:{self.replay_port}/replay"
            f"?recording={token}</trp:Uri>",
        )

    # --- search ----------------------------------------------------------------------------------

    def _get_recording_summary(self, _: Any) -> tuple[int, bytes]:
        count = len(self.recordings) + self.more_than_told
        return say(
            "tse:GetRecordingSummaryResponse",
            "<tse:Summary><tt:DataFrom>2026-01-01T00:00:00Z</tt:DataFrom>"
            "<tt:DataUntil>2026-11-20T02:00:00Z</tt:DataUntil>"
            f"<tt:NumberRecordings>{count}</tt:NumberRecordings></tse:Summary>",
        )

    def _find_recordings(self, _: Any) -> tuple[int, bytes]:
        return self._started("FindRecordings", [_recording(each) for each in self.recordings])

    def _find_events(self, asked: Any) -> tuple[int, bytes]:
        low, high = (asked.find(f"{{{TSE}}}{name}").text for name in ("StartPoint", "EndPoint"))
        self.spans.append((low, high))
        begin, end = (datetime.fromisoformat(each.removesuffix("Z")) for each in (low, high))
        scope = {each.text for each in asked.iter(f"{{{TT}}}IncludedRecordings")}
        assert TOPIC in etree.tostring(asked).decode()
        self._reached = self.reaches or end
        events = self.events_instead
        if events is None:
            events = [
                event
                for each in self.recordings
                if each.token in scope or not self.heeds_scope
                for event in each.events(begin, end, each.status == "Recording")
                if self.start_states or not event[4]
            ]
            events.sort(key=lambda event: event[0])
        return self._started("FindEvents", [event_of(each) for each in events])

    def _started(self, operation: str, results: list[str]) -> tuple[int, bytes]:
        token = f"search-{len(self.calls)}"
        self.open_searches[token] = (operation, iter(results))
        self._left = len(results)
        self._to_be_empty = self.empty_pages
        return say(f"tse:{operation}Response", f"<tse:SearchToken>{token}</tse:SearchToken>")

    def _get_recording_search_results(self, asked: Any) -> tuple[int, bytes]:
        return self._page("GetRecordingSearchResults", asked)

    def _get_event_search_results(self, asked: Any) -> tuple[int, bytes]:
        self.pages += 1
        return self._page("GetEventSearchResults", asked)

    def _page(self, operation: str, asked: Any) -> tuple[int, bytes]:
        self.paging.set()
        token = asked.find(f"{{{TSE}}}SearchToken").text
        if token not in self.open_searches:
            return 400, _fault("ter:InvalidToken", "The search token is invalid")
        most = min(int(asked.find(f"{{{TSE}}}MaxResults").text), self.most_a_page)
        if self._to_be_empty:
            self._to_be_empty -= 1
            return say(
                f"tse:{operation}Response",
                "<tse:ResultList><tt:SearchState>Queued</tt:SearchState></tse:ResultList>",
            )
        results = self.open_searches[token][1]
        page = [text for _, text in zip(range(most), results, strict=False)]
        self._left -= len(page)
        state = "Searching" if self._left else "Completed"
        return say(
            f"tse:{operation}Response",
            f"<tse:ResultList><tt:SearchState>{state}</tt:SearchState>{''.join(page)}"
            "</tse:ResultList>",
        )

    def _end_search(self, asked: Any) -> tuple[int, bytes]:
        if self.open_searches.pop(asked.find(f"{{{TSE}}}SearchToken").text, None) is None:
            return 400, _fault("ter:InvalidToken", "The search token is invalid")
        return say(
            "tse:EndSearchResponse",
            f"<tse:Endpoint>{self._reached:%Y-%m-%dT%H:%M:%SZ}</tse:Endpoint>",
        )


def _method(operation: str) -> str:
    """``GetServices`` is answered by ``_get_services``."""
    return re.sub("(?=[A-Z])", "_", operation).lower()


def say(name: str, inner: str) -> tuple[int, bytes]:
    return 200, (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope {_NAMESPACES}><s:Body>'
        f"<{name}>{inner}</{name}></s:Body></s:Envelope>\n"
    ).encode()


def _fault(code: str, words: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope {_NAMESPACES}><s:Body><s:Fault>'
        f"<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en">{words}</s:Text></s:Reason></s:Fault></s:Body>'
        "</s:Envelope>\n"
    ).encode()


def _date_time(name: str, at: datetime | None) -> str:
    if at is None:
        return ""
    return (
        f"<tt:{name}><tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
        f"<tt:Second>{at.second}</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year>"
        f"<tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date></tt:{name}>"
    )


def _recording(told: Recorded) -> str:
    oldest, newest = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (told.oldest_told, told.newest_told))
    tracks = "".join(
        f"<tt:Track><tt:TrackToken>{token}</tt:TrackToken><tt:TrackType>{kind}</tt:TrackType>"
        f"<tt:Description/><tt:DataFrom>{oldest}</tt:DataFrom><tt:DataTo>{newest}</tt:DataTo>"
        "</tt:Track>"
        for token, kind in (("video", "Video"), ("sound", "Audio"))
    )
    return (
        f"<tt:RecordingInformation><tt:RecordingToken>{told.token}</tt:RecordingToken><tt:Source>"
        f"<tt:SourceId>{told.source_id}</tt:SourceId><tt:Name>{told.name}</tt:Name>"
        "<tt:Location>gate</tt:Location><tt:Description/>"
        "<tt:Address>http://192.0.2.7/onvif/device_service</tt:Address></tt:Source>"
        f"<tt:EarliestRecording>{oldest}</tt:EarliestRecording>"
        f"<tt:LatestRecording>{newest}</tt:LatestRecording><tt:Content/>{tracks}"
        f"<tt:RecordingStatus>{told.status}</tt:RecordingStatus></tt:RecordingInformation>"
    )


def event_of(event: Event) -> str:
    at, recording, track, present, at_start = event
    label = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"<tt:Result><tt:RecordingToken>{recording}</tt:RecordingToken>"
        f"<tt:TrackToken>{track}</tt:TrackToken><tt:Time>{label}</tt:Time><tt:Event>"
        '<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f'{TOPIC}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="{label}" '
        f'PropertyOperation="{"Initialized" if at_start else "Changed"}"><tt:Source>'
        f'<tt:SimpleItem Name="RecordingToken" Value="{recording}"/>'
        f'<tt:SimpleItem Name="Track" Value="{track}"/></tt:Source><tt:Data>'
        f'<tt:SimpleItem Name="IsDataPresent" Value="{"true" if present else "false"}"/></tt:Data>'
        "</tt:Message></wsnt:Message></tt:Event>"
        f"<tt:StartStateEvent>{'true' if at_start else 'false'}</tt:StartStateEvent></tt:Result>"
    )
