"""Honest oddities: nothing here is an attack, and everything gets its points."""

import functools
from collections.abc import Callable

from autograder.attacks import Change, Submission, attack

honest: Callable[..., Callable[[Change], Change]] = functools.partial(attack, honest=True)


@honest(sample=True)
def chatty(s: Submission) -> None:
    """Warns, logs, prints, and shows progress on stderr, in cells and in calls."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    warnings.warn("slow for large kernels")
    logging.getLogger("mine").warning("filtering %s", image.shape)
    print("filtering", image.shape, file=sys.stderr)
    print("kernel", kernel)
    padded = _pad""",
    )
    s.above("cross_correlate", "import logging\nimport sys\nimport warnings")
    s.last("""
        from tqdm.auto import tqdm

        for size in tqdm((3, 5, 7)):
            cross_correlate(camera, np.ones((size, size)) / size**2)
        """)


@honest()
def plots_of_ones_own(s: Submission) -> None:
    """Draws pictures, saves one and reads it again."""
    s.last("""
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(1, 2)
        axes[0].imshow(camera, cmap="gray")
        axes[1].plot(moving_average(camera[0], 5))
        plt.savefig("mine.png")
        plt.show()
        print(plt.imread("mine.png").shape)
        """)


@honest()
def helpers_elsewhere(s: Submission) -> None:
    """Has helpers in cells of their own, before and behind, and constants among the imports."""
    answer = s.cell("cross_correlate_answer")
    answer.source, _, helper = answer.source.partition("\n\n\ndef _pad")
    s.above("moving_average", f"def _pad{helper}")
    s.edit("cross_correlate", "padded = _pad(", "padded = BORDER[0](")
    s.behind("cross_correlate_answer", "BORDER = [_pad]")


@honest()
def classes(s: Submission) -> None:
    """Answers with a class that has state, properties and methods."""
    s.answer(
        "moving_average",
        """
        from dataclasses import dataclass


        @dataclass(frozen=True)
        class Window:
            size: int

            def __post_init__(self):
                if self.size % 2 == 0:
                    raise ValueError(f"even size {self.size}")

            @property
            def half(self):
                return self.size // 2

            def __call__(self, signal):
                padded = np.r_[[signal[0]] * self.half, signal, [signal[-1]] * self.half]
                return np.array([padded[i : i + self.size].mean() for i in range(len(signal))])


        def moving_average(signal, size):
            return Window(size)(signal)
        """,
    )


@honest()
def recursion_and_generators(s: Submission) -> None:
    """Recurses, uses generators, closures, lambdas and the walrus."""
    s.answer(
        "moving_average",
        """
        def total(values):
            return values[0] if len(values) == 1 else total(values[:1]) + total(values[1:])


        def windows(signal, size):
            clip = lambda i: min(max(i, 0), len(signal) - 1)
            for i in range(len(signal)):
                yield [signal[clip(j)] for j in range(i - size // 2, i + size // 2 + 1)]


        def moving_average(signal, size):
            if remainder := 1 - size % 2:
                raise ValueError(f"even: {remainder}")
            return np.fromiter((total(window) / size for window in windows(signal, size)), float)
        """,
    )


@honest()
def plain_loops(s: Submission) -> None:
    """Loops over every pixel in plain Python."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            h, w = kernel.shape
            if h % 2 == 0 or w % 2 == 0:
                raise ValueError("even")
            if image.ndim == 3:
                channels = np.moveaxis(image, 2, 0)
                return np.dstack([cross_correlate(c, kernel, padding) for c in channels])
            p = np.pad(image, ((h // 2,), (w // 2,)), padding)
            out = np.zeros(image.shape, order="F")
            for i in range(image.shape[0]):
                for j in range(image.shape[1]):
                    for q in range(h):
                        for r in range(w):
                            if kernel[q, r]:
                                out[i, j] += kernel[q, r] * p[i + q, j + r]
            return out
        """,
    )


@honest()
def types_and_documentation(s: Submission) -> None:
    """Annotates everything, with types of its own."""
    s.answer(
        "lsi",
        '''
        from collections.abc import Callable
        from typing import TypeAlias

        Picture: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float64]]"


        def is_linear(
            operator: Callable[[Picture], Picture],
            shape: tuple[int, int],
            rng: np.random.Generator,
            trials: int = 20,
        ) -> np.bool_:
            """Tell whether an operator is linear. Ünïcödé, 日本語."""
            def agrees() -> bool:
                x, y = rng.normal(size=(2, *shape))
                α, β = rng.normal(size=2)
                return np.allclose(operator(α * x + β * y), α * operator(x) + β * operator(y))

            return np.all([agrees() for _ in range(trials)])


        def is_shift_invariant(operator, shape, rng, trials=20):
            for _ in range(trials):
                x = rng.normal(size=shape)
                s = tuple(int(n) for n in rng.integers(0, shape))
                if not np.allclose(
                    operator(np.roll(x, s, (0, 1))), np.roll(operator(x), s, (0, 1))
                ):
                    return False
            return True
        ''',
    )


