"""The sandbox as a Jupyter kernel provisioner: for nbclient, nbval, nbgrader and JupyterLab.

A kernelspec chooses it with `metadata.kernel_provisioner`; `install` writes such a kernelspec.
Every kernel is started cold. The kernel speaks over sockets in files, since TCP does not cross
into the box, and it is interrupted by message, since a signal would end the box. Their folder stays
where it is, because a client may connect at any time; grading moves it away (`Sockets.move_away`).
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Dict, List, Unicode

from autograder.sandbox import doctor
from autograder.sandbox.box import Box, Limits, group_name
from autograder.sandbox.inside import remove_group
from autograder.sandbox.kernels import ARGUMENTS, Sockets, cold_command, scratch_folder

NAME = "sandboxed-python"
_ENTRY_POINT = "sandbox-provisioner"


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in a box of its own under bubblewrap."""

    library = Unicode("", help="A folder put first on Python's path.").tag(config=True)
    readable = List(Unicode(), help="What is seen beside Python itself.").tag(config=True)
    hidden = List(Unicode(), help="What is empty although it lies in there.").tag(config=True)
    limits = Dict(help="Limits that differ from the usual ones, by name.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._stack = ExitStack()
        self._scratch = Path()
        self._sockets: Sockets | None = None

    async def pre_launch(self, **settings: Any) -> dict[str, Any]:
        """Make the box's sockets and put the box around the kernel's command.

        Raises
        ------
        RuntimeError
            If this machine gives no sandbox.
        """
        finding = doctor.examine_cold()
        if not finding.works:
            raise RuntimeError(f"There is no sandbox on this machine: {finding.reason}.")
        # Clients stay connected when a kernel is restarted, so its addresses stay the same.
        sockets = self._sockets or self._new_sockets()
        settings = await super().pre_launch(**settings)
        # The kernel's user is another one: it may read this file, and only it sees the folder.
        sockets.tell_inside(json.loads(Path(sockets.file).read_text("ascii")))
        plan = self._box().plan(sockets.folder)
        command = [*settings.pop("cmd"), *ARGUMENTS]
        command = [sockets.file_inside if part == sockets.file else part for part in command]
        settings["cmd"] = cold_command(plan, self._scratch / "root", command)
        settings |= {"cwd": str(self._scratch), "env": {}}
        return settings

    def _new_sockets(self) -> Sockets:
        """Make the folder of the sockets and tell the kernel's manager."""
        self._scratch = self._stack.enter_context(scratch_folder())
        (self._scratch / "root").mkdir()
        self._sockets = sockets = Sockets.make(self._scratch)
        self._stack.callback(remove_group, group_name(sockets.folder))
        manager = self.parent
        manager.transport, manager.ip = "ipc", sockets.connection["ip"]
        manager.connection_file = sockets.file
        for name in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
            setattr(manager, name, sockets.connection[name])
        Path(sockets.file).unlink()
        return sockets

    def _box(self) -> Box:
        return Box(
            readable=tuple(self.readable),
            hidden=tuple(self.hidden),
            library=self.library,
            limits=Limits(**self.limits),
        )

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the box needed outside, unless there will be another in its place."""
        await super().cleanup(restart)
        if not restart:
            self._stack.close()
            self._sockets = None


def kernelspec(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kernelspec that starts Python in a box; `settings` are the provisioner's."""
    provisioner = {"provisioner_name": _ENTRY_POINT, "config": dict(settings)}
    return {
        "argv": [sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (sandbox)",
        "language": "python",
        "interrupt_mode": "message",
        "metadata": {"kernel_provisioner": provisioner},
    }


def install(settings: Mapping[str, Any], prefix: Path) -> Path:
    """Install the kernelspec below an environment's folder and return its place."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(kernelspec(settings), indent=1))
        place = KernelSpecManager().install_kernel_spec(folder, NAME, prefix=str(prefix))
    return Path(place)
