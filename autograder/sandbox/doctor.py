"""Says what isolation this machine can give, and why not more."""

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox.box import Box
from autograder.sandbox.inside import landlock, remove_group
from autograder.sandbox.kernels import Sockets, Way, cold_command, scratch_folder


@dataclass(frozen=True)
class Finding:
    """Whether one way of sandboxing works here, and if not, why."""

    way: Way
    works: bool
    reason: str = ""


def examine() -> Iterator[Finding]:
    """Try every way of sandboxing, the best first, by running a command in each."""
    if sys.platform != "linux":
        reason = f"namespaces are Linux's; this is {platform.system()}"
        yield from (Finding("template", False, reason), Finding("bubblewrap", False, reason))
        return
    with scratch_folder() as scratch:
        yield _forked(scratch)
        yield _bubblewrap(scratch)


def beside_the_sockets() -> str:
    """Say what keeps a box from leaving files in the folder of its kernel's sockets."""
    if sys.platform == "linux" and landlock() > 0:
        return "none can be made (Landlock)"
    return "a watch ends who makes some, since this system has no Landlock"


def examine_cold() -> Finding:
    """Try the cold start alone."""
    return next(finding for finding in examine() if finding.way == "bubblewrap")


def best() -> Way | None:
    """Return the best way that works here, None if there is none."""
    return next((finding.way for finding in examine() if finding.works), None)


def _forked(scratch: Path) -> Finding:
    inside = str(Path(__file__).with_name("inside.py"))
    plan = _plan(scratch)
    command = [sys.executable, "-P", inside, "enter", json.dumps(plan), str(scratch / "root")]
    return _tried("template", [*command, "--", *_TRIAL], plan)


def _bubblewrap(scratch: Path) -> Finding:
    if shutil.which("bwrap") is None:
        return Finding("bubblewrap", False, "bubblewrap is not installed")
    plan = _plan(scratch)
    return _tried("bubblewrap", cold_command(plan, scratch / "root", _TRIAL), plan)


def _plan(scratch: Path) -> dict[str, Any]:
    (scratch / "root").mkdir(exist_ok=True)
    return Box().plan(Sockets.make(scratch).folder)


# Inside there is one other process, and no way to the machine's own files.
_TRIAL = [
    sys.executable,
    "-c",
    "import os, sys; sys.exit(sum(name.isdigit() for name in os.listdir('/proc')) > 2)",
]


def _tried(way: Way, command: list[str], plan: dict[str, Any]) -> Finding:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(way, False, str(error))
    finally:
        remove_group(plan["group"])
    if done.returncode == 0:
        return Finding(way, True)
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return Finding(way, False, _explained(lines[-1].removeprefix("sandbox: ")))


def _explained(error: str) -> str:
    if os.strerror(errno.ENOSPC) in error and "unshare" in error:
        return f"{error}; too many namespaces (sysctl user.max_user_namespaces allows more)"
    apparmor = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if "unshare" in error or "uid_map" in error or "namespace" in error:
        if apparmor.exists() and apparmor.read_text("ascii").strip() == "1":
            return (
                f"{error}; AppArmor forbids user namespaces (sysctl {apparmor.name}=0 allows them)"
            )
        if Path("/.dockerenv").exists() and os.geteuid() == 0:
            return f"{error}; a container must be allowed namespaces (docker run --privileged)"
    return error
