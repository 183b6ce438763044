"""A broker that only blasts: it feeds subscribers the load mix as fast as their window permits.

It runs in a process of its own (`start`), so that whoever is fed is the bottleneck. A client
connects with MQTT 5 or 3.1.1 and subscribes; once somebody takes telemetry (and somebody, perhaps
the same session, takes events) the messages start, at QoS 1. Acknowledgements are held against the
only sequence that is right, as bytes; a client that acknowledges out of order is counted, not
refused. Packet ids go round from 1 to 65535 and none is used again before it is acknowledged.
"""

from __future__ import annotations

import argparse
import json
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import mqtt5

from devices.simulator.load import load_campus
from devices.simulator.packets import PACKET_IDS, Packets, remaining_length

CHUNK: Final = 1_000
_ACKNOWLEDGEMENTS: Final = b"".join(b"\x40\x02" + number for number in PACKET_IDS) * 2
"""What a client sends that acknowledges everything in order, twice round."""

_TELEMETRY: Final = "campus/load1-primary/temperature/any/telemetry"
_EVENT: Final = "campus/load1-primary/alarm-button/any/event"


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic filter takes a topic (MQTT 5, 4.7); shared ones count by their filter."""
    if pattern.startswith("$share/"):
        pattern = pattern.split("/", 2)[2]
    levels = topic.split("/")
    for index, level in enumerate(pattern.split("/")):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(levels) == len(pattern.split("/"))


class _Client:
    """One connection of whoever is fed."""

    def __init__(self, connection: socket.socket, *, session_present: bool) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
        self.socket = connection
        self._session_present = session_present
        self._rest = b""
        self._unsent: list[memoryview] = []
        self._early: set[int] = set()
        self.version = 5
        self.window = 65_535
        self.filters: list[str] = []
        self.sent = 0
        self.acknowledged = 0
        self.published = 0
        self.out_of_order = 0
        self.last_acknowledged = 0.0

    @property
    def in_flight(self) -> int:
        return self.sent - self.acknowledged

    @property
    def blocked(self) -> bool:
        """Whether the kernel has not yet taken what was sent."""
        return bool(self._unsent)

    def takes(self, topic: str) -> bool:
        return any(matches(pattern, topic) for pattern in self.filters)

    def feed(self, packets: Packets, most: int) -> int:
        """Send up to ``most`` messages within the window; how many it took."""
        room = min(most, self.window - self.in_flight, CHUNK)
        if room <= 0 or self._unsent:
            return 0
        piece, count = packets.take(room, time.time_ns() // 1_000_000)
        self.sent += count
        self.write(piece)
        return count

    def write(self, piece: bytes) -> None:
        self._unsent.append(memoryview(piece))
        self.flush()

    def flush(self) -> None:
        while self._unsent:
            try:
                done = self.socket.send(self._unsent[0])
            except BlockingIOError:
                return
            if done == len(self._unsent[0]):
                self._unsent.pop(0)
            else:
                self._unsent[0] = self._unsent[0][done:]

    def receive(self) -> bool:
        """Take what came; false when the connection is gone."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        data = self._rest + data if self._rest else data
        whole = len(data) & ~3
        at = self.acknowledged % 65_535 * 4
        if not self._early and whole and data[:whole] == _ACKNOWLEDGEMENTS[at : at + whole]:
            self._progress(whole // 4)
            self._rest = data[whole:]
            return True
        self._rest = data[self._packets(data) :]
        return True

    def _progress(self, count: int) -> None:
        self.acknowledged += count
        self.last_acknowledged = time.perf_counter()

    def _packets(self, data: bytes) -> int:
        """Take whole packets one by one; how many bytes they were."""
        offset = 0
        while True:
            length, shift, at = 0, 0, offset + 1
            while True:
                if at >= len(data):
                    return offset
                digit = data[at]
                length |= (digit & 0x7F) << shift
                shift += 7
                at += 1
                if digit < 0x80:
                    break
            if at + length > len(data):
                return offset
            self._packet(data[offset], data[at : at + length], data[offset : at + length])
            offset = at + length

    def _packet(self, first: int, body: bytes, packet: bytes) -> None:
        match first >> 4:
            case 1:
                self._connect(body, packet)
            case 3:
                self._published(first, body)
            case 4:
                self._acknowledge(int.from_bytes(body[:2], "big"))
            case 6:
                self.write(b"\x70\x02" + body[:2])  # PUBREL, answered by PUBCOMP
            case 8:
                self._subscribe(body)
            case 10:
                topics = b"" if self.version == 4 else b"\0" + b"\0" * _count_filters(body)
                answer = body[:2] + topics
                self.write(b"\xb0" + remaining_length(len(answer)) + answer)
            case 12:
                self.write(b"\xd0\x00")

    def _connect(self, body: bytes, packet: bytes) -> None:
        self.version = body[6]
        if self.version == 5:
            parsed, _ = mqtt5.read(memoryview(packet))
            assert isinstance(parsed, mqtt5.ConnectPacket)
            self.window = parsed.receive_max or 65_535
            self.write(
                mqtt5.ConnAckPacket(
                    session_present=self._session_present, receive_max=65_535
                ).write()
            )
        else:
            self.write(b"\x20\x02" + bytes([self._session_present, 0]))

    def _subscribe(self, body: bytes) -> None:
        filters = list(_filters(body, self.version))
        self.filters += filters
        answer = body[:2] + (b"\0" if self.version == 5 else b"") + b"\1" * len(filters)
        self.write(b"\x90" + remaining_length(len(answer)) + answer)

    def _published(self, first: int, body: bytes) -> None:
        self.published += 1
        qos = first >> 1 & 3
        if qos:
            (length,) = struct.unpack_from(">H", body)
            packet_id = body[2 + length : 4 + length]
            self.write((b"\x40\x02" if qos == 1 else b"\x50\x02") + packet_id)

    def _acknowledge(self, packet_id: int) -> None:
        expected = self.acknowledged % 65_535 + 1
        if packet_id != expected:
            self.out_of_order += 1
            self._early.add(packet_id)
            return
        self._progress(1)
        while self._early and self.acknowledged % 65_535 + 1 in self._early:
            self._early.discard(self.acknowledged % 65_535 + 1)
            self._progress(1)


def _filters(body: bytes, version: int) -> Iterator[str]:
    """The topic filters of a SUBSCRIBE."""
    at = 2
    if version == 5:
        at += 1 + body[at]  # our clients send few properties: one byte of length
    while at < len(body):
        (length,) = struct.unpack_from(">H", body, at)
        yield body[at + 2 : at + 2 + length].decode()
        at += 3 + length


def _count_filters(body: bytes) -> int:
    count, at = 0, 3
    while at < len(body):
        at += 2 + int(struct.unpack_from(">H", body, at)[0])
        count += 1
    return count


class FakeBroker:
    """Listens, feeds, counts."""

    def __init__(
        self, *, messages: int, devices: int, session_present: bool, port: int, alarms: bool
    ) -> None:
        self._left = messages
        self._messages = messages
        self._devices = devices
        self._session_present = session_present
        self._alarms = alarms
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._poll = select.epoll()
        self._poll.register(self._listener, select.EPOLLIN)
        self._clients: dict[int, _Client] = {}
        self._packets: dict[int, Packets] = {}
        self._prepared = self._prepare()
        self.go = True
        """Whether feeding may begin once somebody has subscribed."""

    def _prepare(self) -> dict[tuple[int, str], Packets]:
        """Both sorts of packets for MQTT 5, encoded before anybody waits for them."""
        return {(5, sort): self._make(5, sort) for sort in ("mixed", "telemetry", "events")}

    def _make(self, version: int, sort: str) -> Packets:
        devices = load_campus(self._devices, min(8, self._devices)).devices
        # A button that presses in one session must not count its telemetry in the other.
        pressing = [device for device in devices if device.kind == "alarm-button"][::4]
        if sort == "events":
            chosen = pressing
        elif sort == "telemetry" and self._alarms:
            keys = {device.key for device in pressing}
            chosen = [device for device in devices if device.key not in keys]
        else:
            chosen = list(devices)
        return Packets(
            chosen,
            seed=1,
            now=time.time_ns() // 1_000_000,
            qos=1,
            version=version,
            laps=4 if self._devices <= 20_000 else 1,
            alarm_every=1_000 if sort == "mixed" and self._alarms else 0,
            events_only=sort == "events",
        )

    def run(self) -> Iterator[dict[str, Any]]:
        """Serve until the process ends; yields the one report when everything is acknowledged."""
        while not (feeds := self._feeds()) or not self.go:
            self._serve(0.05)
        cpu = time.process_time()
        start = time.perf_counter()
        telemetry, events = feeds
        sent_telemetry = sent_events = 0
        alone = telemetry is events
        while self._left or any(client.in_flight for client, _ in feeds):
            if not alone and self._left and sent_events < sent_telemetry // 999:
                taken = events[0].feed(events[1], min(self._left, 1))
                sent_events += taken
                self._left -= taken
            taken = telemetry[0].feed(telemetry[1], self._left)
            sent_telemetry += taken
            self._left -= taken
            self._serve(0.0 if taken else 0.05)
            for client, _ in feeds:
                if client.socket.fileno() < 0:
                    raise ConnectionResetError(
                        f"the client left with {client.in_flight} messages unacknowledged "
                        f"and {self._left} unsent"
                    )
        seconds = max(client.last_acknowledged for client, _ in feeds) - start
        alarms = telemetry[1].alarms + (0 if alone else events[1].alarms)
        yield {
            "messages": self._messages,
            "alarms": alarms,
            "seconds": round(seconds, 4),
            "rate": round(self._messages / seconds, 1),
            "window": telemetry[0].window,
            "sessions": 1 if alone else 2,
            "out_of_order": sum(client.out_of_order for client, _ in feeds),
            "published_by_clients": sum(client.published for client in self._clients.values()),
            "cpu_seconds": round(time.process_time() - cpu, 4),
        }
        while True:
            self._serve(0.05)

    def _feeds(self) -> tuple[tuple[_Client, Packets], tuple[_Client, Packets]] | None:
        """Who gets telemetry and who events, with what; ``None`` = wait for subscriptions."""
        clients = list(self._clients.values())
        telemetry = next((client for client in clients if client.takes(_TELEMETRY)), None)
        if telemetry is None:
            return None
        events = next((client for client in clients if client.takes(_EVENT)), None)
        if events is None and self._alarms:
            return None
        if events is None or events is telemetry:
            sort = "mixed" if self._alarms else "telemetry"
            feed = (telemetry, self._of(telemetry.version, sort))
            return feed, feed
        if not self._alarms:
            feed = (telemetry, self._of(telemetry.version, "telemetry"))
            return feed, feed
        return (
            (telemetry, self._of(telemetry.version, "telemetry")),
            (events, self._of(events.version, "events")),
        )

    def _of(self, version: int, sort: str) -> Packets:
        return self._prepared.get((version, sort)) or self._make(version, sort)

    def _serve(self, timeout: float) -> None:
        for fd, _ in self._poll.poll(timeout):
            if fd == self._listener.fileno():
                connection, _ = self._listener.accept()
                self._clients[connection.fileno()] = _Client(
                    connection, session_present=self._session_present
                )
                self._poll.register(connection, select.EPOLLIN)
            elif not self._clients[fd].receive():
                self._poll.unregister(fd)
                self._clients.pop(fd).socket.close()
        for client in self._clients.values():
            if client.blocked:
                client.flush()


class Running:
    """A fake broker in its process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def go(self) -> None:
        """Let a broker that was told to hold begin to feed."""
        self.process.send_signal(signal.SIGUSR1)

    def report(self) -> dict[str, Any]:
        """Wait until everything is acknowledged. Raises ``RuntimeError`` with what it said."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the fake broker ended without a report; see its error above")
        report: dict[str, Any] = json.loads(line)
        return report


