"""The shipped configuration is found in a checkout and in an installed package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gateway import paths
from gateway.paths import default_config_dir


def found_by_a_copy(folder: Path) -> str:
    """Where a gateway that lies in this folder looks for its configuration."""
    package = folder / "gateway"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    (package / "paths.py").write_bytes(Path(paths.__file__).read_bytes())
    program = (
        "from gateway.paths import default_config_dir\n"
        "try:\n    print(default_config_dir())\n"
        "except FileNotFoundError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.stdout.strip()


def test_a_checkout_has_it_beside_the_packages() -> None:
    assert default_config_dir() == Path(__file__).parents[2] / "config"


def test_an_installed_package_carries_it(tmp_path: Path) -> None:
    (tmp_path / "gateway" / "defaults" / "kinds").mkdir(parents=True)
    assert found_by_a_copy(tmp_path) == str(tmp_path / "gateway" / "defaults")


def test_an_incomplete_installation_says_so(tmp_path: Path) -> None:
    assert found_by_a_copy(tmp_path).endswith("install the package again")
