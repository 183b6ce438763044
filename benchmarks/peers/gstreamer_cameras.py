"""Cameras served by GStreamer's RTSP server, as Debian packages it.

Runs under the system's Python, which has its bindings, and imports nothing of ours. On standard
input it gets one JSON object: ``{"user", "password", "basic", "certificate", "cameras": {path:
{"codec", "fps", "clip"}}}`` with ``clip`` a file of coded pictures, each behind its length in four
bytes, big-endian. They are sent in a loop to all viewers at once: who comes late waits for the next
key frame, as at a camera. ``basic``: that instead of digest. ``certificate``: its file and that of
its key, for TLS; ``null``: in the clear. It prints its port and serves until standard input closes.
"""

from __future__ import annotations

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"
MEDIA = {"H264": ("video/x-h264", "rtph264pay"), "H265": ("video/x-h265", "rtph265pay")}


def pictures_of(path: str) -> list[bytes]:
    """The coded pictures in a file."""
    found = []
    with open(path, "rb") as file:  # noqa: PTH123 - a script
        while head := file.read(4):
            found.append(file.read(int.from_bytes(head, "big")))
    return found


class Factory(GstRtspServer.RTSPMediaFactory):
    """One camera."""

    def __init__(self, codec: str, fps: int, clip: str) -> None:
        super().__init__()
        media, payloader = MEDIA[codec]
        self.pictures = pictures_of(clip)
        self.fps = fps
        self.set_launch(
            f"( appsrc name=source is-live=true format=time do-timestamp=true "
            f"caps={media},stream-format=byte-stream,alignment=au,framerate={fps}/1 "
            f"! {payloader} name=pay0 pt=96 config-interval=-1 )"
        )
        self.set_shared(True)
        self.connect("media-configure", self.configure)

    def configure(self, _factory: object, media: GstRtspServer.RTSPMedia) -> None:
        """Feed the pictures, one after the other, for as long as anybody watches."""
        source = media.get_element().get_child_by_name("source")
        state = {"next": 0, "over": False}

        def feed() -> bool:
            if state["over"]:
                return False
            body = self.pictures[state["next"] % len(self.pictures)]
            state["next"] += 1
            source.emit("push-buffer", Gst.Buffer.new_wrapped(body))
            return True

        media.connect("unprepared", lambda *_: state.update(over=True))
        feed()
        GLib.timeout_add(1000 // self.fps, feed)


def main() -> None:
    """Serve until standard input closes."""
    wanted = json.loads(sys.stdin.readline())
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
    auth = GstRtspServer.RTSPAuth()
    if wanted["basic"]:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
        known = GstRtspServer.RTSPAuth.make_basic(wanted["user"], wanted["password"])
        auth.add_basic(known, token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(wanted["user"], wanted["password"], token)
    if wanted["certificate"]:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*wanted["certificate"]))
    server.set_auth(auth)
    mounts = server.get_mount_points()
    for path, camera in wanted["cameras"].items():
        factory = Factory(**camera)
        factory.add_role_from_structure(
            Gst.Structure.new_from_string(
                f"{ROLE}, {GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS}=(boolean)true, "
                f"{GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT}=(boolean)true"
            )
        )
        mounts.add_factory(f"/{path}", factory)
    server.attach(None)
    loop = GLib.MainLoop()

    def until_input_closes() -> None:
        sys.stdin.read()
        GLib.idle_add(loop.quit)

    threading.Thread(target=until_input_closes, daemon=True).start()
    print(server.get_bound_port(), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