@contextmanager
def start(
    messages: int,
    *,
    devices: int = 10_000,
    session_present: bool = False,
    alarms: bool = True,
    port: int = 0,
    hold: bool = False,
) -> Iterator[Running]:
    """A fake broker in its own process, ended with the block. ``hold``: feeds after `go`."""
    command = [sys.executable, "-m", "benchmarks.fake_broker", "--messages", str(messages)]
    command += ["--devices", str(devices), "--port", str(port)]
    command += ["--session-present"] if session_present else []
    command += [] if alarms else ["--no-alarms"]
    command += ["--hold"] if hold else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the fake broker did not start; see its error above")
            yield Running(process, json.loads(line)["port"])
        finally:
            process.terminate()
            process.wait(10)


def main(arguments: list[str] | None = None) -> None:
    """Run until terminated: a line with the port, later one with the report."""
    parser = argparse.ArgumentParser(prog="benchmarks.fake_broker", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--session-present", action="store_true")
    parser.add_argument("--no-alarms", action="store_true")
    parser.add_argument("--hold", action="store_true", help="feed only after SIGUSR1")
    options = parser.parse_args(arguments)
    broker = FakeBroker(
        messages=options.messages,
        devices=options.devices,
        session_present=options.session_present,
        port=options.port,
        alarms=not options.no_alarms,
    )
    broker.go = not options.hold

    def go(_signal: int, _frame: object) -> None:
        broker.go = True

    signal.signal(signal.SIGUSR1, go)
    print(json.dumps({"port": broker.port}), flush=True)
    for report in broker.run():
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
