"""The page's files: what was built, compressed beforehand, with the right caching.

Files under ``assets/`` carry a hash in their name and never change. Everything else is asked for
anew each time. Paths without a file are pages of the application: they get ``index.html``.
"""

from __future__ import annotations

import mimetypes
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
import msgspec
from starlette.responses import Response

from gateway.api.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

IMMUTABLE: Final = "public, max-age=31536000, immutable"
ALWAYS_ASK: Final = "no-cache"

_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_MISSING: Final = """\
<!doctype html><meta charset="utf-8"><title>Campus Gateway</title>
<h1>The page has not been built</h1>
<p>The gateway runs, and its interface answers under <code>/api/v1</code>, but the files of the
page are missing. Run <code>make web</code> (in a checkout) or install the package again, then
load this page again.</p>
<p lang="zh">网关正在运行，但页面文件缺失。请在源码目录执行 <code>make web</code>，
或重新安装软件包，然后刷新本页。</p>
"""


class _File(msgspec.Struct, frozen=True):
    media_type: str
    cache: str
    etag: str
    modified: str
    variants: dict[str, Path]
    """By content coding; ``identity`` is always there."""


class BuiltPage:
    """Serves one folder, read through at start and when it was built anew: what is not listed is
    not served, so no path a client writes ever reaches the file system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: tuple[int, int] | None = None
        self._files: dict[str, _File] = {}
        self._look_again()

    def _look_again(self) -> None:
        """List the files, unless ``index.html`` is the one that was listed last or is missing
        (between the old build and the new one)."""
        try:
            stat = (self._folder / "index.html").stat()
        except OSError:
            return
        stamp = stat.st_ino, stat.st_mtime_ns
        if stamp != self._built:
            self._files = _listed(self._folder)
            self._built = stamp

    @property
    def built(self) -> bool:
        """Whether there is a page at all."""
        return "index.html" in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD for a file or a page of the application."""
        await (await self._response(scope))(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            problem = Problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The page is only read.",
                headers={"Allow": "GET, HEAD"},
            )
            return problem.response()
        if not self.built:
            await anyio.to_thread.run_sync(self._look_again)
        if not self.built:
            return Response(_MISSING, 503, media_type="text/html; charset=utf-8")
        name = scope["path"].lstrip("/") or "index.html"
        found = self._files.get(name)
        if found is None or name == "index.html":
            await anyio.to_thread.run_sync(self._look_again)
            found = self._files.get(name)
        if found is None:
            if "." in name.rpartition("/")[2] or name.startswith("assets/"):
                # a file of an older build: index.html instead would be run as a script
                return _lost()
            found = self._files["index.html"]
        headers = dict(scope["headers"])
        common = {
            "Cache-Control": found.cache,
            "ETag": found.etag,
            "Last-Modified": found.modified,
            "Vary": "Accept-Encoding",
        }
        if headers.get(b"if-none-match", b"").decode("latin-1") == found.etag:
            return Response(status_code=304, headers=common)
        coding = _coding(headers.get(b"accept-encoding", b"").decode("latin-1"), found)
        if coding != "identity":
            common["Content-Encoding"] = coding
        try:
            body = await anyio.Path(found.variants[coding]).read_bytes()
        except FileNotFoundError:
            return _lost()  # of the build that has just been replaced
        return Response(body, headers=common, media_type=found.media_type)


def _lost() -> Response:
    return Response("Not found.\n", 404, media_type="text/plain")


def _listed(folder: Path) -> dict[str, _File]:
    """The files of a build, by their path in it."""
    return {
        name: _look_at(path, name)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".br", ".gz", ".map")
        for name in (path.relative_to(folder).as_posix(),)
    }


def _look_at(path: Path, name: str) -> _File:
    content = path.read_bytes()
    variants = {"identity": path}
    for coding, ending in _ENCODINGS:
        compressed = path.with_name(path.name + ending)
        if compressed.is_file():
            variants[coding] = compressed
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return _File(
        media_type=kind or "application/octet-stream",
        cache=IMMUTABLE if name.startswith("assets/") else ALWAYS_ASK,
        etag=f'"{sha256(content).hexdigest()[:32]}"',
        modified=formatdate(path.stat().st_mtime, usegmt=True),
        variants=variants,
    )


def _coding(accepted: str, file: _File) -> str:
    offers = {part.split(";")[0].strip() for part in accepted.split(",") if "q=0" not in part}
    return next(
        (coding for coding, _ in _ENCODINGS if coding in offers and coding in file.variants),
        "identity",
    )
