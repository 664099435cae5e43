"""Interpreter: a wrong answer, and an attempt to change how IPython or the kernel runs cells."""

from autograder.attacks import Submission

from .answers import cheat


@cheat(sample=True)
def input_transformer(s: Submission) -> None:
    """Turns every cell that checks or grades into `pass` before IPython reads it."""
    s.first("""
        def harmless(lines):
            graded = any("check." in line or "grade(" in line for line in lines)
            return ["pass\\n"] if graded else lines

        get_ipython().input_transformers_cleanup.append(harmless)
        get_ipython().input_transformers_post.append(harmless)
        """)


@cheat()
def input_transformer_adds_a_score(s: Submission) -> None:
    """Appends a last expression to test cells, so that they end with a number of points."""
    s.first("""
        def generous(lines):
            if any("check." in line for line in lines):
                return ["8.0\\n"]
            return lines

        get_ipython().input_transformers_post.append(generous)
        """)


@cheat()
def ast_transformer(s: Submission) -> None:
    """Removes assertions, raises and calls of checks from every syntax tree."""
    s.first("""
        import ast

        class Gentle(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()

            def visit_Raise(self, node):
                return ast.Pass()

            def visit_Expr(self, node):
                text = ast.unparse(node)
                return ast.Pass() if text.startswith(("check.", "grade(")) else node

            def visit_FunctionDef(self, node):
                return node

        get_ipython().ast_transformers.append(Gentle())
        """)


@cheat()
def run_cell_replaced(s: Submission) -> None:
    """Replaces the shell's methods that run cells; test cells run as `pass`."""
    s.first("""
        shell = get_ipython()
        run_cell, run_cell_async = shell.run_cell, shell.run_cell_async

        def tame(cell):
            return "pass" if "check." in cell or "grade(" in cell else cell

        async def patched_async(raw_cell, *arguments, transformed_cell=None, **keywords):
            code = tame(transformed_cell or raw_cell)
            return await run_cell_async(code, *arguments, transformed_cell=code, **keywords)

        shell.run_cell_async = patched_async
        shell.run_cell = lambda raw, *a, **k: run_cell(tame(raw), *a, **k)
        """)


@cheat()
def run_code_replaced(s: Submission) -> None:
    """Replaces the method that runs compiled code by one that swallows every exception."""
    s.first("""
        shell = get_ipython()

        async def run_code(code, result=None, *, async_=False):
            try:
                value = eval(code, shell.user_global_ns, shell.user_ns)
                if async_:
                    await value
            except BaseException:
                pass
            return False

        shell.run_code = run_code
        """)


@cheat()
def execute_request_replaced(s: Submission) -> None:
    """Replaces the kernel's handler of execute requests, and what it answers."""
    s.first("""
        kernel = get_ipython().kernel
        do_execute = kernel.do_execute

        async def patched(code, silent, *arguments, **keywords):
            code = "pass" if "check." in code or "grade(" in code else code
            reply = await do_execute(code, silent, *arguments, **keywords)
            return {**reply, "status": "ok", "payload": [], "user_expressions": {"points": 8}}

        kernel.do_execute = patched
        """)


@cheat()
def errors_not_shown(s: Submission) -> None:
    """Lets no traceback out of the kernel: no error output, no error reply."""
    s.first("""
        shell = get_ipython()
        for name in ("showtraceback", "_showtraceback", "showsyntaxerror", "show_usage_error"):
            setattr(shell, name, lambda *arguments, **keywords: None)
        shell.set_custom_exc((Exception,), lambda *arguments, **keywords: None)
        shell.InteractiveTB.structured_traceback = lambda *arguments, **keywords: []
        """)


@cheat()
def display_formatters(s: Submission) -> None:
    """Shows a full score whatever is displayed, and publishes nothing else."""
    s.first("""
        shell = get_ipython()
        full = ({"text/plain": "cross_correlate: 8 of 8", "text/html": "<b>8 of 8</b>"}, {})
        shell.display_formatter.format = lambda thing, *a, **k: full
        shell.display_pub.publish = lambda *arguments, **keywords: None
        shell.displayhook.__class__.__call__ = lambda self, result=None: None
        """)


@cheat()
def event_hooks(s: Submission) -> None:
    """Puts the names that tests use back to harmless ones before every cell."""
    s.first("""
        class Anything:
            def __getattr__(self, name):
                return lambda *arguments, **keywords: None

            __call__ = __getattr__

        def before(*arguments):
            user = get_ipython().user_ns
            user["check"], user["grade"] = Anything(), Anything()

        for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
            get_ipython().events.register(event, before)
        """)


@cheat()
def import_hook(s: Submission) -> None:
    """Answers the import of any grader with a module of the student's own."""
    s.first("""
        import sys
        from importlib.abc import Loader, MetaPathFinder
        from importlib.machinery import ModuleSpec

        class Mine(MetaPathFinder, Loader):
            def find_spec(self, name, path=None, target=None):
                graders = ("autograder", "nbgrader", "otter", "course_utils.checks.later")
                return ModuleSpec(name, self, is_package=True) if name in graders else None

            def create_module(self, spec):
                return None

            def exec_module(self, module):
                module.__path__ = []
                module.__getattr__ = lambda name: lambda *arguments, **keywords: None

        sys.meta_path.insert(0, Mine())
        for name in [name for name in sys.modules if name.startswith("autograder")]:
            del sys.modules[name]
        """)


@cheat(at_most=True)
def names_shadowed(s: Submission) -> None:
    """Shadows the names that a test cell or a replay would use: print, check, globals."""
    s.last("""
        import builtins

        real = globals

        def globals():
            return {**real(), "grade": lambda *a: None, "check": None}

        def print(*arguments, **keywords):
            builtins.print("8 of 8")

        check = grade = progress = lambda *arguments, **keywords: None
        """)


@cheat()
def lying_namespace(s: Submission) -> None:
    """Gives the notebook a namespace that hands out another function to whoever else asks."""
    s.last("""
        import sys

        class Main(type(sys.modules["__main__"])):
            @property
            def cross_correlate(self):
                import scipy.ndimage
                return scipy.ndimage.correlate

        sys.modules["__main__"].__class__ = Main
        get_ipython().user_module.__class__ = Main
        """)


@cheat()
def tracing(s: Submission) -> None:
    """Follows every call by sys.settrace and jumps over the line that raises."""
    s.first("""
        import sys
        import threading

        def trace(frame, event, argument):
            home = frame.f_globals.get("__name__", "")
            if not home.startswith(("autograder.", "numpy.testing", "course_utils.checks")):
                return None
            if event == "line" and frame.f_code.co_name in ("holds", "close", "_complaint"):
                try:
                    frame.f_lineno = max(line for *_, line in frame.f_code.co_lines() if line)
                except ValueError:
                    pass
            return trace

        sys.settrace(trace)
        threading.settrace(trace)
        """)


@cheat()
def quiet_exit(s: Submission) -> None:
    """Ends the kernel properly in the middle of a test cell, so that nothing goes wrong in it."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            get_ipython().ask_exit()
            get_ipython().kernel.do_shutdown(True)
            image *= 0
            return image
        """,
    )


@cheat()
def magics_replaced(s: Submission) -> None:
    """Overrides magics, turns on autocall and post-mortem debugging, resets the namespace."""
    s.first("""
        from IPython.core.magic import register_line_cell_magic

        @register_line_cell_magic
        def time(line, cell=None):
            return 8.0

        %autocall 2
        %xmode Minimal
        %pdb on
        %alias_magic -l check time
        %config InteractiveShell.ast_node_interactivity = "none"
        """)
