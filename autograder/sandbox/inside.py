"""Enters a sandbox. Runs in a process of its own, between two worlds, with nothing but Python.

Two ways lead here. A child of the warm template calls `enter`, which makes the namespaces itself.
A cold start is `python inside.py bubblewrap PLAN -- COMMAND`, which has bubblewrap make them and
comes back as `python inside.py init PLAN -- COMMAND`, process 1 of the box. Both end in `guard`:
limits, no privileges, a filter of system calls, and a watch over the memory of all processes.

As root the tree is made with root's rights and the processes run as nobody: root is exempt from
the limit on processes, and nobody could not read an environment below a closed home. An ordinary
user gets the same from a user namespace.
"""

import contextlib
import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

NOBODY = 65534
INSIDE_ID = 1000

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC = 0x00020000, 0x04000000, 0x08000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_NAMESPACES = _NEW_MOUNTS | _NEW_UTS | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK

_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: Any) -> int:
    """Call a function of the C library; an error is an OSError that names it."""
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    try:
        _call(
            "mount",
            source.encode(),
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode() or None,
        )
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({source} on {target})") from None


_MOUNT_SETATTR, _HERE, _WHOLE_TREE = 442, -100, 0x8000


def _seal(target: str, *, writable: bool = False) -> None:
    """Make a mounted tree read-only, and without devices and set-uid programs."""
    flags = _NO_SUID | _NO_DEVICES | (0 if writable else _READ_ONLY)
    attributes = struct.pack("QQQQ", flags, 0, 0, 0)
    _call(
        "syscall",
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_HERE),
        target.encode(),
        ctypes.c_uint(_WHOLE_TREE),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )


SOCKETS = "/sockets"
"""Where a box has the folder of the kernel's sockets, which lies somewhere else outside."""

# --- The tree -------------------------------------------------------------------------------------


def _bind(source: str, target: str, *, writable: bool = False) -> None:
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, _BIND | _RECURSIVE)
    _seal(target, writable=writable)


_SMALL = "nr_inodes=20000"
"""Files and folders that a folder in memory holds: each takes memory, too."""


def _empty(target: str, size: int, mode: str) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    _mount("none", target, "tmpfs", _NO_SUID | _NO_DEVICES, f"{_SMALL},size={size},mode={mode}")


def _lay(plan: dict[str, Any], root: str) -> list[str]:
    """Put what is readable below `root`; return the empty folders, to be sealed at the end."""
    covers = []
    for path, kind in plan["layers"]:
        target = root + path
        if kind == "hidden":
            if _covered(path, plan):
                _empty(target, 2**20, "755")
                covers.append(target)
        elif Path(path).is_symlink():
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            if not Path(target).is_symlink():
                Path(target).symlink_to(os.readlink(path))  # noqa: PTH115
        elif not _covered(path, plan):
            _bind(path, target)
    return covers


def _covered(path: str, plan: dict[str, Any]) -> bool:
    """Tell whether a folder is seen inside because one above it is."""
    for above in Path(path).parents:
        for other, kind in plan["layers"]:
            if other == str(above):
                return bool(kind == "readable")
    return False


