"""The corpus of attacks is whole, and a sample of it comes to nothing."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from autograder import attacks
from autograder.attacks import Attack, Outcome, entries, throwaway
from autograder.course import Course
from autograder.errors import CourseError
from autograder.grading import grader, jobs

# What must have been tried, and by which entries.
LIST = {
    "patched numpy.testing": ["numpy_testing"],
    "patched builtins": ["builtins_patched"],
    "patched AssertionError": ["assertion_error"],
    "objects with __eq__": ["equal_to_everything"],
    "objects with __array__": ["lying_bytes", "lying_type"],
    "ndarray subclasses": ["lying_subclass", "lying_bytes"],
    "input transformers": ["input_transformer", "input_transformer_adds_a_score"],
    "AST transformers": ["ast_transformer"],
    "replaced run_cell": ["run_cell_replaced", "run_code_replaced", "execute_request_replaced"],
    "replaced display formatters": ["display_formatters"],
    "replaced showtraceback": ["errors_not_shown"],
    "numpy beside the notebook": ["numpy_folder"],
    "course_utils beside the notebook": ["course_folder", "startup_files"],
    "reading tests from disk": ["insider_paths", "search_of_the_disk", "code_of_the_grader"],
    "reading tests from In and history": ["history"],
    "reading tests from frames": ["frames"],
    "reading tests from gc": ["garbage_collector", "hidden_tests_emptied"],
    "reading tests from /proc": ["search_of_proc", "memory_of_the_parent", "environment"],
    "the gradebook": ["gradebook_at_once", "gradebook_later", "insider_paths"],
    "other submissions": ["others_work", "link_to_another_notebook"],
    "the reference": ["answer_from_the_reference", "code_of_the_grader", "source_and_release"],
    "detached children": ["detached_children", "gradebook_later", "late"],
    "sys.exit": ["sys_exit"],
    "os._exit": ["os_exit"],
    "segfault": ["segfault"],
    "abort": ["abort"],
    "uncatchable loops": ["uncatchable_loop", "own_cell_never_ends"],
    "sleep": ["sleep"],
    "deadlock": ["deadlock"],
    "memory bomb": ["memory_bomb", "memory_at_once", "memory_in_many_processes"],
    "fork bomb": ["fork_bomb"],
    "thread bomb": ["thread_bomb"],
    "file bomb": ["file_bomb", "many_files", "shared_memory_bomb"],
    "output bomb": ["html_of_48_megabytes", "million_lines", "endless_printing"],
    "network": ["tcp", "udp", "sockets_in_folders", "abstract_sockets"],
    "forged scores in any output": ["scores_in_outputs", "scores_in_metadata"],
    "duplicated cells": ["answer_twice", "wrong_answer_under_many_names"],
    "deleted cells": ["answer_deleted", "tests_deleted"],
    "retyped cells": ["answers_retyped"],
    "reordered cells": ["cells_reversed"],
    "renamed cells": ["names_exchanged", "strange_ids"],
    "renamed notebooks": ["another_name_with_markup", "strange_notebook_name"],
    "flipped metadata": ["points_in_metadata", "metadata_of_the_wrong_kind"],
    "script in outputs": ["script_in_outputs"],
    "script in answers": ["script_in_answers"],
    "symbolic links": ["link_to_another_notebook", "links_to_secrets", "folder_is_a_link"],
    "absolute paths": ["links_to_secrets", "link_to_the_source"],
    "a submission of 1 GB": ["gigabyte_beside_the_notebook", "gigabyte_for_a_notebook"],
    "pickles": ["pickles", "pickle_in_an_object"],
    "deep recursion": ["deep_recursion", "recursion_error"],
    "NaN, inf": ["nan", "infinite", "nan_in_places"],
    "wrong dtype": ["object_array", "text_array", "integers", "complex_numbers"],
    "huge arrays": ["huge_result"],
    "generators as results": ["generator", "endless_iterator", "slow_iterator"],
    "monkeypatched random generators": ["random_generators_equal", "random_inputs_black"],
    "a result that changes after it is returned": ["changes_after_return"],
    "comm messages forged": [
        "agent_replaced",
        "channel_taken",
        "replies_sent_early",
        "server_replaced",
    ],
    "outputs of type status": ["idle_too_early", "messages_malformed", "messages_raw"],
    "forbidden calls": ["getattr_on_a_module", "dunder_import", "evaluated_text", "c_library"],
    "known pictures": ["visible_examples", "replay_known", "hidden_inputs_of_the_public_seed"],
}


@pytest.fixture(scope="module")
def corpus(course: Course) -> list[Attack]:
    return attacks.corpus(course)


def test_the_corpus_is_large_and_has_no_name_twice(corpus: list[Attack]) -> None:
    assert sum(not entry.honest for entry in corpus) >= 80
    assert sum(entry.honest for entry in corpus) >= 20
    assert len({entry.student for entry in corpus}) == len(corpus)


@pytest.mark.parametrize("listed", LIST)
def test_the_list_is_covered(listed: str, corpus: list[Attack]) -> None:
    assert set(LIST[listed]) <= {entry.name for entry in corpus}


def test_every_entry_says_what_it_tries(corpus: list[Attack], course: Course) -> None:
    questions = {question.grade_id: question for question in attacks.target(course).questions}
    for entry in corpus:
        assert entry.tries.endswith("."), entry.name
        assert len(entry.tries) < 100, entry.name
        assert set(entry.deserves) <= set(questions), entry.name
        for name, points in entry.deserves.items():
            assert 0 <= points <= questions[name].points, entry.name
        assert not (entry.honest and (entry.bomb or entry.deserves)), entry.name


def test_the_sample_has_every_theme_and_no_bombs(corpus: list[Attack]) -> None:
    sample = [entry for entry in corpus if entry.sample]
    assert not any(entry.bomb for entry in sample)
    assert {entry.theme for entry in sample} == {e.theme for e in corpus} - {"bombs"}


@pytest.mark.parametrize("theme", ["forbidden", "honest"])
def test_forbidden_calls_are_refused_or_told(
    theme: str, corpus: list[Attack], course: Course
) -> None:
    text = attacks.target(course)
    found = {}
    with throwaway.throwaway_course(course) as world:
        for entry in (
            one for one in corpus if one.theme == theme and not (one.honest and one.noted)
        ):
            throwaway.hand_in(world, entry.student, entry.change)
            path = world.folder(entry.student) / f"{text.stem}.ipynb"
            rebuilt = jobs.submitted(text, path)
            told = [grader.forbidden_calls(text, q, rebuilt) for q in text.exercises]
            found[entry.name] = any(sentence or note for sentence, note in told)
    assert set(found.values()) == {theme == "forbidden"}, found


_UNREADABLE = {
    *("empty_file", "broken_json", "deep_json", "not_utf8", "gigabyte_for_a_notebook"),
    *("pipe_for_a_notebook", "folder_for_a_notebook", "strange_notebook_name"),
    *("link_to_endless_zeros", "folder_is_a_link"),
}


def test_every_submission_can_be_made(corpus: list[Attack], course: Course) -> None:
    with throwaway.throwaway_course(course) as world:
        throwaway.hand_in(world, throwaway.FIRST, throwaway.bystander(world))
        for entry in corpus:
            throwaway.hand_in(world, entry.student, entry.change)
            assert _is_a_notebook(world.folder(entry.student)) != (entry.name in _UNREADABLE)


def _is_a_notebook(folder: Path) -> bool:
    if folder.is_symlink():
        return False
    for path in sorted(folder.glob("*.ipynb"), key=lambda path: -path.lstat().st_size):
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size < 2**28:
            try:
                return isinstance(json.loads(path.read_bytes()), dict) and status.st_size > 2
            except (ValueError, RecursionError):
                return False
    return False


def test_a_corpus_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assignments").mkdir()
    monkeypatch.setattr(entries, "CHECKOUT", tmp_path)
    with pytest.raises(CourseError, match="There are no attacks"):
        attacks.corpus(Course.at(tmp_path))


def test_an_attack_that_is_not_there_is_told(course: Course) -> None:
    with pytest.raises(CourseError, match="There is no attack pulling_the_plug"):
        attacks.run(course, names=["pulling_the_plug"])


def outcome(**changes: Any) -> Outcome:
    fields = {
        "name": "a", "theme": "t", "tries": "x.", "honest": False, "deserved": {"q": 1.0},
        "given": {"q": 1.0}, "leaked": [], "damaged": [], "graded": True,
    }  # fmt: skip
    return Outcome(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"given": {"q": 2.0}},
        {"given": {"q": 0.5}},
        {"given": {}},
        {"leaked": ["a secret"]},
        {"damaged": ["a file"]},
        {"graded": False},
        {"must_tell": True},
        {"must_tell": True, "told": ["look"], "given": {"q": 2.0}},
        {"must_tell": True, "keeps": ("q",), "given": {"q": 2.0}},
        {"honest": True, "told": ["look"]},
    ],
)
def test_what_is_not_as_it_must_be(changes: dict[str, Any]) -> None:
    assert not outcome(**changes).ok
    assert "0 of them with effect; 0" not in attacks.summary([outcome(**changes)])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"told": ["look"]},
        {"must_tell": True, "told": ["look"]},
        {"must_tell": True, "told": ["look"], "keeps": ("q",), "given": {"q": 2.0}},
        {"must_tell": True, "told": ["It uses scipy"], "given": {"q": 0.0}},
        {"at_most": True, "given": {"q": 0.0}},
        {"honest": True},
        {"honest": True, "must_tell": True, "told": ["renamed"]},
    ],
)
def test_what_is_as_it_must_be(changes: dict[str, Any]) -> None:
    assert outcome(**changes).ok


def test_the_sample_comes_to_nothing(course: Course) -> None:
    arguments = ["--workers", "2"] if (os.cpu_count() or 1) > 1 else []
    outcomes = attacks.run(course, names=attacks.sample(course), arguments=arguments)
    wrong = [outcome.model_dump() for outcome in outcomes if not outcome.ok]
    assert wrong == []
