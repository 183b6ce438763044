"""The load generator: many connections, one process, as many messages a second as a broker takes.

It speaks MQTT 3.1.1 on bare sockets. Messages are pre-encoded (`devices.simulator.packets`); at
QoS 1 each acknowledgement is counted and the number of unacknowledged messages is bounded. What is
not acknowledged when a connection breaks is sent again on the next one.
"""

from __future__ import annotations

import contextlib
import math
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from devices.model import Device
from devices.simulator.access import Access, Credentials
from devices.simulator.campus import Campus, invent
from devices.simulator.packets import Packets, remaining_length

CHUNK: Final = 400
"""Messages handed to the kernel at once: about 90 kB, so that no connection waits for another."""

PATIENCE_S: Final = 30.0
"""How long the broker may leave messages unacknowledged, or connections refused, before we stop."""

_RECEIVE: Final = 1 << 18


class LoadError(Exception):
    """The load could not be put on the broker; the message says where it stopped."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. One of ``messages`` and ``seconds`` ends it; ``rate`` ``None`` = flat out.

    ``window`` bounds the unacknowledged messages of one connection. ``reconnect`` goes on after a
    lost connection; without it, that is an error.
    """

    access: Access
    devices: int = 10_000
    connections: int = 8
    qos: int = 1
    rate: float | None = None
    seconds: float | None = None
    messages: int | None = None
    seed: int = 1
    window: int = 2_000
    alarm_every: int = 1_000
    reconnect: bool = False


class LoadReport(msgspec.Struct, frozen=True):
    """What was sent. Times in seconds but for those that say ms.

    ``acknowledged`` counts messages, never more than ``sent``; at QoS 0 it is 0. ``repeated`` were
    sent again after a lost connection. ``behind_ms`` is the worst lag behind the pace asked for.
    """

    sent: int
    acknowledged: int
    alarms: int
    repeated: int
    reconnects: int
    bytes: int
    seconds: float
    rate: float
    cpu_seconds: float
    behind_ms: float
    round_trip_ms_p50: float | None
    round_trip_ms_p99: float | None


def load_campus(devices: int, connections: int, seed: int = 1) -> Campus:
    """The campus a load speaks for: one school a connection, ids ``load1-…``."""
    return invent(seed=seed, schools=connections, devices=devices, prefix="load")


class _Piece(msgspec.Struct):
    """``count`` whole packets that were sent together; ``open`` of them are unacknowledged."""

    packets: bytes
    count: int
    open: int
    sent_at: float


