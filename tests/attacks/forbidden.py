"""Forbidden calls: right values, computed by a library that the exercise asks to do without.

Where the syntax tree shows the call, the question is refused. Where it is hidden behind something
that a tree cannot follow, the points are kept until a person has looked, who must be told
(`noted`).
"""

import base64
import marshal

from autograder.attacks import Submission, attack

from .answers import NOTHING_FOR

NONE = {"cross_correlate": 0.0}

hidden_call = attack(noted=True, deserves=NONE, keeps=tuple(NONE))

BODY = """
def cross_correlate(image, kernel, padding="symmetric"):
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError("even")
    modes = {"symmetric": "reflect", "reflect": "mirror", "edge": "nearest"}
    weights = kernel if image.ndim == 2 else kernel[:, :, None]
    return TOOL(image, weights, mode=modes.get(padding, padding))
"""


def by_library(s: Submission, tool: str, *, before: str = "", inside: str = "") -> None:
    """Answer by scipy.ndimage.correlate, reached as `tool`; `before` is a cell of its own."""
    if before:
        s.above("cross_correlate", before)
    body = BODY.replace("TOOL", tool)
    if inside:
        lines = "".join(f"    {line}\n" for line in s.source(inside).split("\n"))
        body = body.replace("    if kernel", f"{lines}    if kernel", 1)
    s.answer("cross_correlate", body)


@attack(deserves=NONE, sample=True)
def alias(s: Submission) -> None:
    """Imports the library under another name, in another cell."""
    by_library(s, "nd.correlate", before="import scipy.ndimage as nd")


@attack(deserves=NONE)
def star_import(s: Submission) -> None:
    """Imports everything from the library."""
    by_library(s, "correlate", before="from scipy.ndimage import *")


@attack(deserves=NONE)
def name_of_a_builtin(s: Submission) -> None:
    """Calls the imported function by the name of a builtin."""
    by_library(s, "abs", before="from scipy.ndimage import correlate as abs")


@attack(deserves=NONE)
def default_argument(s: Submission) -> None:
    """Hides the library's function in a default argument."""
    by_library(s, "tool", before="import scipy.ndimage")
    s.edit(
        "cross_correlate",
        'padding="symmetric"',
        'padding="symmetric", tool=scipy.ndimage.correlate',
    )


@attack(deserves=NONE)
def factory(s: Submission) -> None:
    """Makes the function by a function that closes over the library's."""
    by_library(
        s,
        "tool",
        before="""
        def make():
            from scipy.ndimage import correlate
            return lambda *a, **k: correlate(*a, **k)

        tool = make()
        """,
    )


@attack(deserves=NONE)
def table_of_functions(s: Submission) -> None:
    """Takes the library's function out of a dictionary."""
    by_library(
        s, "TOOLS['c']", before="import scipy.ndimage\nTOOLS = {'c': scipy.ndimage.correlate}"
    )


@attack(deserves=NONE)
def decorator(s: Submission) -> None:
    """Replaces an innocent function by a decorator."""
    by_library(
        s,
        "tool",
        before="""
        import scipy.ndimage

        def better(function):
            return scipy.ndimage.correlate

        @better
        def tool(image, weights, mode):
            return image
        """,
    )


@attack(deserves=NOTHING_FOR["moving_average"])
def other_spelling(s: Submission) -> None:
    """Calls numpy's convolution by the name of a submodule."""
    s.answer(
        "moving_average",
        """
        def moving_average(signal, size):
            if size % 2 == 0:
                raise ValueError
            padded = np.pad(signal, size // 2, mode="edge")
            return np.ma.convolve(padded, np.full(size, 1 / size), "valid").data
        """,
    )


@attack(deserves=NONE)
def torch_instead(s: Submission) -> None:
    """Uses another forbidden library, imported inside the function."""
    by_library(s, "tool", inside="from torch.nn.functional import conv2d as tool")


