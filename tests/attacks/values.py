"""Values: results that are not what they seem, do not fit, or change afterwards."""

from autograder.attacks import Submission, attack

from .answers import NOTHING_FOR


def returns(name: str, tries: str, body: str, *, sample: bool = False) -> None:
    """Register an attack whose cross_correlate ends in `body`; it deserves nothing."""

    def change(s: Submission) -> None:
        lines = ["    right = _right(image.copy(), kernel, padding)", "    image *= 0"]
        lines += [f"    {line}" for line in body.strip("\n").split("\n")]
        # The right values are at hand: what is wrong is how they are returned.
        perfect = s.cell("cross_correlate_answer").source
        helper = perfect.replace("def cross_correlate(", "def _right(")
        head = 'def cross_correlate(image, kernel, padding="symmetric"):'
        s.answer("cross_correlate", "\n".join([helper, "", "", head, *lines]))

    change.__name__, change.__doc__ = name, tries
    # Refusing even sides works, but a right answer is asked for in the same test.
    attack(deserves={"cross_correlate": 0}, sample=sample)(change)


returns("nan", "Returns NaN, which equals nothing and hides in means.", "return right * np.nan")
returns("infinite", "Returns infinities.", "return np.where(right > 0, np.inf, -np.inf)")
returns(
    "nan_in_places",
    "Returns right values and NaN in one pixel.",
    "right.flat[3] = np.nan\nreturn right",
)
returns("object_array", "Returns an array of objects.", "return right.astype(object)", sample=True)
returns("text_array", "Returns an array of texts.", "return right.astype(str)")
returns("nested_lists", "Returns lists that hold the right numbers.", "return right.tolist()")
returns(
    "integers", "Returns right values, rounded to integers.", "return np.rint(right).astype(int)"
)
returns("complex_numbers", "Returns right values as complex numbers.", "return right + 0j")
returns("single_number", "Returns the mean alone, to be broadcast.", "return right.mean()")
returns(
    "one_pixel_array", "Returns one pixel in an array, to be broadcast.", "return right[:1, :1]"
)
returns(
    "generator", "Returns a generator that would give the rows.", "return (row for row in right)"
)
returns("nothing", "Returns nothing and hopes that nobody looks.", "return None")
returns(
    "structured_array",
    "Returns an array with a structured dtype.",
    "made = np.zeros(right.shape, [('x', float)])\nmade['x'] = right\nreturn made",
)
returns(
    "endless_list",
    "Returns a list that contains itself.",
    "made = [right]\nmade.append(made)\nreturn made",
)
returns(
    "deep_list",
    "Returns lists nested a million deep.",
    "made = []\nfor _ in range(10**6):\n    made = [made]\nreturn made",
)
returns(
    "huge_integer",
    "Returns an integer of ten million bits.",
    "return 1 << 10**7",
)
returns(
    "raising_object",
    "Returns an object each of whose methods raises.",
    """
class Sore:
    def __getattribute__(self, name):
        raise SystemExit(name)
return Sore()
""",
)
returns(
    "lying_type",
    "Returns an object whose class says that it is an array.",
    """
class Sham:
    __class__ = np.ndarray
    shape, dtype, ndim, size, itemsize = right.shape, right.dtype, right.ndim, right.size, 8
    def view(self, *_):
        return right * np.nan
    astype = __array__ = tobytes = view
return Sham()
""",
)
returns(
    "lying_dictionary",
    "Returns a dictionary that looks different every time it is read.",
    """
class Fickle(dict):
    def items(self):
        return iter([("outcome", "returned"), ("value", right)])
    __iter__ = keys = values = items
return Fickle(value=right)
""",
)
returns(
    "pickle_in_an_object",
    "Returns an object that would run a command when it is unpickled.",
    """
class Parcel:
    def __reduce__(self):
        return __import__("os").system, ("echo {{marker}}",)
import pickle
return [Parcel(), pickle.dumps(Parcel())]
""",
)


@attack(deserves={"cross_correlate": 0})
def changes_after_return(s: Submission) -> None:
    """Returns zeros, and a thread puts right values into the same array a moment later."""
    perfect = s.cell("cross_correlate_answer").source.replace("def cross_correlate(", "def _right(")
    s.answer(
        "cross_correlate",
        perfect
        + """


def cross_correlate(image, kernel, padding="symmetric"):
    import threading

    result, given = np.zeros_like(image), image.copy()
    image *= 0
    later = lambda: np.copyto(result, _right(given, kernel, padding))
    threading.Timer(0.05, later).start()
    return result
""",
    )


@attack(deserves=NOTHING_FOR["lsi"])
def neither_true_nor_false(s: Submission) -> None:
    """Returns things that are True in one place and False in another."""
    s.answer(
        "lsi",
        """
        class Maybe(int):
            def __bool__(self):
                return True

            def __eq__(self, other):
                return True

            __hash__ = int.__hash__


        def is_linear(operator, shape, rng, trials=20):
            return Maybe(0)


        def is_shift_invariant(operator, shape, rng, trials=20):
            return np.array([True, False])
        """,
    )


@attack(deserves={"add_gaussian_noise": 0})
def noise_of_objects(s: Submission) -> None:
    """Adds numbers that draw themselves anew whenever somebody computes with them."""
    s.answer(
        "add_gaussian_noise",
        """
        class Random(float):
            def __float__(self):
                return float(np.random.normal())

            __sub__ = __add__ = __radd__ = __rsub__ = lambda self, other: self

        def add_gaussian_noise(image, sigma, rng):
            made = np.empty(image.shape, object)
            made[...] = Random(0.5)
            return made
        """,
    )


@attack(deserves=NOTHING_FOR["moving_average"])
def memory_mapped_result(s: Submission) -> None:
    """Returns a view of a file that it goes on writing to."""
    s.answer(
        "moving_average",
        """
        def moving_average(signal, size):
            import tempfile

            file = tempfile.NamedTemporaryFile()
            result = np.memmap(file, float, "w+", shape=signal.shape)
            result[:] = signal
            return result
        """,
    )
