"""When, of which commit and with what a benchmark ran: what its file of figures begins with."""

import platform
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def circumstances(*packages: str) -> dict[str, Any]:
    """Return the date, the commit ("-dirty" if files were changed since), and versions."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    machine = {name: version(name) for name in packages}
    machine |= {"python": platform.python_version(), "machine": platform.machine()}
    return {
        "date": date.today().isoformat(),
        "commit": described.stdout.strip(),
        "machine": machine,
    }


def in_a_line(found: dict[str, Any]) -> str:
    """Return circumstances as the line that a benchmark begins with."""
    machine = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    return f"{found['date']}, commit {found['commit']}: {machine}"