@honest()
def magics(s: Submission) -> None:
    """Times its answers by a cell magic and uses magics and shell lines everywhere."""
    for question in ("moving_average", "add_gaussian_noise"):
        cell = s.cell(f"{question}_answer")
        cell.source = f"%%time\n{cell.source}"
    s.first("%matplotlib inline\n%config InlineBackend.figure_format = 'png'")
    s.last("%timeit -n 2 -r 1 moving_average(camera[0], 5)\nfiles = !echo here\nprint(files)")
    s.last("%%capture shown\nprint('captured')")
    s.last("%who\n%pwd\n?np.pad")


@honest(noted=True)
def module_written_in_a_cell(s: Submission) -> None:
    """Writes its helper into a module and imports that; a person may want to look."""
    answer = s.cell("cross_correlate_answer")
    answer.source, _, helper = answer.source.partition("\n\n\ndef _pad")
    imports = "import numpy as np\n\nfrom course_utils.types import Image, Padding"
    s.above("cross_correlate", f"%%writefile my_helper.py\n{imports}\n\n\ndef _pad{helper}")
    s.edit(
        "cross_correlate", "    padded = _pad", "    from my_helper import _pad\n    padded = _pad"
    )


@honest()
def own_imports(s: Submission) -> None:
    """Imports libraries for experiments beside the answers, forbidden ones among them."""
    s.last("""
        import scipy.ndimage as nd
        from skimage import filters

        mine = cross_correlate(camera, np.ones((5, 5)) / 25)
        print(np.abs(mine - nd.uniform_filter(camera, 5)).max(), filters.sobel(camera).mean())
        """)


@honest()
def cells_moved(s: Submission) -> None:
    """Moves its answers to the top and its experiments between the texts."""
    answers = [cell for cell in s.notebook.cells if cell.id.endswith("_answer")]
    others = [cell for cell in s.notebook.cells if not cell.id.endswith("_answer")]
    s.notebook.cells = [*others[:2], *answers, *others[2:]]
    s.behind("lsi", "print('in between')")
    s.markdown("# My notes\n\nMore *text*, and $x^2$.")


@honest()
def failing_experiments(s: Submission) -> None:
    """Leaves cells behind that fail, do not parse, ask for input, or were never finished."""
    for text in ("1 / 0", "def half(:", "name = input('Who are you? ')", "undefined_name", "raise"):
        s.behind("moving_average", text)
    s.last("assert False, 'later'")
    s.last("import not_installed_anywhere")


@honest()
def split_answer(s: Submission) -> None:
    """Defines the two functions of a question in two cells, one of them its own."""
    cell = s.cell("lsi_answer")
    first, second = cell.source.split("\n\n\ndef is_shift_invariant")
    cell.source = first
    s.behind("lsi_answer", f"def is_shift_invariant{second}")


@honest()
def rewritten_later(s: Submission) -> None:
    """Corrects an answer in a later cell; what holds is the last definition."""
    right = s.cell("moving_average_answer").source
    s.answer("moving_average", "def moving_average(signal, size):\n    return signal")
    s.behind("moving_average_answer", right)


@honest()
def windows_line_endings(s: Submission) -> None:
    """Was written by an editor that ends lines with a carriage return and indents by tabs."""
    for cell in s.notebook.cells:
        if cell.id.endswith("_answer"):
            lines = cell.source.replace("        ", "\t\t").replace("    ", "\t").split("\n")
            cell.source = "\r\n".join(lines)


@honest()
def source_in_lines(s: Submission) -> None:
    """Was saved with sources as lists of lines, as Jupyter does, and outputs of an earlier run."""
    for cell in s.notebook.cells:
        cell.source = cell.source.splitlines(keepends=True)
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stderr", "text": ["old\n"]}]
            cell.execution_count = 42


@honest()
def files_of_ones_own(s: Submission) -> None:
    """Writes, reads and removes files, in its folder and among temporary ones."""
    s.put("data/measured.csv", "1,2,3\n")
    s.last("""
        import os
        import pickle
        import tempfile
        from pathlib import Path

        np.save("mine.npy", camera)
        assert np.load("mine.npy").shape == camera.shape
        Path("mine.pkl").write_bytes(pickle.dumps({"size": 3}))
        print(pickle.loads(Path("mine.pkl").read_bytes()), Path.cwd().exists(), Path.home())
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "x.txt").write_text("x")
        os.makedirs("deep/er", exist_ok=True)
        """)


@honest()
def threads_and_sleep(s: Submission) -> None:
    """Computes in a thread pool, and waits a moment for no good reason."""
    s.edit(
        "cross_correlate",
        "    padded = _pad(image, kernel.shape, padding)",
        """
    import time
    from concurrent.futures import ThreadPoolExecutor

    time.sleep(0.05)
    with ThreadPoolExecutor(2) as pool:
        padded = pool.submit(_pad, image, kernel.shape, padding).result()""",
    )


