"""Words of students' and of their files, made fit for a terminal, a page and a file."""

import unicodedata

_LONGEST = 200


def plain(text: object, longest: int = _LONGEST) -> str:
    """Return a text in one line, without control characters and halves of characters."""
    short = str(text)[:longest]
    return "".join(_shown(character) for character in short)


def _shown(character: str) -> str:
    if character in "\t\n":
        return " "
    # Controls, characters that turn the direction of writing, halves of characters.
    return "?" if unicodedata.category(character) in ("Cc", "Cf", "Cs") else character
