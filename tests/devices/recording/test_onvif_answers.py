"""Answers of ONVIF recorders, broken in every way: read as they were, or refused."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onvif_recorder import event_of, say

from devices.recording.onvif_answers import read_recordings, read_states
from devices.recording.onvif_soap import FaultError, read_envelope
from devices.recording.source import IncompleteError, RecordingError, UnreadableError

AT = datetime.fromisoformat("2026-11-20T08:00:00")
EVENTS = [(AT.replace(minute=n), "gate", "video", n % 2 == 0, False) for n in range(6)]
PAGE = say(
    "tse:GetEventSearchResultsResponse",
    "<tse:ResultList><tt:SearchState>Completed</tt:SearchState>"
    f"{''.join(event_of(event) for event in EVENTS)}</tse:ResultList>",
)[1]
READ = read_states(read_envelope(PAGE))


def test_a_page_is_read() -> None:
    state, states = READ
    assert state == "Completed"
    assert [(each.at.wall, each.present) for each in states] == [(e[0], e[3]) for e in EVENTS]


@given(length=st.integers(0, len(PAGE.rstrip()) - 1))
def test_no_part_of_a_page_passes_for_a_page(length: int) -> None:
    with pytest.raises((IncompleteError, UnreadableError)):
        read_envelope(PAGE[:length])


@given(place=st.integers(0, len(PAGE) - 1), byte=st.integers(0, 255))
def test_a_page_with_one_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    spoilt = PAGE[:place] + bytes([byte]) + PAGE[place + 1 :]
    with contextlib.suppress(RecordingError):
        answer = read_envelope(spoilt)
        read_states(answer)
        read_recordings(answer)


@given(noise=st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises((IncompleteError, UnreadableError)):
        read_envelope(noise)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (
            (
                b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault>'
                b"<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:NotAuthorized</e:Value>"
                b"</e:Subcode></e:Code><e:Reason><e:Text>no</e:Text></e:Reason></e:Fault></e:Body>"
                b"</e:Envelope>"
            ),
            "NotAuthorized",
        ),
        (
            (
                b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
                b"<faultcode>e:Server</faultcode><faultstring>busy</faultstring></e:Fault></e:Body>"
                b"</e:Envelope>\0\0"
            ),
            "Server",
        ),
    ],
)
def test_faults_of_either_soap_tell_their_codes(fault: bytes, code: str) -> None:
    with pytest.raises(FaultError) as caught:
        read_envelope(fault)
    assert code in caught.value.codes


def test_the_library_leaves_the_logging_of_the_process_alone() -> None:
    asked = (
        "import logging; from devices.recording import onvif_soap; onvif_soap._prepared(); "
        "root = logging.getLogger(); print(root.handlers, root.level)"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=100
    )
    assert told.stdout.split() == ["[]", "30"]
