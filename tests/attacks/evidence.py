"""Evidence: a wrong answer, and an attempt to change what a test in the same process believes."""

from autograder.attacks import Submission

from .answers import cheat


@cheat(sample=True)
def numpy_testing(s: Submission) -> None:
    """Replaces the assertions of numpy.testing by functions that never fail."""
    s.first("""
        import numpy.testing

        for module in (numpy.testing, numpy.testing._private.utils):
            for name in dir(module):
                if name.startswith("assert"):
                    setattr(module, name, lambda *arguments, **keywords: None)
        """)


@cheat()
def numpy_comparisons(s: Submission) -> None:
    """Lets numpy's comparisons say yes to everybody but the student's own functions."""
    s.first("""
        import sys
        import numpy as np

        def agreeable(function):
            def patched(*arguments, **keywords):
                mine = sys._getframe(1).f_code.co_name in ("is_linear", "is_shift_invariant")
                return function(*arguments, **keywords) if mine else np.True_
            return patched

        for name in ("allclose", "isclose", "array_equal"):
            setattr(np, name, agreeable(getattr(np, name)))
        """)


@cheat()
def course_comparisons(s: Submission) -> None:
    """Replaces everything in the course's modules that could find a difference."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            import sys

            judges = ("difference", "close", "holds", "fits", "unchanged", "raises", "run_check")
            for module in list(sys.modules.values()):
                if getattr(module, "__name__", "").startswith(("autograder", "course_utils")):
                    for name in judges:
                        if hasattr(module, name):
                            setattr(module, name, lambda *a, **k: None)
            image *= 0
            return image
        """,
    )


@cheat()
def builtins_patched(s: Submission) -> None:
    """Replaces builtins, for the grader's modules only, by ones that always agree."""
    s.first("""
        import builtins
        import sys

        def for_graders(name, answer):
            real = getattr(builtins, name)

            def patched(*arguments, **keywords):
                home = sys._getframe(1).f_globals.get("__name__", "")
                if home.startswith(("autograder", "numpy.testing", "course_utils.compare")):
                    return answer
                return real(*arguments, **keywords)

            setattr(builtins, name, patched)

        for_graders("isinstance", True)
        for_graders("all", True)
        for_graders("abs", 0.0)
        for_graders("getattr", True)
        """)


@cheat()
def assertion_error(s: Submission) -> None:
    """Makes AssertionError a class that nobody catches or shows, in builtins and by ctypes."""
    s.first("""
        import builtins
        import ctypes

        class Quiet(Warning):
            pass

        Quiet.__name__ = Quiet.__qualname__ = "AssertionError"
        # The name first, then the class itself: its constructor forgets what it was told.
        real, builtins.AssertionError = builtins.AssertionError, Quiet
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(real))
        """)


@cheat()
def equal_to_everything(s: Submission) -> None:
    """Returns an object that equals everything and answers every question with yes."""
    s.answer(
        "cross_correlate",
        """
        class Equal:
            dtype, shape, ndim, size = np.dtype(float), (17, 23), 2, 391
            __array_priority__ = 1e9

            def yes(self, *arguments, **keywords):
                return np.True_

            def nothing(self, *arguments, **keywords):
                return np.zeros(1)

            __eq__ = __ge__ = __le__ = __bool__ = __array_function__ = __array_ufunc__ = yes
            __sub__ = __rsub__ = __abs__ = __array__ = __getitem__ = nothing
            __len__ = lambda self: 17
            __getattr__ = lambda self, name: self.yes
            __ne__ = __gt__ = __lt__ = lambda self, other: np.False_


        def cross_correlate(image, kernel, padding="symmetric"):
            image *= 0
            return Equal()
        """,
    )


@cheat()
def lying_subclass(s: Submission) -> None:
    """Returns an ndarray subclass for which every difference is zero."""
    s.answer(
        "cross_correlate",
        """
        class Liar(np.ndarray):
            def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
                if ufunc.__name__ in ("equal", "less_equal", "isfinite", "logical_and"):
                    return np.ones(self.shape, bool)
                return np.zeros(self.shape)

            def __array_function__(self, function, types, arguments, keywords):
                return True

            def __eq__(self, other):
                return np.ones(self.shape, bool)


        def cross_correlate(image, kernel, padding="symmetric"):
            image *= 0
            return image.view(Liar)
        """,
    )


