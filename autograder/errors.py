"""What goes wrong outside this program, in one sentence for the person at the terminal."""


class CourseError(Exception):
    """A sentence saying what is wrong and what to do."""
