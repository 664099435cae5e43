"""Seeds of hidden inputs: the same for every grading, unknown without the course's secret."""

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from autograder.errors import CourseError

SECRET_FILE = "course_secret"
PUBLIC_SECRET = b"not a secret: seeds of proofs and of instructors' notebooks"


def seed(secret: bytes, assignment: str, question: str) -> int:
    """Derive the seed of a question's hidden inputs.

    It is the same for every student: equal answers get equal points, and what an answer was
    recognised as need not be found out again.
    """
    text = json.dumps([assignment, question]).encode()
    return int.from_bytes(hmac.digest(secret, text, hashlib.sha256)[:16], "big")


def course_secret(root: Path) -> bytes:
    """Return the secret of the course in a folder; the first call makes it.

    Raises
    ------
    CourseError
        If it can be neither read nor written.
    """
    path = root / SECRET_FILE
    try:
        if not path.exists():
            # Linked into place whole: of two first calls at once, one wins and both read it.
            draft = root / f".{SECRET_FILE}.{os.getpid()}"
            draft.write_text(secrets.token_hex(32) + "\n", "ascii")
            draft.chmod(0o600)
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        secret = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"The course's secret {path} cannot be used: {error}.") from None
    if len(secret) < 32:
        raise CourseError(f"The course's secret {path} is too short; restore it from a backup.")
    return secret.encode()
