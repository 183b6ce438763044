"""MANSCDP bodies from recorders: any code, bounded, and nothing that XML can do to a reader."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.recording.gb28181.errors import ContentError, Gb28181Error, IdentityError
from devices.recording.gb28181.ids import checked_id, is_camera, is_recorder
from devices.recording.gb28181.manscdp import (
    Command,
    faulty_devices,
    guessed_sn,
    read_envelope,
    record_info_query,
)
from devices.recording.xml_document import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    DocumentError,
    read_document,
)

DEVICE = "34020000001180000001"


def named(name: str, code: str, declared: str) -> bytes:
    text = f'<?xml version="1.0" encoding="{declared}"?><R><Name>{name}</Name></R>'
    return text.encode(code)


@pytest.mark.parametrize(
    ("code", "declared"),
    [("gb18030", "GB2312"), ("gbk", "gbk"), ("utf-8", "UTF-8"), ("utf-8-sig", "utf-8")],
)
@given(name=st.text("大门南㐀校园球机走廊AZ09 ", min_size=1))
def test_names_come_as_they_are_declared(code: str, declared: str, name: str) -> None:
    if code == "gbk":
        name = name.replace("㐀", "")  # beyond GBK
    assert (read_document(named(name, code, declared)).said("Name") or "") == name.strip()


def test_what_is_declared_wrongly_is_still_read() -> None:
    assert read_document(named("大门", "gb18030", "UTF-8")).said("Name") == "大门"
    assert read_document(named("南门岗", "utf-8", "GB2312")).said("Name") is not None
    assert read_document(b"<R><Name>\xb4\xf3\xc3\xc5</Name></R>").said("Name") == "大门"


def test_a_name_cut_within_a_character_costs_the_name_only() -> None:
    cut = "<R><Name>大门".encode("gb18030")[:-1] + b"</Name><SumNum>3</SumNum></R>"
    assert read_document(cut).said("SumNum") == "3"


def test_case_prefixes_padding_and_zero_bytes_do_not_matter() -> None:
    root = read_document(b"\r\n<x:Response><SUMNUM> 3 </SUMNUM></x:Response>\x00\x00")
    assert (root.name, root.said("SumNum")) == ("Response", "3")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"<R>",
        b"<R></S>",
        b"<R>&nbsp;</R>",
        b"<R/><R/>",
        b'<!DOCTYPE R SYSTEM "file:///etc/hostname"><R/>',
        b'<!DOCTYPE R [<!ENTITY a "b">]><R>&a;</R>',
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
    ],
    ids=lambda body: body[:24].decode("ascii"),
)
def test_what_is_broken_or_forbidden_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        read_document(body)


def keepalive(*more: str, sn: str = "7", kind: str = "Notify") -> bytes:
    return (
        f"<{kind}><CmdType>keepalive</CmdType><SN>{sn}</SN><DeviceID>{DEVICE}</DeviceID>"
        f"<Status>OK</Status>{''.join(more)}</{kind}>"
    ).encode()


def test_an_envelope_is_read() -> None:
    one = read_envelope(keepalive(f"<Info><DeviceID>{DEVICE}</DeviceID></Info>"))
    assert (one.answer, one.command, one.sn) == (False, Command.KEEPALIVE, 7)
    assert one.device == DEVICE
    assert faulty_devices(one.root) == (DEVICE,)


@pytest.mark.parametrize(
    "body",
    [
        keepalive(kind="Query"),
        keepalive(sn=""),
        keepalive(sn="-1"),
        keepalive(sn="12345678901"),
        keepalive().replace(b"keepalive", b""),
        keepalive().replace(DEVICE.encode(), b"123"),
    ],
)
def test_what_every_message_must_say_is_asked_for(body: bytes) -> None:
    with pytest.raises((ContentError, IdentityError)):
        read_envelope(body)


def test_the_number_of_a_broken_message_is_guessed() -> None:
    assert guessed_sn(b"<Response><CmdType>RecordInfo</CmdType><SN>17</SN><Devi") == 17
    assert guessed_sn(b"<Response><CmdType>RecordInfo") is None


def test_a_query_is_what_the_standard_says() -> None:
    query = record_info_query(9, DEVICE, "2026-11-20T00:00:00", "2026-11-20T12:00:00")
    assert query.startswith(b'<?xml version="1.0" encoding="GB2312"?>\r\n<Query>\r\n')
    assert b"<Type>all</Type>" in query
    assert b"<SN>9</SN>" in query
    assert len(query) < 1000  # with its head it goes into one UDP packet


@pytest.mark.parametrize("text", ["", "3402000000118000000", "3402000000118000000１", "x" * 20])
def test_an_identity_is_twenty_digits(text: str) -> None:
    with pytest.raises(IdentityError):
        checked_id(text)


def test_an_identity_says_what_it_is_of() -> None:
    assert checked_id(f" {DEVICE} ") == DEVICE
    assert is_recorder(DEVICE)
    assert is_camera("34020000001320000001")
    assert not is_camera(DEVICE)


@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_broken_bodies_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    whole = named("大门", "gb18030", "GB2312") + keepalive("<Info><DeviceID>1</DeviceID></Info>")
    for _ in range(1000):
        told = bytearray(chance.choice([whole, whole[70:], keepalive()]))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(told))
            if chance.random() < 0.5:
                told[at] = chance.randrange(256)
            else:
                del told[at : at + chance.randint(1, 9)]
        try:
            one = read_envelope(bytes(told))
        except (DocumentError, Gb28181Error):
            continue
        assert one.device == checked_id(one.device)
