"""Turns what students write into HTML that can do nothing: markdown, equations, pictures, text.

Nothing here loads anything. Markdown is read by markdown-it without raw HTML; a link is its text
and its address, a picture is one that was pasted into the cell, an equation becomes MathML element
by element, by an allow list, or stays as it was written. What comes of all that goes through bleach
with the same allow list, so that two things must fail before an element gets into a page that is
not on it.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from html import escape, unescape
from io import BytesIO
from secrets import token_hex
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from bleach.sanitizer import Cleaner
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

LONGEST_MARKDOWN = 20_000
LONGEST_EQUATION = 3_000
LARGEST_PICTURE = 5 * 2**20
_LARGEST_HTML = 100_000
_MOST_CELLS = 20_000
_DEEPEST = 40
_MOST_PIXELS = 40_000_000

TAGS = frozenset({
    "p", "br", "hr", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "img",
})  # fmt: skip
"""The elements of HTML that a student's text can become."""

MATHML = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle",
    "mpadded", "mphantom", "menclose", "msub", "msup", "msubsup", "munder", "mover", "munderover",
    "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd",
})  # fmt: skip
"""The elements of MathML that an equation can become."""

_WORDS = frozenset({
    "display", "mathvariant", "stretchy", "fence", "separator", "form", "accent", "accentunder",
    "movablelimits", "largeop", "symmetric", "displaystyle", "scriptlevel", "columnalign",
    "rowalign", "columnlines", "rowlines", "notation",
})  # fmt: skip
_LENGTHS = frozenset({
    "linethickness", "minsize", "maxsize", "lspace", "rspace", "width", "height", "depth",
    "columnspacing", "rowspacing",
})  # fmt: skip
_WORD = re.compile(r"[a-z0-9 -]{1,60}")
_LENGTH = re.compile(r"-?\d{0,2}(\.\d{1,4})?(em|ex|px|pt|mu)?")


# --- Text -----------------------------------------------------------------------------------------

# Sequences that color a terminal, move its cursor or name its window.
_ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(\x07|\x1b\\)|[@-Z\\^_])")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_OVERWRITTEN = re.compile(r"^.*\r(?=.)", re.MULTILINE)


def visible(text: str) -> str:
    """Return a text without characters that HTML cannot hold or nobody can see."""
    return _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def printed(text: str) -> str:
    """Return a text as a terminal would leave it.

    Of a line that was written over again and again, as by a progress bar, the last state stays.
    """
    return visible(_OVERWRITTEN.sub("", _ANSI.sub("", text).replace("\r\n", "\n")))


def shortened(text: str, most: int) -> str:
    """Return a text, or its beginning and how much more there is."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[... {len(text) - most} more characters]"


# --- Pictures -------------------------------------------------------------------------------------


def picture(bundle: Any) -> str:
    """Return a PNG or JPEG of a bundle of MIME types as a data address, empty if there is none."""
    for kind in ("png", "jpeg"):
        value = bundle.get(f"image/{kind}") if isinstance(bundle, Mapping) else None
        if isinstance(value, str) and 0 < len(value) < 2 * LARGEST_PICTURE:
            content = _decoded(value)
            if len(content) <= LARGEST_PICTURE and _is_picture(content, kind):
                return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
    return ""


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):
        return b""


def _is_picture(content: bytes, kind: str) -> bool:
    """Tell whether bytes begin as a picture that a browser can be asked to show."""
    from PIL import Image

    try:
        # Reads the header alone: a picture of a few bytes can have a billion pixels.
        width, height = Image.open(BytesIO(content), formats=[kind]).size
    except Exception:  # noqa: BLE001  a broken header can raise anything
        return False
    return bool(0 < width * height <= _MOST_PIXELS)


# --- Equations ------------------------------------------------------------------------------------


class _NotShown(Exception):
    """An equation that stays as it was written."""


# A macro can double itself: thirty of them make a billion symbols.
_MACROS = re.compile(r"\\(\w*newcommand|\w*def|\w*newenvironment|DeclareMath\w*|let|require)\b")


def equation(latex: str, *, block: bool = False) -> str:
    """Return an equation as MathML, or as it was written if it cannot be read."""
    sign = "$$" if block else "$"
    return mathml(latex, block=block) or f"<code>{escape(f'{sign}{visible(latex)}{sign}')}</code>"


def displayed(latex: str) -> str:
    """Return an output in LaTeX as MathML, empty if it is not one equation."""
    inner = latex.strip().strip("$")
    return "" if "$" in inner else _cleaned(mathml(inner, block=True))


def mathml(latex: str, *, block: bool = False) -> str:
    """Return an equation as MathML, empty if it cannot be read."""
    latex = visible(latex).strip()
    if not latex or len(latex) > LONGEST_EQUATION or _MACROS.search(latex):
        return ""
    try:
        return _element(convert_to_element(latex, display="block" if block else "inline"), 0)
    except Exception:  # noqa: BLE001  the converter knows no one way of refusing
        return ""


def _element(element: Element, depth: int) -> str:
    if element.tag not in MATHML or depth > _DEEPEST:
        raise _NotShown
    text = visible(unescape(element.text or ""))
    if text.startswith("\\") and len(text) > 1:
        raise _NotShown  # a command that the converter does not know
    known = {name: value for name, value in element.attrib.items() if _is_attribute(name, value)}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in known.items())
    inner = "".join(_element(child, depth + 1) for child in element)
    return f"<{element.tag}{attributes}>{escape(text)}{inner}</{element.tag}>"


def _is_attribute(name: str, value: str) -> bool:
    if name in _LENGTHS:
        return _LENGTH.fullmatch(value) is not None
    return name in _WORDS and _WORD.fullmatch(value) is not None


# --- Markdown -------------------------------------------------------------------------------------


def markdown(text: str, pictures: Mapping[str, str]) -> str:
    """Return markdown as HTML.

    Parameters
    ----------
    pictures : the data addresses of the cell's attachments, by name.
    """
    as_written = f"<pre>{escape(shortened(visible(text), LONGEST_MARKDOWN))}</pre>"
    if len(text) > LONGEST_MARKDOWN or _table_cells(text) > _MOST_CELLS:
        return as_written
    # Bleach is slow on pictures: they come in afterwards, in the place of names nobody can guess.
    secret = token_hex()
    names = {name: f"#{secret}-{number}" for number, name in enumerate(pictures)}
    html: str = _reader().render(visible(text), {"pictures": dict(names)})
    if len(html) > _LARGEST_HTML:
        return as_written
    html = _cleaned(html, secret)
    for name, address in pictures.items():
        html = html.replace(f'src="{names[name]}"', f'src="{escape(address)}"')
    return html


def _table_cells(text: str) -> int:
    """Return how many cells the tables of a text can have: a short row is filled up."""
    lines = text.split("\n")
    return len(lines) * max(line.count("|") for line in lines)


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    reader.enable(["table", "strikethrough"])
    dollarmath_plugin(reader, allow_labels=False, double_inline=True)
    amsmath_plugin(reader)
    for rule in (heading_open, heading_close, link_open, link_close, image, fence):
        reader.add_render_rule(rule.__name__, rule)
    for rule in (math_inline, math_inline_double, math_block, amsmath):
        reader.add_render_rule(rule.__name__, rule)
    return reader


_Tokens = Sequence[Token]


def heading_open(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write a heading below the page's own."""
    return f"<{_heading(tokens[index])}>"