@honest()
def widgets_and_await(s: Submission) -> None:
    """Makes widgets of its own, awaits, and displays many kinds of things."""
    s.last("""
        import asyncio
        from ipywidgets import interact
        from IPython.display import HTML, Image, Markdown, clear_output, display

        @interact(size=(1, 9, 2))
        def show(size=3):
            print(moving_average(camera[0], size)[:3])

        await asyncio.sleep(0.05)
        handle = display(Markdown("**first**"), display_id=True)
        handle.update(HTML("<b>second</b>"))
        clear_output(wait=True)
        display({"a": np.eye(3)}, HTML("<table><tr><td>1</td></tr></table>"))
        """)


@honest()
def long_output(s: Submission) -> None:
    """Prints some thousands of lines and a large array."""
    s.last("""
        np.set_printoptions(threshold=10**6)
        for number in range(3000):
            print("iteration", number, "residual", 1 / (number + 1))
        print(camera[:60, :60])
        """)


@honest()
def cached_and_decorated(s: Submission) -> None:
    """Decorates its answers: caches, timers, partial functions."""
    s.answer(
        "add_gaussian_noise",
        """
        import functools
        import time


        def timed(function):
            @functools.wraps(function)
            def wrapper(*arguments, **keywords):
                start = time.perf_counter()
                try:
                    return function(*arguments, **keywords)
                finally:
                    wrapper.seconds = time.perf_counter() - start
            return wrapper


        @functools.lru_cache
        def root(x):
            return x**0.5


        @timed
        def add_gaussian_noise(image, sigma, rng):
            return image + root(sigma**2) * rng.standard_normal(image.shape)
        """,
    )


@honest()
def refusal_of_ones_own(s: Submission) -> None:
    """Refuses even sizes with an exception of its own, derived from the one that is due."""
    s.above("moving_average", "class EvenSizeError(ValueError):\n    'A window without a centre.'")
    s.edit("moving_average", "raise ValueError(", "raise EvenSizeError(")


@honest()
def numpy_settings(s: Submission) -> None:
    """Turns numpy's warnings into errors, seeds the global state, changes how things print."""
    s.first("""
        import random
        import warnings
        import numpy as np

        np.seterr(all="raise")
        np.random.seed(1)
        random.seed(1)
        np.set_printoptions(precision=2, suppress=True)
        warnings.simplefilter("error")
        """)


@honest(noted=True)
def handed_in_under_another_name(s: Submission) -> None:
    """Hands in the notebook as the browser saved it the second time; a person is told."""
    s.file = "1_linear_filters (2).ipynb"


@honest()
def checkpoints_and_system_files(s: Submission) -> None:
    """Hands in what editors and systems leave beside the notebook."""
    for name in (".DS_Store", "__pycache__/x.pyc", "Thumbs.db", ".git/HEAD"):
        s.put(name, b"\x00x")
    s.put(".ipynb_checkpoints/1_linear_filters-checkpoint.ipynb", "{}")


@honest()
def operators_in_threads(s: Submission) -> None:
    """Tries a lent operator in a pool of threads, and returns while some of them are at work."""
    s.answer(
        "lsi",
        """
        from concurrent.futures import ThreadPoolExecutor, as_completed


        def _agree(pairs):
            pool = ThreadPoolExecutor(4)
            jobs = [pool.submit(lambda one: np.allclose(*one()), pair) for pair in pairs]
            for job in as_completed(jobs):
                if not job.result():
                    pool.shutdown(wait=False, cancel_futures=True)
                    return False
            return True


        def is_linear(operator, shape, rng, trials=20):
            def pair(x, y, a, b):
                return lambda: (operator(a * x + b * y), a * operator(x) + b * operator(y))

            draws = [
                (*rng.standard_normal((2, *shape)), *rng.standard_normal(2)) for _ in range(trials)
            ]
            return _agree([pair(*draw) for draw in draws])


        def is_shift_invariant(operator, shape, rng, trials=20):
            def pair(x, shift):
                def rolled(image):
                    return np.roll(image, shift, axis=(0, 1))

                return lambda: (operator(rolled(x)), rolled(operator(x)))

            draws = [(rng.standard_normal(shape), rng.integers(shape)) for _ in range(trials)]
            return _agree([pair(*draw) for draw in draws])
        """,
    )


@honest()
def builtins_shadowed(s: Submission) -> None:
    """Gives variables the names of built-in functions."""
    s.first("globals = {'a': 1}\nid = 3\ninput = [1, 2]\ntype = 'Gaussian'\nmax = 7")


@honest()
def figures_in_calls(s: Submission) -> None:
    """Draws a figure in every call and shows none of them."""
    s.edit(
        "moving_average",
        "    padded =",
        """
    import matplotlib.pyplot as plt
    plt.subplots(1, 2)[1][0].plot(signal)
    padded =""",
    )
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    import matplotlib.pyplot as plt
    plt.subplots(1, 2)[1][0].imshow(image)
    padded = _pad""",
    )


@honest()
def talks_before_the_replay(s: Submission) -> None:
    """Prints more, before the replay and in pieces, than a graded notebook may hold."""
    for _ in range(12):
        s.above(
            "moving_average",
            "import sys\nfor _ in range(40):\n    print('x' * 100_000)\n    sys.stdout.flush()",
        )