class _Line:
    """One connection and the packets of its devices."""

    def __init__(
        self, load: Load, school: str, devices: Sequence[Device], now: int, phase: float
    ) -> None:
        self.school = school
        self._load = load
        self._packets = Packets(
            devices,
            seed=load.seed,
            now=now,
            qos=load.qos,
            version=4,
            laps=4 if load.devices <= 20_000 else 1,  # bounds the memory at 100,000 devices
            alarm_every=load.alarm_every,
            phase=phase,
        )
        self._credentials = load.access.credentials(school)
        self._socket: socket.socket | None = None
        self._unsent: deque[memoryview] = deque()
        self._unacknowledged: deque[_Piece] = deque()
        self._partial = b""
        self.connected = False
        self.in_flight = 0
        self.sent = 0
        self.acknowledged = 0
        self.repeated = 0
        self.bytes = 0
        self.last_progress = time.perf_counter()
        self.round_trips: deque[tuple[float, int]] = deque(maxlen=100_000)

    @property
    def socket(self) -> socket.socket:
        """The connection; only while `connected`."""
        if self._socket is None:
            raise ConnectionResetError(f"{self.school} has no connection")
        return self._socket

    @property
    def alarms(self) -> int:
        return self._packets.alarms

    def connect(self) -> None:
        """Open the connection; what is unacknowledged goes out again.

        Raises ``OSError``, and `LoadError` when the broker does not want us.
        """
        self._hang_up()
        access = self._load.access
        connection = socket.create_connection((access.host, access.port), timeout=5)
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        connection.sendall(connect_packet(f"load-{self.school}", self._credentials))
        answer = b""
        while len(answer) < 4:
            part = connection.recv(4 - len(answer))
            if not part:
                raise ConnectionResetError("closed before CONNACK")
            answer += part
        if answer[:2] != b"\x20\x02" or answer[3] != 0:
            raise LoadError(
                f"the broker refused the connection of {self.school} (CONNACK {answer.hex()}): "
                "check the user and password"
            )
        connection.setblocking(False)
        self._partial = b""
        for piece in self._unacknowledged:
            # A piece goes out again as a whole, and as a whole it will be acknowledged again.
            again = piece.count - piece.open
            self.in_flight += again
            self.acknowledged -= again
            piece.open = piece.count
        self._unsent = deque(memoryview(piece.packets) for piece in self._unacknowledged)
        self.repeated += self.in_flight
        self.connected = True
        self.last_progress = time.perf_counter()

    def lose(self) -> None:
        self._unsent.clear()
        self._hang_up()

    def _hang_up(self) -> None:
        self.connected = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def room(self) -> int:
        """Messages it would take now."""
        if not self.connected or len(self._unsent) > 4:
            return 0
        return self._load.window - self.in_flight if self._load.qos else CHUNK

    def send(self, count: int, now: int) -> int:
        """Send up to ``count`` more messages; how many it took."""
        packets, taken = self._packets.take(min(count, self.room, CHUNK), now)
        self.sent += taken
        self.bytes += len(packets)
        if self._load.qos:
            self.in_flight += taken
            self._unacknowledged.append(_Piece(packets, taken, taken, time.perf_counter()))
        self._unsent.append(memoryview(packets))
        self.flush()
        return taken

    @property
    def wants_to_write(self) -> bool:
        return bool(self._unsent)

    def flush(self) -> None:
        """Hand over what the kernel takes. Raises ``OSError``."""
        while self._unsent:
            try:
                done = self.socket.sendmsg(self._unsent)
            except BlockingIOError:
                return
            self.last_progress = time.perf_counter()
            while done:
                first = self._unsent[0]
                if done < len(first):
                    self._unsent[0] = first[done:]
                    break
                done -= len(first)
                self._unsent.popleft()

    def receive(self) -> None:
        """Count acknowledgements. Raises ``OSError`` when the connection is gone."""
        try:
            received = self.socket.recv(_RECEIVE)
        except BlockingIOError:
            return
        if not received:
            raise ConnectionResetError(f"the broker closed the connection of {self.school}")
        data = self._partial + received
        count = len(data) // 4
        if data[: count * 4 : 4].count(0x40) != count:
            raise LoadError(
                f"{self.school} received something that is no PUBACK: {data[:16].hex()}"
            )
        self._partial = data[count * 4 :]
        self.in_flight -= count
        self.acknowledged += count
        self.last_progress = now = time.perf_counter()
        while count:  # brokers acknowledge in the order of the messages (MQTT 3.1.1, 4.6)
            piece = self._unacknowledged[0]
            part = min(count, piece.open)
            self.round_trips.append((now - piece.sent_at, part))
            piece.open -= part
            count -= part
            if piece.open == 0:
                self._unacknowledged.popleft()

    def drain(self) -> None:
        """At QoS 0: wait until the broker has read everything. Raises ``OSError``."""
        self.socket.setblocking(True)
        self.socket.settimeout(PATIENCE_S)
        for piece in self._unsent:
            self.socket.sendall(piece)
        self.socket.sendall(b"\xc0\x00")  # PINGREQ; it is answered in its turn
        if self.socket.recv(2) != b"\xd0\x00":
            raise ConnectionResetError(f"the broker closed the connection of {self.school}")

    def close(self) -> None:
        """Say goodbye if there is anybody to say it to."""
        if self.connected:
            with contextlib.suppress(OSError):  # gone before us: there is nobody to tell
                self.socket.setblocking(True)
                self.socket.sendall(b"\xe0\x00")
        self._hang_up()