@hidden_call
def getattr_on_a_module(s: Submission) -> None:
    """Spells the function's name in two halves."""
    by_library(s, 'getattr(getattr(course, "nd" + "image"), "corr" + "elate")', before="""
        import importlib
        course = importlib.import_module("sci" + "py")
        importlib.import_module("scipy.nd" + "image")
        """)  # fmt: skip


@hidden_call
def dunder_import(s: Submission) -> None:
    """Imports by the function behind the statement."""
    by_library(s, "__import__('scipy.ndimage').ndimage.correlate")


@hidden_call
def evaluated_text(s: Submission) -> None:
    """Evaluates a text."""
    by_library(s, "eval('__imp' + 'ort__(\"scipy.ndimage\").ndimage.correlate')")


@hidden_call
def executed_elsewhere(s: Submission) -> None:
    """Defines the tool by exec in another cell, where no tree shows its name."""
    by_library(s, "tool", before='exec("from scipy.ndimage import correlate as tool")')


@hidden_call
def namespace_edited(s: Submission) -> None:
    """Writes the tool into the notebook's namespace."""
    by_library(
        s,
        "tool",
        before="""
        import scipy.ndimage
        globals()["tool"] = scipy.ndimage.correlate
        """,
    )


@hidden_call
def builtin_added(s: Submission) -> None:
    """Makes the library's function a builtin."""
    by_library(
        s,
        "tool",
        before="""
        import builtins
        import scipy.ndimage
        builtins.tool = scipy.ndimage.correlate
        """,
    )


@hidden_call
def function_hung_on_numpy(s: Submission) -> None:
    """Hangs the library's function on a module that is allowed."""
    by_library(s, "np.tool", before="import scipy.ndimage\nnp.tool = scipy.ndimage.correlate")


@hidden_call
def allowed_function_replaced(s: Submission) -> None:
    """Replaces an allowed function by the library's, for its own call only."""
    by_library(
        s,
        "np.einsum",
        before="""
        import scipy.ndimage

        def einsum(*arguments, _real=np.einsum, **keywords):
            special = "mode" in keywords
            return (scipy.ndimage.correlate if special else _real)(*arguments, **keywords)

        np.einsum = einsum
        """,
    )


@hidden_call
def attribute_of_itself(s: Submission) -> None:
    """Hangs the library's function on the answer itself."""
    by_library(s, "cross_correlate.tool")
    s.behind(
        "cross_correlate_answer",
        "import scipy.ndimage\ncross_correlate.tool = scipy.ndimage.correlate",
    )


@hidden_call
def through_another_module(s: Submission) -> None:
    """Reaches numpy's convolution through a module of the course that has imported numpy."""
    s.answer(
        "moving_average",
        """
        def moving_average(signal, size):
            if size % 2 == 0:
                raise ValueError
            padded = images.np.pad(signal, size // 2, mode="edge")
            return images.np.convolve(padded, images.np.full(size, 1 / size), "valid")
        """,
    )


@hidden_call
def module_dictionary(s: Submission) -> None:
    """Takes the function out of the module's dictionary."""
    s.answer(
        "moving_average",
        """
        def moving_average(signal, size):
            if size % 2 == 0:
                raise ValueError
            padded = np.pad(signal, size // 2, mode="edge")
            return np.__dict__["convolve"](padded, np.full(size, 1 / size), "valid")
        """,
    )


@hidden_call
def attribute_getter(s: Submission) -> None:
    """Lets another function do the looking up."""
    s.answer(
        "moving_average",
        """
        from operator import attrgetter


        def moving_average(signal, size):
            if size % 2 == 0:
                raise ValueError
            padded = np.pad(signal, size // 2, mode="edge")
            return attrgetter("convolve")(np)(padded, np.full(size, 1 / size), "valid")
        """,
    )


@hidden_call
def unpickled_function(s: Submission) -> None:
    """Unpickles the library's function."""
    by_library(s, r'pickle.loads(b"cscipy.ndimage\ncorrelate\n.")', before="import pickle")


