"""Finds files that were changed, and files that were left behind."""

import hashlib
import os
import shutil
import site
import stat
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import course_utils
from autograder.attacks.entries import CHECKOUT
from autograder.attacks.throwaway import World


def fingerprints(world: World) -> dict[str, str]:
    """Return what every file is that grading has no business to change."""
    root = world.course.root
    wings = [root / name for name in ("submitted", "source", "release", "assignments")]
    single = [root / "course_secret", root / "nbgrader_config.py", world.outside / "private.txt"]
    found = {}
    for path in [*single, *(path for wing in wings for path in below(wing))]:
        name = os.fsencode(path.relative_to(world.scratch)).decode("utf-8", "backslashreplace")
        found[name] = _fingerprint(path)
    return found


def below(folder: Path) -> Iterator[Path]:
    """Return everything below a folder, following no link."""
    for entry in os.scandir(folder):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from below(Path(entry.path))


def _fingerprint(path: Path) -> str:
    try:
        status = path.lstat()
        kind = stat.filemode(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            return f"{kind} {path.readlink()}"
        if not stat.S_ISREG(status.st_mode):
            return kind
        if status.st_size > 16 * 2**20:
            return f"{kind} {status.st_size} {status.st_mtime_ns}"
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return type(error).__name__


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Say which files changed."""
    changed = [
        f"{name} {'changed' if name in after else 'is gone'}"
        for name, was in before.items()
        if after.get(name) != was
    ]
    return changed + [f"{name} is new" for name in after if name not in before]


def litter(world: World) -> list[str]:
    """Remove and return what the run has left in places that many programs write to."""
    kept = [str(path.name) for path in (world.scratch / "tmp").iterdir()]
    found = [f"{name} was left in the folder for temporary files" for name in sorted(kept)]
    for folder in _common_places():
        with suppress(OSError):
            for path in list(folder.iterdir()):
                if world.run in path.name:
                    found.append(f"{path} is new")
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return found


def _common_places() -> list[Path]:
    home = Path.home()
    packages = [Path(place) for place in (sysconfig.get_path("purelib"), *course_utils.__path__)]
    places = [
        *(Path("/"), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/etc"), Path("/usr")),
        *(Path(tempfile.gettempdir()), home, home / ".ipython/profile_default/startup"),
        *(CHECKOUT, Path.cwd(), Path(site.getusersitepackages()), *packages),
        *(package / "checks" for package in packages[1:]),
    ]
    return list(dict.fromkeys(places))
