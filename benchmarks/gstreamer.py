"""Starts GStreamer's RTSP server with clips of ours, for benchmarks and tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devices.simulator.rtsp_camera import Clip

SYSTEM_PYTHON: Final = "/usr/bin/python3"
_SCRIPT: Final = Path(__file__).parent / "peers" / "gstreamer_cameras.py"
_START_CODE: Final = b"\x00\x00\x00\x01"


@contextmanager
def serving(
    clips: Mapping[str, Clip],
    folder: Path,
    *,
    user: str = "viewer",
    password: str = "secret",
    basic: bool = False,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[str]:
    """Serve clips by path, behind digest or ``basic`` authentication; gives ``rtsp://host:port``.

    With a ``certificate`` (and its key; PEM) within TLS: ``rtsps://``.
    """
    cameras = {}
    for path, clip in clips.items():
        file = folder / f"{path}.pictures"
        with file.open("wb") as out:
            for frame in clip.frames:
                body = b"".join(_START_CODE + unit for unit in frame.units)
                out.write(len(body).to_bytes(4) + body)
        cameras[path] = {"codec": clip.codec.value, "fps": clip.fps, "clip": str(file)}
    with subprocess.Popen(
        [SYSTEM_PYTHON, str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        wanted = {
            "user": user,
            "password": password,
            "basic": basic,
            "certificate": certificate and [str(each) for each in certificate],
            "cameras": cameras,
        }
        server.stdin.write(json.dumps(wanted) + "\n")
        server.stdin.flush()
        try:
            port = server.stdout.readline().strip()
            if not port:
                raise RuntimeError("GStreamer's RTSP server did not start: see its error above")
            yield f"{'rtsps' if certificate else 'rtsp'}://127.0.0.1:{port}"
        finally:
            server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