@hidden_call
def marshalled_code(s: Submission) -> None:
    """Carries its code as bytes."""
    code = compile(
        f"import scipy.ndimage\n{BODY.replace('TOOL', 'scipy.ndimage.correlate')}", "", "exec"
    )
    text = base64.b64encode(marshal.dumps(code)).decode()
    s.answer(
        "cross_correlate",
        f"""
        import base64
        import marshal
        import types

        space = {{}}
        types.FunctionType(marshal.loads(base64.b64decode({text!r})), space)()
        cross_correlate = space["cross_correlate"]
        """,
    )


@hidden_call
def located_by_pydoc(s: Submission) -> None:
    """Lets the documentation system find the function."""
    by_library(s, 'pydoc.locate("scipy.ndimage.correlate")', before="import pydoc")


@hidden_call
def timed_statement(s: Submission) -> None:
    """Runs a text as a statement whose time is to be taken."""
    by_library(
        s,
        "space['tool']",
        before="""
        import timeit

        space = {}
        timeit.timeit("space['tool'] = tool", "from scipy.ndimage import correlate as tool",
                      number=1, globals={"space": space})
        """,
    )


@hidden_call
def file_written_and_imported(s: Submission) -> None:
    """Writes a module in one cell and imports it in another."""
    s.above(
        "cross_correlate", "%%writefile own_helper.py\nfrom scipy.ndimage import correlate as tool"
    )
    by_library(s, "tool", before="import sys\nsys.path.insert(0, '')\nfrom own_helper import tool")


@hidden_call
def cell_magic_before_the_answer(s: Submission) -> None:
    """Hides the whole answer from the tree behind a cell magic."""
    by_library(s, "scipy.ndimage.correlate")
    cell = s.cell("cross_correlate_answer")
    cell.source = f"%%capture\nimport scipy.ndimage\n{cell.source}"


@hidden_call
def decoy_in_a_dead_branch(s: Submission) -> None:
    """Defines an honest function last, where it is never reached."""
    honest = s.cell("cross_correlate_answer").source.replace("\n", "\n    ")
    by_library(s, "scipy.ndimage.correlate")
    cell = s.cell("cross_correlate_answer")
    cell.source = f"import scipy.ndimage\n{cell.source}\n\nif not cross_correlate:\n    {honest}\n"


@hidden_call
def decoy_behind_an_error(s: Submission) -> None:
    """Defines an honest function in a later cell that fails before it gets there."""
    honest = s.cell("cross_correlate_answer").source
    by_library(s, "scipy.ndimage.correlate", before="import scipy.ndimage")
    s.behind("cross_correlate_answer", "1 / 0\n")
    s.notebook.cells[s.notebook.cells.index(s.cell("cross_correlate_answer")) + 1].source += honest


@hidden_call
def another_interpreter(s: Submission) -> None:
    """Asks a Python of its own for the result."""
    by_library(
        s,
        "elsewhere",
        before='''
        import json
        import subprocess
        import sys

        CODE = """
        import json, sys, numpy, scipy.ndimage
        image, weights, mode = json.load(sys.stdin)
        print(json.dumps(scipy.ndimage.correlate(
            numpy.array(image), numpy.array(weights), mode=mode).tolist()))
        """

        def elsewhere(image, weights, mode):
            text = json.dumps([image.tolist(), weights.tolist(), mode])
            lines = "\\n".join(line.strip() for line in CODE.strip().splitlines())
            done = subprocess.run([sys.executable, "-c", lines], input=text, text=True,
                                  capture_output=True)
            return np.array(json.loads(done.stdout))
        ''',
    )


@hidden_call
def c_library(s: Submission) -> None:
    """Finds the library through the C interface of Python."""
    by_library(
        s,
        "tool()",
        before="""
        import ctypes

        def tool():
            load = ctypes.pythonapi.PyImport_ImportModule
            load.restype, load.argtypes = ctypes.py_object, [ctypes.c_char_p]
            return load(b"scipy.ndimage").correlate
        """,
    )


@hidden_call
def shell_of_the_notebook(s: Submission) -> None:
    """Lets IPython evaluate the name."""
    by_library(s, 'get_ipython().ev("scipy.ndimage.correlate")', before="import scipy.ndimage")
