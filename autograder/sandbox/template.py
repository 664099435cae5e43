"""A warm process from which kernels are forked, each straight into a box of its own.

It imports what notebooks import, once, and computes nothing: a library's threads would not live on
in a child. It knows no secret, since its memory is in every child. Whoever holds a connection holds
one kernel: when the connection ends, so does the kernel, and when the owner goes, so do all.

    python -P -m autograder.sandbox.template SOCKET ROOT HOME MODULE...
"""

import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
import tempfile
import warnings
from contextlib import suppress
from typing import Any, NoReturn

from autograder.sandbox.inside import enter

KERNEL_MODULES = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.comm"),
    *("ipykernel.debugger", "IPython.core.completer", "IPython.core.completerlib"),
    *("IPython.core.magics", "IPython.core.oinspect", "IPython.extensions.storemagic"),
    *("comm", "tornado.platform.asyncio", "tornado.queues", "zmq.eventloop.zmqstream"),
)
"""What every kernel imports anyway."""


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    path, root, home, *modules = arguments
    # Nobody debugs these kernels, and loading the debugger is most of starting one.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    # What is imported lives on: to look for garbage among it takes a tenth of the time or more.
    gc.disable()
    for name in (*KERNEL_MODULES, *modules):
        # What cannot be imported here fails in the notebook, where it can be seen.
        with warnings.catch_warnings(action="ignore"), suppress(Exception):
            importlib.import_module(name)
    _calm_torch()
    _forget_ourselves(home)
    gc.collect()
    gc.freeze()
    gc.enable()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    _Server(listener, root).serve()


def _calm_torch() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def _forget_ourselves(home: str) -> None:
    """Leave nothing that leads a notebook to the package that this file is from."""
    sys.path[:] = [place for place in sys.path if place != home]
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]


class _Server:
    def __init__(self, listener: socket.socket, root: str) -> None:
        self._listener = listener
        self._root = root
        self._selector = selectors.DefaultSelector()
        self._kernels: dict[int, socket.socket] = {}

    def serve(self) -> None:
        """Fork a kernel for each connection, tell each connection when its kernel ends."""
        wake, woken = os.pipe()
        for end in (wake, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the owner, who ends this
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(wake, selectors.EVENT_READ)
        self._selector.register(self._listener, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == 0:
                    if not os.read(0, 1024):
                        self._end_all()
                        return
                elif key.fd == wake:
                    os.read(wake, 4096)
                elif key.fileobj is self._listener:
                    connection, _ = self._listener.accept()
                    self._selector.register(connection, selectors.EVENT_READ, b"")
                else:
                    self._hear(key)
            self._reap()

    def _hear(self, key: selectors.SelectorKey) -> None:
        connection: Any = key.fileobj
        try:
            received = connection.recv(2**20)
        except OSError:
            received = b""
        if not received:
            self._selector.unregister(connection)
            for process, holder in self._kernels.items():
                if holder is connection:
                    os.kill(process, signal.SIGKILL)
            connection.close()
            return
        text = key.data + received
        self._selector.modify(connection, selectors.EVENT_READ, text)
        if text.endswith(b"\n"):
            self._start(connection, json.loads(text))

    def _start(self, connection: socket.socket, request: dict[str, Any]) -> None:
        process = os.fork()
        if process == 0:
            _become_kernel(request, self._root)
        self._kernels[process] = connection
        with suppress(OSError):
            connection.sendall(b"started %d\n" % process)

    def _reap(self) -> None:
        while self._kernels:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            connection = self._kernels.pop(process, None)
            if connection is not None:
                code = os.waitstatus_to_exitcode(status) & 0xFF
                with suppress(OSError):
                    connection.sendall(b"ended %d\n" % code)

    def _end_all(self) -> None:
        for process in self._kernels:
            os.kill(process, signal.SIGKILL)
        for process in list(self._kernels):
            os.waitpid(process, 0)


def _become_kernel(request: dict[str, Any], root: str) -> NoReturn:
    """In the child: leave everything of the template's, enter a box, and run a kernel there."""
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    try:
        report = os.dup(2)
        os.closerange(3, report)
        os.set_inheritable(report, False)
        silence = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        plan = request["plan"]
        os.environ.clear()
        os.environ.update(plan["environment"])
        enter(plan, root, lambda: _kernel(request["arguments"]))
    except BaseException as error:  # noqa: BLE001  in this process there is nobody else to tell
        os.write(report, f"sandbox: {type(error).__name__}: {error}\n".encode())
        os._exit(102)


def _kernel(arguments: list[str]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.closerange(3, 256)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    _calm_torch()
    tempfile.tempdir = None  # it was another one outside
    sys.argv = ["ipykernel_launcher", *arguments]
    IPKernelApp.launch_instance(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
