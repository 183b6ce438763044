"""Who is online: by registration and keep-alive, from one address, for as long as they are kept."""

from __future__ import annotations

from devices.recording.gb28181.admission import MOST_HOSTS, Admission
from devices.recording.gb28181.flow import Flow, Transport
from devices.recording.gb28181.registrations import KEEPALIVE_MS, Change, Registrations

RECORDER = "34020000001180000001"
OTHER = "34020000001180000002"


def flow(host: str = "192.0.2.7", port: int = 5060) -> Flow:
    return Flow(transport=Transport.UDP, host=host, port=port)


def registered() -> Registrations:
    known = Registrations()
    assert known.register(RECORDER, flow(), seconds=3600, now=0) is Change.ONLINE
    return known


def test_three_missed_keep_alives_are_offline_and_two_are_not() -> None:
    known = registered()
    assert known.due(3 * KEEPALIVE_MS - 1) == ()
    assert known.hear(RECORDER, flow(), 2 * KEEPALIVE_MS, ())
    assert known.due(5 * KEEPALIVE_MS - 1) == ()
    assert known.due(5 * KEEPALIVE_MS) == ((RECORDER, Change.SILENT),)
    assert known.due(5 * KEEPALIVE_MS) == ()
    assert known.of(RECORDER) is None


def test_who_does_not_register_again_in_time_is_offline_however_alive() -> None:
    known = Registrations()
    known.register(RECORDER, flow(), seconds=100, now=0)
    assert known.hear(RECORDER, flow(), 99_000, ())
    assert known.due(100_000) == ((RECORDER, Change.EXPIRED),)


def test_to_register_again_keeps_it_online_since_when_it_was() -> None:
    known = registered()
    assert known.register(RECORDER, flow(port=6000), seconds=3600, now=1000) is None
    assert known.register(RECORDER, flow("192.0.2.8"), seconds=9, now=2000) is Change.MOVED
    one = known.of(RECORDER)
    assert one is not None
    assert (one.since, one.heard, one.expires) == (0, 2000, 11_000)


def test_keep_alives_count_from_its_address_only_whatever_the_port() -> None:
    known = registered()
    assert not known.hear(RECORDER, flow("192.0.2.8"), 1000, ())
    assert not known.hear(OTHER, flow(), 1000, ())
    assert known.hear(RECORDER, flow(port=4711), 1000, (OTHER,))
    one = known.of(RECORDER)
    assert one is not None
    assert (one.flow.port, one.faulty) == (4711, (OTHER,))


def test_an_address_is_known_as_long_as_anyone_is_registered_there() -> None:
    known = registered()
    known.register(OTHER, flow(), seconds=3600, now=0)
    assert known.unregister(RECORDER) is Change.UNREGISTERED
    assert known.unregister(RECORDER) is None
    assert known.at_home("192.0.2.7")
    known.register(OTHER, flow("192.0.2.9"), seconds=3600, now=0)
    assert not known.at_home("192.0.2.7")
    assert known.at_home("192.0.2.9")


def test_each_address_has_its_share_and_all_together_have_theirs() -> None:
    admission = Admission(burst=3, per_second=1, total_burst=5, total_per_second=1)
    assert [admission.admit("a", 0) for _ in range(4)] == [True, True, True, False]
    assert admission.spent("a", 0)
    assert not admission.spent("b", 0)
    assert [admission.admit("b", 0) for _ in range(3)] == [True, True, False]
    assert admission.admit("a", 1000)


def test_a_flood_from_everywhere_is_not_remembered_without_end() -> None:
    admission = Admission(burst=1, per_second=1, total_burst=10, total_per_second=1)
    admitted = sum(admission.admit(str(host), 0) for host in range(3 * MOST_HOSTS))
    assert admitted == 10
    assert len(admission._hosts) == MOST_HOSTS
