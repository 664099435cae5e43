"""What a sandboxed kernel sees, and what it may use."""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIB = 2**20
HOME = "/home/student"
"""The working folder inside."""

_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"),
)


@dataclass(frozen=True)
class Limits:
    """What the processes of a box may use.

    Parameters
    ----------
    memory : bytes of all processes together.
    data : bytes of private memory of one process.
    processes : processes and threads together.
    file : bytes of one file.
    disk : bytes of each of the box's own folders (working folder, /tmp, /dev/shm), kept in memory.
    files : open files of a process.
    """

    memory: int = 4096 * MIB
    data: int = 3072 * MIB
    processes: int = 160
    file: int = 256 * MIB
    disk: int = 512 * MIB
    files: int = 1024


@dataclass(frozen=True)
class Box:
    """A sandbox to be: everything not named here does not exist inside.

    Parameters
    ----------
    readable : files and folders seen inside under their own paths, read-only.
    hidden : folders within those that are empty inside.
    library : a folder put first on Python's path; "" for none.
    placed : files and folders that appear, read-only, in the working folder, by their names there.
    environment : variables beside the few that a kernel needs.
    """

    readable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    library: str = ""
    placed: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()

    def plan(self, sockets: Path) -> dict[str, Any]:
        """Return what `inside` needs to know, as plain JSON values.

        Parameters
        ----------
        sockets : the folder of the kernel's sockets, the only one that both sides can write.
        """
        readable = [*_SYSTEM, *_python(), *self.readable, *([self.library] if self.library else [])]
        # In order of depth, so that what is deeper is put over what is above it.
        layers = {_absolute(path): "readable" for path in readable if Path(path).exists()}
        layers |= {_absolute(path): "hidden" for path in self.hidden}
        return {
            "layers": sorted(layers.items(), key=lambda layer: (layer[0].count("/"), layer[0])),
            "placed": [[path, f"{HOME}/{name}"] for name, path in sorted(self.placed.items())],
            "sockets": str(sockets),
            "group": group_name(sockets),
            "home": HOME,
            "environment": self._variables(),
            "limits": asdict(self.limits),
        }

    def _variables(self) -> dict[str, str]:
        variables = {
            "HOME": HOME,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "USER": "student",
            "TMPDIR": "/tmp",
            "MPLCONFIGDIR": f"{HOME}/.config/matplotlib",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            # In a process namespace the kernel's parent is 1, which ipykernel takes for its death.
            "JPY_PARENT_PID": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            # One thread each: as many kernels run as there are processors.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        if self.library:
            variables["PYTHONPATH"] = self.library
        return variables | dict(self.environment)


PREFIX = "course-"
"""What the names of folders and control groups of boxes begin with."""


def group_name(sockets: Path) -> str:
    """Return the name of a box's control group."""
    return f"{PREFIX}{sockets.parent.name.removeprefix(PREFIX)}-{sockets.name}"


def _python() -> list[str]:
    """Return where this Python and its packages are, in system folders or not."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve())}
    places |= {str(Path(sys.base_prefix).resolve()), str(Path(sys.prefix).resolve())}
    return sorted(places)


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100  links stay: inside they must have the same name