def heading_close(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Close a heading."""
    return f"</{_heading(tokens[index])}>\n"


def _heading(token: Token) -> str:
    return f"h{min(max(int(token.tag[1:]), 2) + 1, 6)}"


def link_open(_: Any, tokens: _Tokens, index: int, __: Any, env: dict[str, Any]) -> str:
    """Leave out a link; remember where it goes."""
    token = tokens[index]
    env["address"] = "" if token.info == "auto" else str(token.attrs.get("href", ""))
    return ""


def link_close(_: Any, __: _Tokens, ___: int, ____: Any, env: dict[str, Any]) -> str:
    """Write after a link's text where it goes."""
    address = env.pop("address", "")
    return f" ({escape(address[:200])})" if address else ""


def image(renderer: Any, tokens: _Tokens, index: int, options: Any, env: dict[str, Any]) -> str:
    """Write a picture that was pasted into the cell, or what it was to show."""
    token = tokens[index]
    said = escape(renderer.renderInlineAsText(token.children or [], options, env)[:300])
    name = unquote(str(token.attrs.get("src", ""))).removeprefix("attachment:")
    # Once each: one picture named a thousand times would make a page of gigabytes.
    address = env["pictures"].pop(name, "")
    if not address:
        return (
            f"<em>[a picture that is not in the answer, or shown above: {said or 'unnamed'}]</em>"
        )
    return f'<img src="{address}" alt="{said}">'


def fence(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write code, whatever its language."""
    return f"<pre><code>{escape(tokens[index].content)}</code></pre>\n"


def math_inline(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write an equation within a line."""
    return equation(tokens[index].content)


def math_inline_double(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write an equation on a line of its own that stands within one."""
    return equation(tokens[index].content, block=True)


def math_block(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write an equation on a line of its own."""
    return f"<p>{equation(tokens[index].content, block=True)}</p>\n"


def amsmath(_: Any, tokens: _Tokens, index: int, *__: Any) -> str:
    """Write an environment like align."""
    return f"<p>{equation(tokens[index].content, block=True)}</p>\n"


def _cleaned(html: str, secret: str = "") -> str:
    return str(Cleaner(TAGS | MATHML, partial(_is_allowed, secret)).clean(html))


def _is_allowed(secret: str, tag: str, name: str, value: str) -> bool:
    if tag in MATHML:
        return _is_attribute(name, value)
    if tag == "img":
        return name == "alt" or (name == "src" and bool(secret) and value.startswith(f"#{secret}-"))
    return (tag, name) == ("ol", "start") and re.fullmatch(r"\d{1,9}", value) is not None
