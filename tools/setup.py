"""Sets a checkout up: ``.venv`` with pinned, hashed packages, the project itself, built assets, compiled translations.

    python3 tools/setup.py [--dev] [--no-assets]

Needs Python 3.11 or later with its venv module, and nothing else; where that is missing it names the one command that
helps. What is in place already is recognised by digest and not done again. This file must run (far enough to say so)
on an older Python, so it uses no newer syntax.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "NODE_USE_SYSTEM_CA": "1",  # the certificates of the system, as pip does, not only those Node was built with
}
BUILD, RUNTIME, DEV = "requirements-build.txt", "requirements.txt", "requirements-dev.txt"


def main(arguments: list[str]) -> int:
    """Run every step that is due."""
    require_python()
    started = time.monotonic()
    require_venv()
    python = virtual_environment()
    wanted = DEV if "--dev" in arguments else RUNTIME
    done = packages(python, wanted)
    done = project(python) or done
    if "--no-assets" not in arguments:
        done = assets(python, with_tests=wanted == DEV) or done
    run([str(python), str(ROOT / "tools" / "translations.py"), "compile"])
    if done:
        say(f"Set up in {time.monotonic() - started:.0f} s.")
    return 0


def say(text: str) -> None:
    """One line for the person who waits."""
    print(text, flush=True)


def stop(text: str) -> NoReturn:
    """End with what is wrong and what to do."""
    sys.exit("otay: " + text)


def run(command: list[str]) -> None:
    """Run ``command`` in the checkout; stop with its exit code if it fails."""
    environment = {**os.environ, **QUIET}
    code = subprocess.call(command, cwd=str(ROOT), env=environment)
    if code:
        stop(f"{' '.join(command)} ended with exit code {code} (see above)")


def require_python() -> None:
    """Go on with the newest Python found when this one is too old."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    stop(
        f"Python 3.11 or later is needed; this is {platform.python_version()}. "
        "Install it, or name one: make PYTHON=/path/to/python3.11 ..."
    )


def require_venv() -> None:
    """Debian splits venv and ensurepip from Python."""
    if VENV.joinpath("bin", "python").exists() or all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        return
    package = (
        "python3-venv"
        if sys.executable.endswith("/python3")
        else f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    )
    sudo = "" if os.geteuid() == 0 else "sudo "
    stop(
        "this Python cannot make virtual environments. This command helps, then run make again:\n\n"
        f"    {sudo}apt-get update && {sudo}apt-get install -y {package}\n"
    )


def virtual_environment() -> Path:
    """The Python of ``.venv``, made or made anew when the one it was made from is gone."""
    python = VENV / "bin" / "python"
    if not python.exists() or subprocess.call([str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        say("Making a virtual environment in .venv ...")
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if not list(VENV.glob("lib/*/site-packages/pip")):
        run([str(python), "-m", "ensurepip", "--default-pip"])
    return python


def digest(*names: str) -> str:
    """What the files say, in one word; a missing file counts as empty."""
    found = hashlib.sha256(sys.version.encode())
    for name in names:
        path = ROOT / name
        found.update(path.read_bytes() if path.exists() else b"")
    return found.hexdigest()


def stamped(name: str, value: str) -> bool:
    """True if ``value`` was stamped under ``name`` when that step last ended well."""
    path = VENV / f"otay-{name}.stamp"
    return path.exists() and path.read_text() == value


def stamp(name: str, value: str) -> None:
    """Remember that step ``name`` ended well."""
    VENV.joinpath(f"otay-{name}.stamp").write_text(value)


def packages(python: Path, wanted: str) -> bool:
    """Install what is pinned, by hash; what developers need includes what the node needs."""
    states = {name: digest(BUILD, name) for name in (RUNTIME, DEV)}
    if any(stamped(name, states[name]) for name in {wanted, DEV}):
        return False
    count = sum("==" in line for line in ROOT.joinpath(wanted).read_text().splitlines())
    say(f"Installing {count} packages into .venv (a minute or two the first time) ...")
    pip = [str(python), "-m", "pip", "install", "-qq", "--require-hashes"]
    run([*pip, "-r", BUILD])
    run([*pip, "-r", wanted])
    for name in (RUNTIME, DEV):
        VENV.joinpath(f"otay-{name}.stamp").unlink(missing_ok=True)
    stamp(wanted, states[wanted])
    return True


def project(python: Path) -> bool:
    """Install the checkout itself, so that changes of its code count at once."""
    state = digest("pyproject.toml")
    if stamped("project", state) and VENV.joinpath("bin", "otay").exists():
        return False
    run([str(python), "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation", "-e", "."])
    stamp("project", state)
    return True


def assets(python: Path, *, with_tests: bool) -> bool:
    """Build the look, charts and base maps of the pages from their npm packages; tests use one package more."""
    state = digest("package-lock.json", "tools/assets.py")
    vendor = ROOT / "src" / "otay" / "web" / "static" / "vendor"
    name = "assets-with-tests" if with_tests else "assets"
    if vendor.is_dir() and any(stamped(known, state) for known in {name, "assets-with-tests"}):
        return False
    run([str(python), str(ROOT / "tools" / "assets.py"), *([] if with_tests else ["--no-tests"])])
    stamp(name, state)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