def connect_packet(client: str, credentials: Credentials | None) -> bytes:
    """CONNECT of MQTT 3.1.1 with a clean session and no keep-alive."""

    def field(text: str) -> bytes:
        raw = text.encode()
        return len(raw).to_bytes(2, "big") + raw

    body = b"\0\4MQTT\4" + (b"\xc2" if credentials else b"\2") + b"\0\0" + field(client)
    if credentials:
        body += field(credentials.username) + field(credentials.password)
    return b"\x10" + remaining_length(len(body)) + body


def run(load: Load, stopped: Callable[[], bool] = lambda: False) -> LoadReport:
    """Put the load on the broker, wait for the last acknowledgement, report.

    Blocks; ends early, but in order, once ``stopped()``. Raises `LoadError`.
    """
    campus = load_campus(load.devices, load.connections, load.seed)
    by_school: dict[str, list[Device]] = {school.id: [] for school in campus.schools}
    for device in campus.devices:
        by_school[device.school].append(device)
    now = time.time_ns() // 1_000_000
    lines = [
        # Each begins elsewhere between two alarms, so that short runs have their share, too.
        _Line(load, school, devices, now, phase=(index + 0.5) / len(by_school))
        for index, (school, devices) in enumerate(by_school.items())
    ]
    return _Run(load, lines, stopped).run()


