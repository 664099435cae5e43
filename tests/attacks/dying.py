"""Dying: code that ends, stops or blocks the process it runs in.

Most die in hidden calls of `moving_average` only; that question is lost, the others are not.
"""

from autograder.attacks import Submission, attack

from .answers import IN_HIDDEN_CALLS, NOTHING_FOR, cheat


def dies(body: str, tries: str, name: str, *, bomb: bool = False, sample: bool = False) -> None:
    """Register an attack whose moving_average does `body` when hidden tests call it."""

    def change(s: Submission) -> None:
        lines = body.strip("\n").split("\n")
        indented = "\n".join(f"        {line}" for line in lines)
        s.answer(
            "moving_average",
            f"def moving_average(signal, size):\n    if {IN_HIDDEN_CALLS}:\n{indented}\n"
            "    return signal\n",
        )

    change.__name__, change.__doc__ = name, tries
    attack(deserves=NOTHING_FOR["moving_average"], bomb=bomb, sample=sample)(change)


dies("import sys\nsys.exit(0)", "Ends itself politely, as a script would.", "sys_exit")
dies("import os\nos._exit(0)", "Ends the process at once.", "os_exit", sample=True)
dies("raise KeyboardInterrupt", "Pretends that somebody pressed Ctrl-C.", "keyboard_interrupt")
dies("raise GeneratorExit", "Raises what hardly anybody catches.", "generator_exit")
dies("import ctypes\nctypes.string_at(0)", "Reads address 0.", "segfault")
dies("import os\nos.abort()", "Aborts, and leaves a core file if it may.", "abort")
dies(
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "Kills itself with the signal that cannot be handled.",
    "kill_itself",
)
dies(
    "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "Stops itself: it lives, and never answers again.",
    "stop_itself",
)
dies("while True:\n    pass", "Loops without end.", "endless_loop")
dies(
    """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    "Loops without end, ignores signals and catches everything.",
    "uncatchable_loop",
)
dies("import time\ntime.sleep(10**6)", "Sleeps for eleven days.", "sleep")
dies(
    "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "Waits for itself.",
    "deadlock",
)
dies(
    "import re\nre.match('(a|aa)+$', 'a' * 200 + 'b')",
    "Spends for ever in C code that no interrupt reaches.",
    "catastrophic_expression",
)
dies(
    "import sys\nsys.setrecursionlimit(10**9)\nf = lambda n: f(n + 1)\nf(0)",
    "Recurses until the C stack is gone.",
    "deep_recursion",
)
dies("f = lambda n: f(n + 1)\nreturn f(0)", "Recurses until Python stops it.", "recursion_error")
dies(
    "import os, sys\nos.execv(sys.executable, ['python', '-c', 'import time; time.sleep(9999)'])",
    "Becomes another program that never answers.",
    "exec_another_program",
)
dies(
    "import os\nos.closerange(3, 4096)",
    "Closes all its files and sockets, and goes on.",
    "close_all_files",
)
dies(
    "import threading\nthreading.Event().wait()",
    "Waits for an event that nobody sets, holding no lock.",
    "waits_for_nothing",
)
dies(
    """
kernel = get_ipython().kernel
kernel.io_loop.add_callback(kernel.io_loop.stop)
kernel.do_shutdown(False)
get_ipython().ask_exit()
return signal
""",
    "Stops the kernel's event loop from inside.",
    "event_loop_stopped",
)
dies(
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.killpg(0, signal.SIGKILL)",
    "Kills its parent and everybody in its group.",
    "kill_the_parent",
)
dies(
    "import os, signal\nos.kill(-1, signal.SIGKILL)\nos._exit(0)",
    "Kills everybody that it is allowed to kill.",
    "kill_everybody",
    bomb=True,
)


@cheat()
def answer_that_ends_the_kernel(s: Submission) -> None:
    """Ends the process while the answer is read, so that no check below it ever ran."""
    s.answer("cross_correlate", "import os\nos._exit(0)")


@cheat()
def answer_that_never_ends(s: Submission) -> None:
    """Never gets to the end of the answer cell."""
    s.answer("cross_correlate", "while True:\n    pass")


@attack()
def own_cell_ends_the_kernel(s: Submission) -> None:
    """Ends the process in cells of its own, which cost nothing."""
    s.behind("add_gaussian_noise", "import os\nos._exit(1)")
    s.last("import ctypes\nctypes.string_at(0)")


@attack()
def own_cells_end_many_kernels(s: Submission) -> None:
    """Ends the process in a dozen cells, to tire the grader."""
    for number in range(12):
        s.last(f"import os\nos._exit({number})")


@attack(at_most=True)
def own_cell_ends_every_other_kernel(s: Submission) -> None:
    """Ends the process now and then, to get other cells blamed for it."""
    s.first("""
        import os
        import random
        import threading

        if random.SystemRandom().random() < 0.5:
            threading.Timer(0.8, os._exit, [1]).start()
        """)


@attack()
def own_cell_never_ends(s: Submission) -> None:
    """Has an own cell that never ends and cannot be interrupted."""
    s.behind(
        "moving_average",
        """
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
    )


@attack()
def own_cells_never_end(s: Submission) -> None:
    """Has so many cells without an end that together they take longer than a notebook may."""
    for _ in range(24):
        s.last("while True: pass")


@attack(deserves=NOTHING_FOR["cross_correlate"])
def endless_answer_that_is_tried(s: Submission) -> None:
    """Loops without end wherever it is called: in the check, in own cells, in hidden calls."""
    s.answer(
        "cross_correlate",
        "def cross_correlate(image, kernel, padding='symmetric'):\n    while True:\n        pass\n",
    )
    for _ in range(2):
        s.behind("cross_correlate", "cross_correlate(np.zeros((5, 5)), np.ones((3, 3)))")


@attack()
def slow_to_leave(s: Submission) -> None:
    """Ignores every signal, and does not come to an end when it is asked to."""
    s.first("""
        import atexit
        import signal
        import threading
        import time

        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        atexit.register(time.sleep, 10**6)
        threading._register_atexit(time.sleep, 10**6)
        threading.Thread(target=time.sleep, args=[10**6]).start()
        """)


@attack()
def two_of_itself(s: Submission) -> None:
    """Forks in a cell; both go on and both would answer."""
    s.last("""
        import os

        born = os.fork()
        print("here is", "the parent" if born else "the child")
        """)


@attack()
def detached_children(s: Submission) -> None:
    """Leaves processes behind that have left its session and ignore every signal."""
    s.last("""
        import os
        import signal
        import subprocess
        import sys

        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                        signal.signal(number, signal.SIG_IGN)
                    code = "import time; time.sleep(600)"
                    os.execv(sys.executable, [sys.executable, "-c", code, "{{marker}}"])
                os._exit(0)
        subprocess.Popen(["nohup", "sleep", "601"], start_new_session=True, env={"X": "{{marker}}"})
        """)


@attack(at_most=True)
def namespace_removed(s: Submission) -> None:
    """Removes every name, its own functions among them; what is left is what it deserves."""
    s.last("%reset -f\nimport sys\nsys.modules.clear()")
