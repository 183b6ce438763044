"""Frames of DC-09: as in the standard's examples, read back by a decoder that is not ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siadc09.message import parse_frame
from siadc09.util import decrypt

from devices.police_link.dc09 import (
    DCS,
    Format,
    Frame,
    FrameError,
    Identity,
    contact_id,
    dcs,
    event_frame,
    supervision_frame,
)
from devices.police_link.link import Code, LinkEvent

NOW = 1_795_312_800_123

ACCOUNTS = st.text("0123456789ABCDEF", min_size=3, max_size=16)
KEYS = st.sampled_from((16, 24, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def event(**changes: Any) -> LinkEvent:
    panic = LinkEvent(
        key="k1", sequence=1, code=Code.PANIC, happened=NOW, known=NOW, school="s1", zone=5
    )
    return msgspec.structs.replace(panic, **changes)


EVENTS = st.builds(
    event,
    sequence=st.integers(1, 9999),
    code=st.sampled_from(Code),
    restore=st.booleans(),
    zone=st.integers(0, 999),
    partition=st.integers(0, 99),
)


def read(frame: Frame) -> Any:
    return parse_frame(frame.octets, frame.identity.key)


def clear_text(frame: Frame) -> bytes:
    """The decrypted content, pad included."""
    assert frame.identity.key is not None
    clear = decrypt(frame.identity.key, bytes.fromhex(frame.octets.split(b"[")[1][:-1].decode()))
    assert isinstance(clear, bytes)
    return clear


def test_a_panic_press_is_written_as_in_the_standard() -> None:
    frame = event_frame(event(), Identity(account="1234"), Format.CONTACT_ID, NOW, timestamp=False)
    assert frame.octets == b'\n98100029"ADM-CID"0001R0L0#1234[#1234|1120 01 005]\r'


def test_a_supervision_message_is_written_as_in_the_standard() -> None:
    frame = supervision_frame(Identity(account="1234"), NOW, timestamp=False)
    assert frame.octets == b'\n28330015"NULL"0000R0L0#1234[]\r'
    panel = supervision_frame(Identity(account="8312", receiver=None), NOW, timestamp=False)
    assert panel.octets == b'\nFE2E0013"NULL"0000L0#8312[]\r'


def test_the_time_of_a_frame_is_utc() -> None:
    frame = supervision_frame(Identity(account="1234"), NOW)
    assert frame.octets.endswith(b"[]_02:00:00,11-22-2026\r")


@pytest.mark.parametrize("account", ["000", "0012", "0000001", "00000000000000AB"])
@pytest.mark.parametrize("key", [None, bytes(16)])
def test_an_account_keeps_its_leading_zeros(account: str, key: bytes | None) -> None:
    frame = event_frame(event(), Identity(account=account, key=key), Format.CONTACT_ID, NOW)
    assert f"#{account}[".encode() in frame.octets
    data = frame.octets if key is None else clear_text(frame)
    assert f"#{account}|1120 01 005]".encode() in data


def test_small_letters_of_an_account_are_written_large() -> None:
    frame = event_frame(event(), Identity(account="00ab"), Format.CONTACT_ID, NOW)
    assert b"#00AB[#00AB|" in frame.octets


def test_receiver_and_line_are_written_as_hexadecimal_numbers() -> None:
    identity = Identity(account="1234", receiver=0x579BDF, line=0x789ABC)
    assert b'"NULL"0000R579BDFL789ABC#1234[' in supervision_frame(identity, NOW).octets


@given(told=EVENTS, account=ACCOUNTS, key=st.none() | KEYS)
def test_a_strict_decoder_reads_every_contact_id_event(
    told: LinkEvent, account: str, key: bytes | None
) -> None:
    message = read(event_frame(told, Identity(account=account, key=key), Format.CONTACT_ID, NOW))
    assert message.seq == told.sequence
    assert message.account.acct == int(account, 16)
    assert message.encrypted is (key is not None)
    assert message.timestamp == datetime.fromtimestamp(NOW // 1000, UTC)
    one = message.data.event
    assert one.code == str(int(told.code))
    assert one.qualifier == ("3" if told.restore else "1")
    assert (f"{one.group:X}", f"{one.addr:X}") == (str(told.partition), str(told.zone))


@given(told=EVENTS, account=ACCOUNTS, key=st.none() | KEYS)
def test_a_strict_decoder_reads_every_sia_event(
    told: LinkEvent, account: str, key: bytes | None
) -> None:
    message = read(event_frame(told, Identity(account=account, key=key), Format.SIA, NOW))
    (one,) = message.data.blocks[-1].events
    assert one.code == DCS[told.code][told.restore]
    assert f"{one.addr:X}" == str(told.zone)
    assert one.modifiers["ri"].value == told.partition


@pytest.mark.parametrize("size", [16, 24, 32])
@pytest.mark.parametrize("form", Format)
def test_encrypted_content_is_padded_as_the_edition_of_2026_wants(size: int, form: Format) -> None:
    key = bytes(range(size))
    for zone in range(16):
        frame = event_frame(event(zone=zone), Identity(account="1234", key=key), form, NOW)
        assert re.search(rb'"\*[A-Z-]+"0001R0L0#1234\[[0-9A-F]+\r$', frame.octets)
        pad, rest = clear_text(frame).split(b"|", 1)
        assert 16 <= len(pad) <= 31
        assert rest.endswith(b"]_02:00:00,11-22-2026")


def test_an_encrypted_frame_has_the_time_even_where_plain_ones_go_without() -> None:
    identity = Identity(account="1234", key=bytes(16))
    message = read(supervision_frame(identity, NOW, timestamp=False))
    assert message.timestamp == datetime.fromtimestamp(NOW // 1000, UTC)


def test_two_encryptions_of_one_event_differ() -> None:
    identity = Identity(account="1234", key=bytes(16))
    first, second = (event_frame(event(), identity, Format.SIA, NOW) for _ in range(2))
    assert first.octets != second.octets


def test_a_repetition_differs_in_its_time_only() -> None:
    identity = Identity(account="1234")
    first = event_frame(event(), identity, Format.CONTACT_ID, NOW)
    again = event_frame(event(), identity, Format.CONTACT_ID, NOW + 1000)
    assert first.octets[9:-22] == again.octets[9:-22]
    assert first.sequence == again.sequence == 1


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("key", [None, bytes(16)])
def test_an_event_that_was_held_up_says_when_it_happened(form: Format, key: bytes | None) -> None:
    held_up = event(happened=NOW - 3_600_000)
    frame = event_frame(held_up, Identity(account="1234", key=key), form, NOW, occurrence=True)
    message = read(frame)
    (occurred,) = message.xdata
    assert occurred.prefix == "H"
    assert occurred.value == datetime.fromtimestamp((NOW - 3_600_000) // 1000, UTC)
    assert message.timestamp == datetime.fromtimestamp(NOW // 1000, UTC)
    text = frame.octets if key is None else clear_text(frame)
    assert b"05][H01:00:00,11-22-2026]_02:00:00,11-22-2026" in text


@pytest.mark.parametrize("happened", [-1, 253_402_300_800_000, 1 << 63])
def test_an_event_of_no_time_in_the_calendar_goes_without_it(happened: int) -> None:
    wild = event(happened=happened)
    frame = event_frame(wild, Identity(account="1234"), Format.CONTACT_ID, NOW, occurrence=True)
    assert read(frame).xdata == []
    latest = event(happened=253_402_300_799_999)
    frame = event_frame(latest, Identity(account="1234"), Format.CONTACT_ID, NOW, occurrence=True)
    assert b"[H23:59:59,12-31-9999]" in frame.octets


def test_every_code_has_a_word_in_both_formats() -> None:
    for code in Code:
        assert contact_id(event(code=code)) == f"1{int(code)} 01 005"
        assert contact_id(event(code=code, restore=True)) == f"3{int(code)} 01 005"
        assert re.fullmatch(r"Nri1/[A-Z]{2}005", dcs(event(code=code)))


@pytest.mark.parametrize("account", ["", "12", "12345678901234567", "12G4", " 1234", "１２３"])
def test_an_account_that_no_frame_holds_is_refused(account: str) -> None:
    with pytest.raises(FrameError, match="account"):
        Identity(account=account)


@pytest.mark.parametrize("size", [0, 8, 15, 17, 31, 33])
def test_a_key_of_another_size_is_refused_and_not_quoted(size: int) -> None:
    with pytest.raises(FrameError, match="key") as refused:
        Identity(account="1234", key=b"s" * size)
    assert "sss" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sequence": 0}, "sequence number 0"),
        ({"sequence": 10_000}, "sequence number 10000"),
        ({"zone": 1000}, "zone 1000"),
        ({"zone": -1}, "zone -1"),
        ({"partition": 100}, "partition 100"),
    ],
)
def test_an_event_that_no_frame_holds_is_refused(changes: dict[str, int], said: str) -> None:
    for form in Format:
        with pytest.raises(FrameError, match=said):
            event_frame(event(**changes), Identity(account="1234"), form, NOW)


def test_line_and_receiver_beyond_six_digits_are_refused() -> None:
    for line, receiver in ((0x1000000, 0), (-1, 0), (0, 0x1000000), (0, -1)):
        with pytest.raises(FrameError, match="number"):
            Identity(account="1234", line=line, receiver=receiver)


def test_no_key_is_seen_where_an_identity_is_printed() -> None:
    identity = Identity(account="1234", key=b"sixteen secret b")
    frame = supervision_frame(identity, NOW)
    assert "secret" not in f"{identity!r} {identity} {frame!r} {frame}"
