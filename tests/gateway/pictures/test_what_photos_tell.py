"""What is kept of a photo shows it as it was, and not where, when, by whom or with what."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from photographed import JFIF, PLACE, SCAN, chunk, exif, frame, jpeg, png, segment, tiff

from gateway.pictures.exif import header_saying, orientation
from gateway.pictures.jpeg import MOST_SCANS
from gateway.pictures.raster import JPEG, PNG
from gateway.pictures.sight import PictureError, look_at

XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + PLACE)
IPTC = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + PLACE)
REMARK = segment(0xFE, PLACE)
SECOND_PICTURE = segment(0xE2, b"MPF\0" + PLACE)
MAKER = segment(0xE5, PLACE)
SMALL_COPY = segment(0xE0, b"JFXX\0\x10" + PLACE)
COLOURS = segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(20))
ADOBE = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
TABLE = segment(0xDB, bytes(65))

PRIVATE = [exif(1), XMP, IPTC, REMARK, SECOND_PICTURE, MAKER, SMALL_COPY]
SHOWING = [JFIF, COLOURS, ADOBE, TABLE]


def test_what_a_phone_writes_into_a_photo_and_behind_it_is_gone() -> None:
    film = b"\0\0\0\x18ftypmp42" + PLACE
    photo = jpeg(before=[*PRIVATE, *SHOWING], between=[REMARK, TABLE], after=film)

    kept = look_at(photo, JPEG)

    assert PLACE not in kept.body
    assert kept.body == jpeg(before=SHOWING, between=[TABLE])
    assert (kept.width, kept.height) == (4, 3)


def test_a_small_copy_in_the_header_and_words_behind_adobes_are_gone() -> None:
    header = JFIF[4:-2] + b"\x01\x01" + PLACE
    adobe = ADOBE[4:] + PLACE

    kept = look_at(jpeg(before=[segment(0xE0, header), segment(0xEE, adobe)]), JPEG)

    assert kept.body == jpeg(before=[JFIF, ADOBE])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photo_stays_the_way_up_that_it_was_taken(turned: int, order: str) -> None:
    kept = look_at(jpeg(6, 2, before=[JFIF, exif(turned, order)]), JPEG)

    only = [segment(0xE1, b"Exif\0\0" + header_saying(turned))] if turned > 1 else []
    assert kept.body == jpeg(6, 2, before=[JFIF, *only])
    assert (kept.width, kept.height) == ((2, 6) if turned > 4 else (6, 2))
    assert look_at(kept.body, JPEG) == kept


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"MM\0*",
        b"XX" + tiff(6)[2:],
        tiff(0),
        tiff(9),
        tiff(6)[:12],
        tiff(6).replace(b"\x01\x12\0\x03", b"\x01\x12\0\x04"),
        b"MM\0*" + struct.pack(">I", 2**32 - 1) + bytes(20),
    ],
)
def test_what_does_not_say_which_way_up_is_upright(says: bytes) -> None:
    assert orientation(says) == 1


def test_which_way_up_is_found_among_other_things() -> None:
    assert orientation(tiff(6, further=40)) == 6


@given(st.binary(max_size=200))
def test_no_garbage_in_place_of_exif_does_harm(garbage: bytes) -> None:
    photo = jpeg(before=[segment(0xE1, b"Exif\0\0" + garbage)])

    kept = look_at(photo, JPEG)

    assert orientation(garbage) in range(1, 9)
    assert look_at(kept.body, JPEG) == kept


@given(st.lists(st.sampled_from([*PRIVATE, *SHOWING]), max_size=12))
def test_however_its_segments_lie_what_shows_it_stays_in_its_order(before: list[bytes]) -> None:
    kept = look_at(jpeg(before=before), JPEG)

    assert kept.body == jpeg(before=[each for each in before if each in SHOWING])


@given(
    st.lists(st.sampled_from([*PRIVATE, *SHOWING]), max_size=4),
    st.integers(0, 400),
    st.binary(max_size=12),
)
def test_a_damaged_photo_is_refused_in_words_or_kept_the_same_ever_after(
    before: list[bytes], at: int, noise: bytes
) -> None:
    raw = jpeg(before=before)
    try:
        kept = look_at(raw[:at] + noise + raw[at + len(noise) :], JPEG)
    except PictureError:
        return
    assert look_at(kept.body, JPEG) == kept


def test_a_photo_of_two_frames_or_without_end_of_scans_is_refused() -> None:
    with pytest.raises(PictureError, match="damaged"):
        look_at(jpeg(before=[JFIF, frame(12_000, 12_000)]), JPEG)
    with pytest.raises(PictureError, match="scans"):
        look_at(jpeg(between=[SCAN] * MOST_SCANS), JPEG)
    with pytest.raises(PictureError, match="no picture"):
        look_at(b"\xff\xd8" + frame(4, 3) + b"\xff\xd9", JPEG)


def test_words_and_time_in_a_screenshot_are_gone_and_its_colours_stay() -> None:
    colours = [chunk(b"gAMA", bytes(4)), chunk(b"iCCP", b"sRGB\0\0x"), chunk(b"tRNS", bytes(6))]
    words = [
        chunk(name, b"Author\0" + PLACE)
        for name in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt", b"acTL")
    ]

    kept = look_at(png(before=[*words[:3], *colours, *words[3:]]), PNG)

    assert kept.body == png(before=colours)
    assert look_at(kept.body, PNG) == kept


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_screenshot_stays_the_way_up_that_it_was_taken(turned: int) -> None:
    kept = look_at(png(6, 2, before=[chunk(b"eXIf", tiff(turned))]), PNG)

    only = [chunk(b"eXIf", header_saying(turned))] if turned > 1 else []
    assert kept.body == png(6, 2, before=only)
    assert (kept.width, kept.height) == ((2, 6) if turned > 4 else (6, 2))
    assert look_at(kept.body, PNG) == kept
