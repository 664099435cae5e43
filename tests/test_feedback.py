"""Feedback pages: what a student wrote is shown, does nothing, loads nothing, and is bounded."""

import base64
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output

from autograder import feedback, markup
from autograder.course import Course
from autograder.gradebook import Report, Score
from autograder.grading.verdicts import Finding, Verdict

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

OURS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "b", "span", "div"),
    *("p", "ul", "li", "table", "tr", "th", "td", "pre", "img", "nav", "a"),
}
"""The elements of the templates."""
ATTRIBUTES = {"alt", "src", "start", *markup._WORDS, *markup._LENGTHS}
LINK = re.compile(r"#[a-z0-9_]+|[12]_[a-z_]+\.html")
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")


class Elements(HTMLParser):
    """The elements of a page as a lenient reader sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.odd: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    handle_pi = unknown_decl = handle_comment


def assert_harmless(html: str) -> None:
    """Make sure that HTML made of a student's text has no element or attribute but the allowed."""
    elements = Elements(html)
    assert elements.odd == []
    for tag, attributes in elements.found:
        assert tag in markup.TAGS | markup.MATHML, tag
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        if tag == "img":
            assert PICTURE.fullmatch(attributes.get("src") or ""), attributes


def png(width: int = 2, height: int = 2) -> str:
    """Return a grey PNG in base64; a large one is as small."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\x00" + bytes(width) for _ in range(min(height, 2))))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    return base64.b64encode(content + chunk(b"IEND", b"")).decode()


# --- Markdown -------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>body{background:url(https://evil.example)}</style>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<math href='javascript:alert(1)'><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!-- --!><script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><!DOCTYPE html><base href=https://evil.example>",
    "<form action=https://evil.example><input name=q></form>",
    "<a href=https://evil.example onclick=alert(1)>x</a>",
    "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1)) [x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=) [x](vbscript:x) [x](//evil.example)",
    "[x](https://evil.example 'a\" onmouseover=\"alert(1)')",
    "![x](https://evil.example/track.png) ![x](//evil.example/t.png) ![x](file:///etc/passwd)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=) ![x](data:text/html,<script>)",
    '![x" onerror="alert(1)](attachment:p.png)',
    "![x](attachment:p.png 'a\" onload=\"alert(1)')",
    "[x]: javascript:alert(1)\n\n[x] ![x]",
    '<https://evil.example/"onclick="alert(1)> <javascript:alert(1)>',
    '```<script>\nalert(1)\n```\n\n~~~html" onclick="x\n</code></pre><script>\n~~~',
    "$\\href{javascript:alert(1)}{x}$ $\\text{<script>alert(1)</script>}$",
    "$\\text{&lt;script&gt;alert(1)&lt;/script&gt;}$ $\\text{</mtext></math><img src=x>}$",
    '$\\style{background:url(https://evil.example)}{x} \\class{a" onclick="b}{y}$',
    '$\\color{red" onclick="alert(1)}{x} \\colorbox{url(https://evil.example)}{y}$',
    "$\\unicode{x3C}script\\unicode{x3E}$ $\\url{javascript:alert(1)}$ $\\mathrm{<img>}$",
    "$$\n<script>alert(1)</script>\n$$\n\n\\begin{align}\n<img src=x>\n\\end{align}",
    '$\\begin{array}{c" onclick="}<b>\\end{array}$ $\\hspace{1em" onclick="x}$',
    "|<script>|`</td><script>`|\n|--|--|\n|<b onclick=x>|$<svg>$|",
    "x\x00<scr\x00ipt>\ud800\u202e\ufffe\x1b]8;;https://evil.example\x07y",
    "1. a\n99999999999. b\n\n- [ ] <input>\n\n# <h1 onclick=x>\n\n> <b>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_becomes_text(text: str) -> None:
    html = markup.markdown(text, {"p.png": f"data:image/png;base64,{png()}"})
    assert_harmless(html)
    assert "href" not in "".join(re.findall(r"<[^>]*>", html))
    assert "onerror=" not in "".join(name for _, found in Elements(html).found for name in found)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=30), max_size=6), st.data())
def test_no_text_becomes_an_element_that_is_not_allowed(parts: list[str], data: Any) -> None:
    text = "".join(parts)
    cut = data.draw(st.integers(0, len(text)))
    assert_harmless(markup.markdown(text[cut:] + text[:cut], {}))
    assert_harmless(markup.equation(text[cut:], block=True))


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from(
            "<>&\"'`$\\{}[]()!*_~#|-+=:;/. \n\t\x00\x1bxabscriptdatahref0123\u202e\ud800"
        ),
        max_size=120,
    )
)
def test_no_punctuation_becomes_an_element_that_is_not_allowed(text: str) -> None:
    assert_harmless(markup.markdown(text, {}))
    assert_harmless(markup.equation(text))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|x\n" * 3000,
        "[a]: /" + "u" * 5000 + "\n" + "[a]\n" * 3000,
        "$x$" * 6000,
    ],
)
def test_markdown_that_would_grow_is_shown_as_it_was_written(text: str) -> None:
    html = markup.markdown(text, {})
    assert html.startswith("<pre>")
    assert len(html) < 2 * markup.LONGEST_MARKDOWN


def test_markdown_is_rendered() -> None:
    html = markup.markdown("# A\n\n*b* **c** `d`\n\n1. e\n\n> f\n\n|g|h|\n|-|-|\n|i|j|", {})
    for element in ("<h3>A</h3>", "<em>b</em>", "<strong>c</strong>", "<code>d</code>"):
        assert element in html
    assert {"ol", "li", "blockquote", "table", "td"} <= {tag for tag, _ in Elements(html).found}


def test_a_link_is_its_text_and_its_address() -> None:
    assert markup.markdown("[paper](https://example.org/a)", {}) == (
        "<p>paper (https://example.org/a)</p>\n"
    )
    assert markup.markdown("<https://example.org>", {}) == "<p>https://example.org</p>\n"


# --- Equations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "$ x^2 $",
        "in $$x^2$$ a line",
        "$$\nx^2\n$$",
        "\\begin{align}\nx^2 &= y\n\\end{align}",
        "|a|\n|-|\n|$x^2$|",
    ],
)
def test_equations_become_mathml(text: str) -> None:
    html = markup.markdown(text, {})
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert "$" not in html


@pytest.mark.parametrize(
    "latex",
    [
        *("\\frac{", "\\left( x", "x^2^3", "\\unheardof{x}", "{" * 2000, "x^{" * 900, "a" * 5000),
        "\\def\\a{\\b\\b}\\def\\b{xx}\\a",
        "\\newcommand{\\a}{x}\\a",
    ],
)
def test_what_is_no_equation_stays_as_it_was_written(latex: str) -> None:
    assert markup.mathml(latex) == ""
    assert markup.equation(latex).startswith("<code>$")
    assert latex[:20].replace("&", "&amp;") in markup.equation(latex)


def test_nothing_in_an_equation_is_larger_than_an_equation() -> None:
    html = markup.mathml("a\\hspace{9999em}b\\rule{5000em}{5000em}\\hspace{-300em}c")
    assert "999" not in html
    assert "00em" not in html


# --- Pictures -------------------------------------------------------------------------------------


def test_a_pasted_picture_is_shown_once() -> None:
    address = f"data:image/png;base64,{png()}"
    html = markup.markdown("![a b](attachment:my%20p.png)\n" * 50, {"my p.png": address})
    assert html.count(address) == 1
    assert 'alt="a b"' in html


def test_no_name_of_a_picture_can_be_guessed() -> None:
    pictures = {"p": f"data:image/png;base64,{png()}"}
    text = '![x](#0) ![x](p) src="#0" `src="p"` <img src="p">'
    html = markup.markdown(text, pictures)
    assert html.count("data:image") == 1


@pytest.mark.parametrize(
    "bundle",
    [
        *({}, None, [], {"image/png": 3}, {"image/png": ""}, {"image/png": "%%%"}),
        {"image/png": base64.b64encode(b"<html><script>").decode()},
        {"image/svg+xml": base64.b64encode(b"<svg>").decode()},
        {"image/jpeg": png()},
        {"image/png": png(60_000, 60_000)},
        {"image/png": png()[:20]},
        {"image/png": "A" * 20_000_000},
    ],
)
def test_what_is_no_picture_is_not_shown(bundle: Any) -> None:
    assert markup.picture(bundle) == ""


# --- A page ---------------------------------------------------------------------------------------


Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    for name in ("assignments", "release"):
        shutil.copytree(ROOT / name, root / name)
    return Course.at(root)


def page(
    course: Course, change: Change | None = None, changed: Sequence[Score] = (), **fields: Any
) -> str:
    """Write the page of a graded notebook with some changes; return its text."""
    assignment = course.assignment("a1_filtering")
    text = assignment.notebooks[0]
    released = course.root / "release" / assignment.name / f"{text.stem}.ipynb"
    notebook = nbformat.read(released, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    if change is not None:
        cells["notebook"] = notebook
        change(cells)
    path = course.root / "autograded" / "someone" / assignment.name / f"{text.stem}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    scores = {
        q.grade_id: Score(
            question=q.grade_id, points=q.points, awarded=0, by_hand=q.kind == "question"
        )
        for one in assignment.notebooks
        for q in one.questions
    }
    scores |= {score.question: score for score in changed}
    fields = {"verdicts": {text.stem: [verdict()]}, "remarks": [], **fields}
    made = Report(
        student="someone", assignment=assignment.name, scores=list(scores.values()), **fields
    )
    written, other = feedback.write_feedback(assignment, made)
    assert_page(other.read_text("utf-8"))
    html = written.read_text("utf-8")
    assert_page(html)
    return html


def verdict(**fields: Any) -> Verdict:
    findings = [Finding(says="a grey image", points=8.0, awarded=0.0, sentence="Values differ")]
    return Verdict(**{"question": "cross_correlate", "points": 8.0, "findings": findings, **fields})


def assert_page(html: str) -> None:
    """Make sure that a page has no element but the allowed ones and loads nothing."""
    elements = Elements(html)
    for tag, attributes in elements.found:
        assert tag in OURS | markup.TAGS | markup.MATHML, tag
        assert ("href" in attributes) == (tag == "a")
        assert tag != "a" or LINK.fullmatch(attributes["href"] or ""), attributes
        assert not {"style", "srcset", "xlink:href", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        if "src" in attributes:
            assert PICTURE.fullmatch(attributes["src"] or "")
    assert [tag for tag, _ in elements.found].count("style") == 1
    assert "url(" not in html[html.index("<style>") : html.index("</style>")]
    (policy,) = [a["content"] for t, a in elements.found if t == "meta" and "http-equiv" in a]
    assert str(policy).startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def put_outputs(outputs: list[Any]) -> Change:
    def change(cells: dict[str, Any]) -> None:
        cells["cross_correlate_answer"].outputs = outputs

    return change


def shown(data: dict[str, Any]) -> Any:
    return new_output("display_data", data=data)


def test_a_page_has_question_answer_and_points(course: Course) -> None:
    def change(cells: dict[str, Any]) -> None:
        cells["ringing"].source = "Because $x^2$ ![p](attachment:p.png)"
        cells["ringing"].attachments = {"p.png": {"image/png": png()}}

    html = page(course, change)
    assert "In your own words" in html
    assert "A person still reads this." in html
    assert "<msup>" in html
    assert png() in html
    assert "Values differ" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text_on_a_page(text: str, course: Course) -> None:
    clean = text.encode("utf-8", "replace").decode()

    def change(cells: dict[str, Any]) -> None:
        cells["ringing"].source = clean
        cells["ringing"].attachments = {"p.png": {"image/png": png()}, clean: {"image/png": png()}}
        cells["lsi_answer"].source = clean
        cells["notebook"].cells.append(new_code_cell(clean, id="added-1", metadata={"added": True}))
        cells["cross_correlate_answer"].outputs = [
            new_output("stream", text=clean),
            new_output("error", ename=clean, evalue=clean, traceback=[clean]),
            *(shown({kind: clean}) for kind in KINDS),
        ]

    page(course, change, remarks=[text], verdicts={"1_linear_filters": [verdict()]})


KINDS = [
    *("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png"),
    *("image/jpeg", "application/javascript", "application/json", "image/gif", "text/x"),
]


def test_outputs_are_kept_as_text_pictures_and_equations(course: Course) -> None:
    html = page(
        course,
        put_outputs(
            [
                new_output("stream", text="\x1b[31mcoloured\x1b[0m 0%\r 50%\r100%\n"),
                new_output("stream", text="more\n"),
                new_output("error", ename="ValueError", evalue="\x1b[1mbad\x1b[0m", traceback=[]),
                shown({"image/png": png(), "text/plain": "<Figure>"}),
                shown({"text/latex": "$\\displaystyle x^{2}$", "text/plain": "x**2"}),
                shown({"text/latex": "$\\unheardof{x}$", "text/plain": "unheardof(x)"}),
                shown({"text/markdown": "**bold**", "text/plain": "<Markdown>"}),
                shown({"text/html": "<table>", "text/plain": "   a\n0  1"}),
                shown({"text/html": "<b>", "text/plain": "<IPython.core.display.HTML object>"}),
            ]
        ),
    )
    assert "100%\nmore\n" in html
    assert "coloured" not in html
    assert "ValueError: bad<" in html
    assert png() in html
    assert "<msup>" in html
    assert "unheardof(x)" in html
    assert "**bold**" in html
    assert "   a\n0  1" in html
    assert "An output that acts or moves is not shown here." in html
    assert "&lt;table&gt;" not in html


@pytest.mark.parametrize(
    "outputs",
    [
        [{"output_type": "display_data"}],
        [{"output_type": "display_data", "data": []}],
        [{"output_type": "display_data", "data": {"text/plain": {"a": [1]}, "image/png": []}}],
        [{"output_type": "error", "ename": {}, "evalue": [[]]}],
        [{"output_type": "stream", "name": 3, "text": {"a": 1}}],
        [{"output_type": "strange"}, {}],
    ],
)
def test_malformed_outputs_are_passed_over(outputs: list[Any]) -> None:
    shown = feedback._Room().outputs({"outputs": outputs})
    assert all(isinstance(output.content, str) for output in shown)


def test_a_page_is_bounded_and_says_what_was_left_out(course: Course) -> None:
    large = base64.b64encode(base64.b64decode(png()) + bytes(4 * 2**20)).decode()

    def change(cells: dict[str, Any]) -> None:
        cells["cross_correlate_answer"].outputs = [
            {"output_type": "display_data", "data": {"text/plain": "x" * 100_000}}
            for _ in range(1000)
        ]
        cells["lsi_answer"].outputs = [shown({"image/png": large}) for _ in range(6)]
        cells["moving_average_answer"].outputs = [
            {"output_type": "stream", "name": "stdout", "text": "line\n"} for _ in range(20_000)
        ]
        cells["ringing"].source = "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|x\n" * 3000
        cells["notebook"].cells += [
            new_code_cell("y" * 90_000, id=f"added-{n}", metadata={"added": True})
            for n in range(20)
        ]

    html = page(course, change)
    assert len(html) < feedback.MOST_PICTURE_BYTES + 2 * feedback.MOST_CHARACTERS
    assert "970 more outputs left out." in html
    assert "96000 more characters" in html
    assert "A picture left out" in html
    assert "[... 86000 more characters]" in html


def test_notes_for_a_person_are_not_shown_to_the_student(course: Course) -> None:
    note = "cross_correlate: f uses getattr; look what it reaches."
    remarks = [note, "The notebook was handed in as x.ipynb."]
    html = page(course, verdicts={"1_linear_filters": [verdict(note=note)]}, remarks=remarks)
    assert "getattr" not in html
    assert "handed in as x.ipynb" in html


def test_points_that_a_person_changed_are_the_ones_that_count(course: Course) -> None:
    score = Score(question="cross_correlate", points=8, awarded=5, by_hand=False, comment="Nice.")
    other = Score(question="ringing", points=5, awarded=3, by_hand=False)
    html = page(course, changed=[score, other])
    assert "5 of 8" in html
    assert "The tests gave 0; a person has changed that." in html
    assert "Nice." in html
    assert "3 of 5" in html


def test_a_page_begins_with_what_lost_points_and_leads_to_the_other_notebook(
    course: Course,
) -> None:
    full = Finding(says="signals", points=2.0, awarded=2.0)
    verdicts = [verdict(), Verdict(question="moving_average", points=2.0, findings=[full])]
    scores = [
        Score(question="cross_correlate", points=8, awarded=2.5, by_hand=False),
        Score(question="moving_average", points=2, awarded=2, by_hand=False),
    ]
    html = page(course, verdicts={"1_linear_filters": verdicts}, changed=scores)
    assert '<a href="2_nonlinear_filters.html">2_nonlinear_filters</a>' in html
    (overview,) = re.findall(r"<p>Without full points here: .*</p>", html)
    assert '<a href="#cross_correlate">cross_correlate</a> 2.5 of 8' in overview
    assert 'id="cross_correlate"' in html
    assert "moving_average" not in overview
    # What waits for a person has lost nothing yet.
    assert "ringing" not in overview


def test_a_hint_is_given_once(course: Course) -> None:
    def lost(says: str, hint: str) -> Finding:
        return Finding(says=says, points=1.0, awarded=0.0, sentence="Values differ", hint=hint)

    findings = [lost("a", "It runs backwards."), lost("b", "It runs backwards."), lost("c", "Pad.")]
    html = page(course, verdicts={"1_linear_filters": [verdict(points=3.0, findings=findings)]})
    assert [html.count(words) for words in ("Values differ", "runs backwards", "Pad.")] == [3, 1, 1]


# --- The class page -------------------------------------------------------------------------------


def class_page(course: Course, *reports: Report) -> str:
    path = feedback.write_class_page(course.assignment("a1_filtering"), reports)
    return path.read_text("utf-8")


def reported(course: Course, student: str, *scores: Score, **fields: Any) -> Report:
    """Return a report with all points but for some scores."""
    given = {score.question: score for score in scores}
    everything = [
        given.get(
            q.grade_id, Score(question=q.grade_id, points=q.points, awarded=q.points, by_hand=False)
        )
        for text in course.assignment("a1_filtering").notebooks
        for q in text.questions
    ]
    fields = {"verdicts": {}, "remarks": [], **fields}
    return Report(student=student, assignment="a1_filtering", scores=everything, **fields)


def shares(html: str, course: Course) -> dict[str, str]:
    (row,) = re.findall(r'<tr><th scope="row">Share in %</th><td></td>(.*?)</tr>', html, re.DOTALL)
    names = [q.grade_id for t in course.assignment("a1_filtering").notebooks for q in t.questions]
    return dict(zip(names, re.findall(r"<td[^>]*>([^<]*)</td>", row), strict=True))


def test_a_written_question_has_no_share_while_an_answer_is_unread(course: Course) -> None:
    read = Score(question="ringing", points=5, awarded=4, by_hand=False)
    unread = Score(question="ringing", points=5, awarded=0, by_hand=True)
    noted = Score(question="lsi", points=4, awarded=2, by_hand=True)
    both = [reported(course, "anna", read, noted), reported(course, "ben", unread)]
    found = shares(class_page(course, *both), course)
    assert (found["ringing"], found["lsi"], found["psnr"]) == ("-", "75", "100")
    both[1] = reported(course, "ben", read)
    assert shares(class_page(course, *both), course)["ringing"] == "80"


def test_a_question_that_nobody_has_a_score_of_has_no_share(course: Course) -> None:
    report = reported(course, "anna")
    scores = [score for score in report.scores if score.question != "psnr"]
    html = class_page(course, report.model_copy(update={"scores": scores}))
    assert shares(html, course)["psnr"] == "-"


def test_the_class_page_names_who_made_a_mistake_and_numbers_the_rubric(course: Course) -> None:
    flipped = Finding(says="a", points=8.0, awarded=0.0, hint="Turn it.", mistake="flipped")
    verdicts = {"1_linear_filters": [verdict(findings=[flipped, flipped])]}
    reports = [reported(course, who, verdicts=verdicts) for who in ("ben", "anna")]
    html = class_page(course, *reports, reported(course, "carl"))
    assert '<td class="number">2</td><td class="names">anna, ben</td>' in html
    (listed,) = re.findall(r"<h3>ringing</h3>\n<ol>\n(.*?)</ol>", html, re.DOTALL)
    rubric = course.assignment("a1_filtering").rubrics["ringing"]
    assert listed.count("<li>") == len(rubric.criteria)


# --- In a browser ---------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_a_browser_sees_no_other_element_and_asks_for_nothing(course: Course, browser: Any) -> None:
    clean = [text.encode("utf-8", "replace").decode() for text in HOSTILE]

    def change(cells: dict[str, Any]) -> None:
        cells["ringing"].source = "\n\n".join(clean)
        cells["ringing"].attachments = {"p.png": {"image/png": png()}}
        cells["cross_correlate_answer"].outputs = [
            shown({kind: text}) for text in clean for kind in KINDS
        ][: feedback.MOST_OUTPUTS]

    page(course, change)
    path = course.root / "feedback" / "someone" / "a1_filtering" / "1_linear_filters.html"
    opened = browser.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("dialog", lambda dialog: asked.append(dialog.message))
    opened.on("pageerror", lambda error: asked.append(str(error)))
    opened.goto(path.as_uri())
    opened.wait_for_timeout(300)
    assert [url for url in asked if not url.startswith("data:image/png")] == [path.as_uri()]
    seen = opened.evaluate("[...document.querySelectorAll('*')].map(e => e.localName)")
    assert set(seen) <= OURS | markup.TAGS | markup.MATHML