def _grow_tree(plan: dict[str, Any], root: str) -> None:
    """Build the whole tree below `root` and enter it. In the new namespaces, as their process 1."""
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _mount("none", root, "tmpfs", _NO_SUID | _NO_DEVICES, "size=16m,mode=755")
    # The box's own folders first: an environment below /tmp is laid over its /tmp.
    for target in ("/tmp", "/dev/shm", plan["home"]):
        _empty(root + target, plan["limits"]["disk"], "1777")
    covers = _lay(plan, root)
    _bind(plan["sockets"], root + SOCKETS, writable=True)
    for path, name in plan["placed"]:
        _bind(path, root + name)
    _write_accounts(root)
    _make_devices(root)
    Path(f"{root}/proc").mkdir()
    _mount("proc", f"{root}/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_EXEC)
    for target in covers:
        _seal(target)
    os.chdir(root)
    _call("syscall", ctypes.c_long(_PIVOT_ROOT[platform.machine()]), b".", b".")
    _call("umount2", b".", _DETACH)
    _mount("none", "/", None, _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    os.chdir(plan["home"])


_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_DETACH, _REMOUNT = 2, 32


def _make_devices(root: str) -> None:
    for name in ("null", "zero", "full", "random", "urandom"):
        target = f"{root}/dev/{name}"
        Path(target).touch()
        _mount(f"/dev/{name}", target, None, _BIND)
    for name, link in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        Path(f"{root}/dev/{name}").symlink_to(f"/proc/self/fd{link}")


def _write_accounts(root: str) -> None:
    """Give the one user a name: libraries ask who is at home."""
    etc = Path(f"{root}/etc")
    etc.mkdir(exist_ok=True)
    ids = f"{INSIDE_ID}:{INSIDE_ID}"
    (etc / "passwd").write_text(f"student:x:{ids}::/home/student:/bin/sh\n", "ascii")
    (etc / "group").write_text(f"student:x:{INSIDE_ID}:\n", "ascii")
    (etc / "hosts").write_text("127.0.0.1 localhost sandbox\n", "ascii")


# --- The namespaces -------------------------------------------------------------------------------


def enter(plan: dict[str, Any], root: str, work: Callable[[], None]) -> NoReturn:
    """Run `work` in a new box. In a process forked for this, with one thread; never returns.

    Parameters
    ----------
    root : an empty folder, over which the box's tree is mounted, for this process alone.
    """
    as_root = os.geteuid() == 0
    user, group = os.geteuid(), os.getegid()
    _join_group(plan)
    _call("unshare", _NAMESPACES | (0 if as_root else _NEW_USERS))
    if not as_root:
        _map_ids(user, group)
    first = os.fork()
    if first:
        _die_with_parent()
        _, status = os.waitpid(first, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    _grow_tree(plan, root)
    _call("sethostname", b"sandbox", 7)
    if as_root:
        _become_nobody()
    # No user namespaces within: they are the way to most holes in kernels.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _die_with_parent()
    guard(plan, work)


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _become_nobody() -> None:
    _become(NOBODY)
    # After a change of user the files in /proc belong to root, unless:
    _call("prctl", 4, 1, 0, 0, 0)
    # A namespace of its own makes the number of processes a count of this box alone.
    _call("unshare", _NEW_USERS)
    _map_ids(NOBODY, NOBODY)


def _map_ids(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{INSIDE_ID} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{INSIDE_ID} {group} 1")


def _die_with_parent() -> None:
    _call("prctl", 1, signal.SIGKILL, 0, 0, 0)


def bubblewrap(plan: dict[str, Any], command: list[str], root: str) -> NoReturn:
    """Become bubblewrap, which makes the same box and runs `init` in it; never returns."""
    as_root = os.geteuid() == 0
    if not as_root:
        root = ""
    _join_group(plan)
    # Bubblewrap's user may not look at all of these paths, so they are looked at now.
    arguments = ["bwrap", *_bubblewrap_options(plan, root), "--", *_init_command(plan, command)]
    if as_root:
        _call("unshare", _NEW_MOUNTS)
        _mount("none", "/", None, _RECURSIVE | _PRIVATE)
        _mount("none", root, "tmpfs", _NO_SUID | _NO_DEVICES, "size=16m,mode=755")
        _lay({**plan, "layers": [pair for pair in plan["layers"] if pair[1] == "readable"]}, root)
        _bind(plan["sockets"], root + SOCKETS, writable=True)
        _bind(str(Path(__file__).parent), root + _INSIDE)
        for path, name in plan["placed"]:
            _bind(path, root + name)
        _become(NOBODY)
    _die_with_parent()
    os.chdir("/")
    os.execvpe("bwrap", arguments, {"PATH": "/usr/bin:/bin:/usr/local/bin"})


_INSIDE = "/run/sandbox"


def _init_command(plan: dict[str, Any], command: list[str]) -> list[str]:
    init = {"limits": plan["limits"], "home": plan["home"]}
    return [sys.executable, f"{_INSIDE}/inside.py", "init", json.dumps(init), "--", *command]


def _bubblewrap_options(plan: dict[str, Any], root: str) -> list[str]:
    disk = str(plan["limits"]["disk"])
    options = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--disable-userns", "--hostname", "sandbox", "--die-with-parent", "--as-pid-1"),
        *("--uid", str(INSIDE_ID), "--gid", str(INSIDE_ID), "--cap-drop", "ALL", "--new-session"),
        *("--proc", "/proc", "--dev", "/dev"),
    ]
    for target in ("/tmp", "/dev/shm", plan["home"]):
        options += ["--perms", "1777", "--size", disk, "--tmpfs", target]
    seals = []
    for path, kind in plan["layers"]:
        if kind == "hidden":
            if _covered(path, plan):
                options += ["--perms", "0755", "--tmpfs", path]
                seals += ["--remount-ro", path]
        elif Path(path).is_symlink():
            options += ["--symlink", os.readlink(path), path]  # noqa: PTH115
        elif not _covered(path, plan):
            options += ["--ro-bind", root + path, path]
    options += ["--bind", root + SOCKETS if root else plan["sockets"], SOCKETS]
    source = root + _INSIDE if root else str(Path(__file__).parent)
    options += ["--ro-bind", source, _INSIDE]
    for path, name in plan["placed"]:
        options += ["--ro-bind", root + name if root else path, name]
    options += [*seals, "--remount-ro", "/dev", "--remount-ro", "/"]
    options += ["--chdir", plan["home"], "--clearenv"]
    for name, value in plan["environment"].items():
        options += ["--setenv", name, value]
    return options


# --- The control group ----------------------------------------------------------------------------
#
# Where there are control groups, and we may make one (as root, mostly), the kernel itself counts
# the memory of a box: files in memory, buffers of sockets and pipes, and all else that belongs to
# no process. Elsewhere there are the limits of each process, and the watch over them all.

_GROUPS = Path("/sys/fs/cgroup")


def _group_folders(name: str) -> list[Path]:
    if not (_GROUPS / "cgroup.controllers").exists():  # version 1
        return [_GROUPS / kind / name for kind in ("memory", "pids") if (_GROUPS / kind).is_dir()]
    given = (_GROUPS / "cgroup.subtree_control").read_text("ascii").split()
    return [_GROUPS / name] if {"memory", "pids"} <= set(given) else []


def _join_group(plan: dict[str, Any]) -> None:
    """Make the box's control group and enter it, where that is allowed."""
    limits = plan["limits"]
    # More than the watch allows, which sees only processes and can say what happened.
    memory = limits["memory"] * 5 // 4
    values = {
        "memory.max": memory,
        "memory.swap.max": 0,
        "memory.limit_in_bytes": memory,
        "pids.max": limits["processes"] + 2,
    }
    for folder in _group_folders(plan["group"]):
        for left in reversed(range(_TRIES)):
            try:
                _enter_group(folder, values)
                break
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                    break
                # Another grader takes groups without a process for left ones, and removes them.
                if error.errno not in (errno.ENOENT, errno.ENODEV) or not left:
                    raise


_TRIES = 20


def _enter_group(folder: Path, values: dict[str, int]) -> None:
    folder.mkdir(exist_ok=True)
    for name, value in values.items():
        if (folder / name).exists():
            (folder / name).write_text(str(value))
    (folder / "cgroup.procs").write_text(str(os.getpid()))


def remove_group(name: str) -> None:
    """Remove the control group of a box that is ending."""
    for folder in _group_folders(name):
        for _ in range(400):
            try:
                folder.rmdir()
            except FileNotFoundError:
                break
            except OSError:  # its last process is on its way out
                time.sleep(0.005)


def remove_empty_groups(prefix: str) -> None:
    """Remove control groups whose owner was killed."""
    for folder in _group_folders(""):
        for old in folder.glob(f"{prefix}*"):
            with contextlib.suppress(OSError):  # in use
                old.rmdir()


# --- Process 1 ------------------------------------------------------------------------------------

MEMORY_SPENT = 101
"""The exit code of a box whose processes together used too much memory."""

_WATCH_SECONDS = 0.1


def guard(plan: dict[str, Any], work: Callable[[], None]) -> NoReturn:
    """Give up all privileges, run `work` in a child, and end everything when it ends.

    The memory of all processes is watched from here, where they cannot reach: process 1 of a
    namespace takes no signals from inside, and with its memory closed nobody inside can trace it.
    """
    limits = plan["limits"]
    _limit(limits)
    _drop_privileges()
    _restrict_writing(("/tmp", "/dev", "/proc", plan["home"]), SOCKETS)
    _filter_calls()
    _call("prctl", 4, 0, 0, 0, 0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = os.fork()
    if child == 0:
        _call("prctl", 4, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        try:
            work()
        finally:
            os._exit(1)
    while True:
        signal.sigtimedwait([signal.SIGCHLD], _WATCH_SECONDS)
        code = _reap(child)
        if code is not None:
            os._exit(code)
        if (
            _too_much(limits["memory"])
            or _too_large(SOCKETS)
            or _too_many_names(("/tmp", "/dev/shm", plan["home"]))
            or _too_many_sockets()
        ):
            os._exit(MEMORY_SPENT)


def _reap(child: int) -> int | None:
    """Collect processes that have ended; return the exit code of one of them, if it was that."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if ended == 0:
            return None
        if ended == child:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _too_much(memory: int) -> bool:
    """Tell whether all other processes together use more than so many bytes."""
    processes = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    others = [process for process in processes if process != 1]
    # What processes share is counted once for each at first, since that is quick.
    return sum(map(_held, others)) > memory and sum(map(_share, others)) > memory


def _held(process: int) -> int:
    return _sum(process, "status", ("RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:"))


_MOST_NAMES = 200_000


def _too_many_names(folders: Iterable[str]) -> bool:
    """Tell whether folders in memory hold too many files; an empty one is a kilobyte, too."""
    return any(s.f_files - s.f_ffree > _MOST_NAMES for s in map(os.statvfs, folders))


_MOST_SOCKETS = 1000


def _too_many_sockets() -> bool:
    """Tell whether there are too many sockets; what is in their buffers belongs to no process."""
    with Path("/proc/net/unix").open("rb") as lines:
        return sum(1 for _ in lines) > _MOST_SOCKETS


_MOST_IN_SOCKETS = 2**20


def _too_large(folder: str) -> bool:
    """Tell whether somebody stores things where only sockets should be: that is a disk outside."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count > 100 or entry.is_dir(follow_symlinks=False):
                    return True
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:  # it was closed to us: there is something to hide
        return True
    return total > _MOST_IN_SOCKETS


def _share(process: int) -> int:
    """Return a process's share of memory, or all it has if it hides that."""
    share = _sum(process, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
    return share + _sum(process, "status", ("VmPTE:",)) if share else _held(process)


def _sum(process: int, file: str, names: tuple[str, ...]) -> int:
    """Add up lines of a file of numbers in /proc; bytes."""
    try:
        lines = Path(f"/proc/{process}/{file}").read_text("ascii", "replace").splitlines()
    except OSError:  # it has just ended, or is closed to us
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for what, name in (
        (resource.RLIMIT_DATA, "data"),
        (resource.RLIMIT_FSIZE, "file"),
        (resource.RLIMIT_NOFILE, "files"),
        (resource.RLIMIT_NPROC, "processes"),
    ):
        _, hard = resource.getrlimit(what)
        value = limits[name] if hard == resource.RLIM_INFINITY else min(limits[name], hard)
        resource.setrlimit(what, (value, value))


def _drop_privileges() -> None:
    """Lose every capability for good, for this process and all that follow."""
    for capability in range(64):
        if _libc.prctl(24, capability, 0, 0, 0) < 0:
            break
    header, nothing = struct.pack("II", 0x20080522, 0), bytes(24)
    _call("capset", header, nothing)
    _call("prctl", 38, 1, 0, 0, 0)


_WRITE, _MAKE_SOCKET, _TRUNCATE = 1 << 1, 1 << 9, 1 << 14
_MAKE = sum(1 << bit for bit in range(6, 14))  # devices, folders, files, ..., links
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446


def landlock() -> int:
    """Return the version of this system's Landlock; less than 1 if it has none."""
    return int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1)))


def _restrict_writing(folders: Iterable[str], sockets: str) -> None:
    """Let files be made and written in some folders alone, and sockets in theirs (Landlock).

    The folder of the sockets is on a disk outside, and a file left there would be one of the
    grader's user. Where the system has no Landlock there is the watch over that folder.
    """
    version = landlock()
    if version < 1:
        return
    known = (1 << (12 + min(version, 3))) - 1
    everything = (_WRITE | _MAKE | _TRUNCATE) & known
    handled = struct.pack("Q", everything)
    rules = _call("syscall", _CREATE_RULESET, handled, ctypes.c_size_t(8), ctypes.c_uint(0))
    for folder, allowed in [*((name, everything) for name in folders), (sockets, _MAKE_SOCKET)]:
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", allowed, place)
        _call("syscall", _ADD_RULE, rules, ctypes.c_int(1), rule, ctypes.c_uint(0))
        os.close(place)
    _call("syscall", _RESTRICT_SELF, rules, ctypes.c_uint(0))
    os.close(rules)


# System calls that no notebook needs and that holes in kernels, or memory that no limit counts,
# are reached through. Numbers of x86_64 and aarch64.
_REFUSED = {
    "x86_64": {
        "ptrace": 101, "shmget": 29, "semget": 64, "msgget": 68, "mount": 165,
        "umount2": 166, "pivot_root": 155,
        "setns": 308, "unshare": 272, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
        "add_key": 248, "request_key": 249, "keyctl": 250, "memfd_create": 319,
        "memfd_secret": 447, "io_uring_setup": 425, "io_uring_enter": 426,
        "io_uring_register": 427, "process_vm_readv": 310, "process_vm_writev": 311,
        "kcmp": 312, "open_by_handle_at": 304, "name_to_handle_at": 303, "mount_setattr": 442,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
        "kexec_load": 246, "init_module": 175, "finit_module": 313,
    },
    "aarch64": {
        "ptrace": 117, "shmget": 194, "semget": 190, "msgget": 186, "mount": 40,
        "umount2": 39, "pivot_root": 41,
        "setns": 268, "unshare": 97, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
        "add_key": 217, "request_key": 218, "keyctl": 219, "memfd_create": 279,
        "memfd_secret": 447, "io_uring_setup": 425, "io_uring_enter": 426,
        "io_uring_register": 427, "process_vm_readv": 270, "process_vm_writev": 271,
        "kcmp": 272, "open_by_handle_at": 265, "name_to_handle_at": 264, "mount_setattr": 442,
        "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
        "kexec_load": 104, "init_module": 105, "finit_module": 273,
    },
}  # fmt: skip
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Sockets of other families (to the hypervisor, to the kernel's ciphers) heed no namespace. Those of
# netlink do; ZeroMQ asks them for the network's devices.
_SOCKET = {"x86_64": 41, "aarch64": 198}
_SET_OPTION = {"x86_64": 54, "aarch64": 208}
_FAMILIES = (1, 2, 10, 16)


def _filter_calls() -> None:
    """Refuse some system calls, as if the kernel had no permission for them.

    Sockets of other families are refused as well, and larger buffers for what is sent: that is
    memory of no process.
    """
    machine = platform.machine()
    if machine not in _REFUSED:
        return
    numbers = sorted(_REFUSED[machine].values())
    load, equal, above, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse = (give, 0, 0, 0x7FFF0000), (give, 0, 0, 0x00050000 | errno.EPERM)
    families = [
        (load, 0, 0, 16),
        *((equal, len(_FAMILIES) - index, 0, kind) for index, kind in enumerate(_FAMILIES)),
        refuse,
        allow,
    ]
    buffers = [
        (load, 0, 0, 24),
        (equal, 0, 2, socket.SOL_SOCKET),
        (load, 0, 0, 32),
        (equal, 1, 0, socket.SO_SNDBUF),
        allow,
        refuse,
    ]
    ends = len(numbers)
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, _ARCHITECTURE[machine]),
        (give, 0, 0, 0x80000000),  # another architecture's calls: the process is ended
        (load, 0, 0, 0),
        (above, ends + 3, 0, 0x40000000),  # the x32 variants
        *((equal, ends + 2 - index, 0, number) for index, number in enumerate(numbers)),
        (equal, 3, 0, _SOCKET[machine]),
        (equal, 2 + len(families), 0, _SET_OPTION[machine]),
        allow,
        refuse,
        *families,
        *buffers,
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    steps = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("HxxxxxxP", len(program), ctypes.addressof(steps))
    _call("prctl", 22, 2, filters, 0, 0)


def main(arguments: list[str]) -> None:
    """Serve `bubblewrap PLAN ROOT -- COMMAND`, `enter` alike, and `init PLAN -- COMMAND`."""
    cut = arguments.index("--")
    way, text, *rest = arguments[:cut]
    command, plan = arguments[cut + 1 :], json.loads(text)

    def work() -> None:
        os.execvpe(command[0], command, plan.get("environment", os.environ))

    try:
        if way == "bubblewrap":
            bubblewrap(plan, command, rest[0])
        if way == "enter":
            enter(plan, rest[0], work)
        guard(plan, work)
    except OSError as error:
        sys.exit(f"sandbox: {error.strerror or error}")


if __name__ == "__main__":
    main(sys.argv[1:])