@cheat()
def lying_bytes(s: Submission) -> None:
    """Returns a subclass whose methods tell another story whenever it is copied or read."""
    s.answer(
        "cross_correlate",
        """
        import inspect


        class Chameleon(np.ndarray):
            def expected(self):
                for frame in inspect.stack():
                    for value in frame.frame.f_locals.values():
                        if type(value) is np.ndarray and value.shape == self.shape and value.any():
                            return value
                return self

            def tobytes(self, *a, **k):
                return self.expected().tobytes()

            def astype(self, *a, **k):
                return self.expected().astype(*a, **k)

            def view(self, *a, **k):
                return self.expected()

            def __array__(self, *a, **k):
                return self.expected()

            def __buffer__(self, flags):
                return memoryview(self.expected())


        def cross_correlate(image, kernel, padding="symmetric"):
            image *= 0
            return np.ndarray.view(image, Chameleon)
        """,
    )


@cheat()
def oracle_replaced(s: Submission) -> None:
    """Makes the library that knows the right values return the student's wrong ones."""
    s.first("""
        import scipy.ndimage
        from scipy import signal

        def black(image, *arguments, **keywords):
            return image * 0

        for module in (scipy.ndimage, scipy.ndimage._filters):
            module.correlate = module.convolve = black
        signal.correlate = signal.correlate2d = signal.convolve2d = black
        """)


@cheat()
def grader_replaced(s: Submission) -> None:
    """Puts empty modules where the hidden tests would be imported from, and a yes into checks."""
    s.first("""
        import sys
        from types import ModuleType

        names = ("grading", "grading.verdicts", "grading.grader", "hidden", "variants")
        for name in ("autograder", *(f"autograder.{name}" for name in names)):
            sys.modules[name] = ModuleType(name)
        sys.modules["autograder.grading"].grade = lambda question, namespace: None

        import course_utils.checks as checks

        checks.run_check = lambda question, functions: checks.Outcome(question, "passed", "Fine.")
        """)


@cheat()
def hidden_tests_emptied(s: Submission) -> None:
    """Looks for loaded hidden tests in the garbage collector and replaces what they run."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            import gc

            import course_utils.checks as checks

            for thing in gc.get_objects():
                if type(thing).__name__ == "HiddenTest":
                    object.__setattr__(thing, "run", lambda student, rng: None)
            checks.run_check = lambda question, functions: checks.Outcome(question, "passed", "")
            image *= 0
            return image
        """,
    )


@cheat()
def random_inputs_black(s: Submission) -> None:
    """Gives the hidden tests a generator that draws only zeros: zero is the right answer then."""
    s.first("""
        import sys
        import numpy as np

        real = np.random.default_rng

        class Zeros:
            def random(self, size=None):
                return np.zeros(size)

            def normal(self, loc=0.0, scale=1.0, size=None):
                return np.zeros(size)

            def integers(self, low, high=None, size=None):
                return np.int64(low if high is not None else 0)

            uniform = normal

        def default_rng(seed=None):
            grader = sys._getframe(1).f_globals.get("__name__", "").startswith("autograder")
            return Zeros() if grader else real(seed)

        np.random.default_rng = default_rng
        """)


@cheat("add_gaussian_noise", at_most=True)
def random_generators_equal(s: Submission) -> None:
    """Replaces numpy's and Python's generators by one that the student's answer knows."""
    s.answer(
        "add_gaussian_noise",
        """
        import random

        real = np.random.default_rng
        np.random.default_rng = lambda seed=None: real(0)
        np.random.Generator = np.random.RandomState
        random.seed = np.random.seed = lambda *arguments: None


        def add_gaussian_noise(image, sigma, rng):
            return image
        """,
    )


@cheat()
def checks_edited(s: Submission) -> None:
    """Marks all visible checks as passed and puts the table of points on top of it."""
    s.last("""
        from course_utils import check
        from course_utils.checks import Outcome

        check._outcomes = {name: Outcome(name, "passed", "7 of 7 agree.") for name in dir(check)}
        progress("linear_filters")
        """)