class _Run:
    """One run: the loop over all connections."""

    def __init__(self, load: Load, lines: list[_Line], stopped: Callable[[], bool]) -> None:
        self._load = load
        self._lines = lines
        self._stopped = stopped
        self._poll = select.epoll()
        self._by_fd: dict[int, _Line] = {}
        self._lost: dict[str, float] = {}  # school: when it may try again
        self._turn = 0
        self._reconnects = 0
        self._behind = 0.0

    def run(self) -> LoadReport:
        try:
            for line in self._lines:
                self._connect_first(line)
            cpu = time.process_time()
            start = time.perf_counter()
            sent = self._send_all(start)
            self._finish()
            seconds = time.perf_counter() - start
            cpu = time.process_time() - cpu
        finally:
            for line in self._lines:
                line.close()
            self._poll.close()
        acknowledged = sum(line.acknowledged for line in self._lines)
        p50, p99 = _percentiles([entry for line in self._lines for entry in line.round_trips])
        return LoadReport(
            sent=sent,
            acknowledged=min(acknowledged, sent),
            alarms=sum(line.alarms for line in self._lines),
            repeated=sum(line.repeated for line in self._lines),
            reconnects=self._reconnects,
            bytes=sum(line.bytes for line in self._lines),
            seconds=round(seconds, 4),
            rate=round(sent / seconds, 1),
            cpu_seconds=round(cpu, 4),
            behind_ms=round(self._behind * 1000, 1),
            round_trip_ms_p50=p50,
            round_trip_ms_p99=p99,
        )

    def _connect_first(self, line: _Line) -> None:
        try:
            self._connect(line)
        except OSError as error:
            access = self._load.access
            raise LoadError(f"no broker at {access.host}:{access.port}: {error}") from error

    def _connect(self, line: _Line) -> None:
        line.connect()
        self._by_fd[line.socket.fileno()] = line
        self._poll.register(line.socket, select.EPOLLIN)

    def _send_all(self, start: float) -> int:
        """Send until the end that was asked for; how many."""
        load = self._load
        sent = 0
        while not self._stopped():
            elapsed = time.perf_counter() - start
            if load.seconds is not None and elapsed >= load.seconds:
                if load.rate is None:
                    break
                elapsed = load.seconds
            end = math.inf if load.messages is None else load.messages
            if load.rate is None:
                due: float = end - sent
            else:
                end = min(end, math.inf if load.seconds is None else load.rate * load.seconds)
                due = min(load.rate * elapsed, end) - sent
            if end - sent < 1:
                break
            before = sent
            sent += self._share_out(due)
            missing = due - (sent - before)
            if load.rate is not None:
                self._behind = max(self._behind, missing / load.rate)
            if load.rate is not None and missing < 1:
                self._serve(0.001)
            else:
                self._let_acknowledgements_gather()
                self._serve(0.0 if any(line.room >= CHUNK for line in self._lines) else 0.05)
        return sent

    def _let_acknowledgements_gather(self) -> None:
        """Brokers send them one by one, and to read each by itself costs more than to send.

        A millisecond is nothing against the time that so many open messages take.
        """
        if sum(line.in_flight for line in self._lines) > 4 * CHUNK:
            time.sleep(0.001)

    def _share_out(self, due: float) -> int:
        """Give ``due`` messages to the connections in turn; how many they took."""
        sent = 0
        lines = self._lines
        # Not one by one: a call to the kernel costs more than the message.
        share = min(CHUNK, max(16, math.ceil(due / len(lines)))) if due >= 1 else 0
        for _ in lines:
            count = int(min(share, due - sent))
            if count < 1:
                break
            line = lines[self._turn % len(lines)]
            self._turn += 1
            # A full window is refilled in pieces worth a call to the kernel.
            if line.room >= min(count, CHUNK, self._load.window // 2):
                try:
                    sent += line.send(count, time.time_ns() // 1_000_000)
                except OSError as error:
                    self._lose(line, error)
        return sent

    def _serve(self, timeout: float) -> None:
        """Read acknowledgements, write what was left over, bring back lost connections."""
        for fd, _ in self._poll.poll(timeout):
            line = self._by_fd[fd]
            try:
                line.receive()
            except OSError as error:
                self._lose(line, error)
        now = time.perf_counter()
        for line in self._lines:
            if not line.connected:
                self._bring_back(line, now)
                continue
            if line.wants_to_write:
                try:
                    line.flush()
                except OSError as error:
                    self._lose(line, error)
            if line.in_flight and now - line.last_progress > PATIENCE_S:
                raise LoadError(
                    f"the broker acknowledged nothing of {line.school} for {PATIENCE_S:.0f} s; "
                    f"{line.in_flight} messages are open"
                )

    def _lose(self, line: _Line, error: OSError) -> None:
        if not self._load.reconnect:
            raise LoadError(f"connection of {line.school} lost: {error}") from error
        del self._by_fd[line.socket.fileno()]
        self._poll.unregister(line.socket)
        line.lose()
        self._lost[line.school] = time.perf_counter() + 0.1

    def _bring_back(self, line: _Line, now: float) -> None:
        if now < self._lost[line.school]:
            return
        try:
            self._connect(line)
        except OSError as error:
            if now - line.last_progress > PATIENCE_S:
                raise LoadError(f"no broker again for {PATIENCE_S:.0f} s: {error}") from error
            self._lost[line.school] = now + 0.2
            return
        self._reconnects += 1

    def _finish(self) -> None:
        """Wait for everything that is still on its way."""
        if self._load.qos == 0:
            for line in self._lines:
                try:
                    line.drain()
                except OSError as error:
                    raise LoadError(f"connection of {line.school} lost: {error}") from error
            return
        while any(line.in_flight or line.wants_to_write for line in self._lines):
            self._serve(0.002)


def _percentiles(round_trips: list[tuple[float, int]]) -> tuple[float | None, float | None]:
    """Median and 99th percentile in ms of (seconds, how many)."""
    if not round_trips:
        return None, None
    round_trips.sort()
    total = sum(count for _, count in round_trips)
    found: list[float] = []
    for share in (0.5, 0.99):
        seen = 0
        for seconds, count in round_trips:
            seen += count
            if seen >= share * total:
                found.append(round(seconds * 1000, 3))
                break
    return found[0], found[1]
