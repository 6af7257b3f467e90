"""Errors, each with the exit code of the command line, and counts and text in their messages."""


class AudioconvError(Exception):
    """Any failure whose one-line message gives the value, the limit and the remedy."""

    exit_code = 1


class FormatError(AudioconvError):
    """A file or stream that cannot be read or written as asked."""


class TruncatedError(FormatError):
    """A file that is shorter than its header states."""


class LayoutError(AudioconvError):
    """Channels of a sound and an impulse that do not fit together."""


class UsageError(AudioconvError):
    """Options or values that make no sense."""

    exit_code = 2


class VerificationError(AudioconvError):
    """An output that is not the convolution it should be."""

    exit_code = 3


class BatchError(AudioconvError):
    """Some files of a batch that failed, while the others are done."""

    exit_code = 4


def printable(text: str) -> str:
    r"""Escape characters that a terminal may obey instead of showing them.

    Examples
    --------
    >>> printable("a\x1b[31m\u202e\n")
    'a\\x1b[31m\\u202e\\n'
    """
    if text.isprintable():
        return text
    # lone surrogates stand for bytes of a name that are not UTF-8
    readable = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which is singular after 1 alone.

    Examples
    --------
    >>> counted(1, "frame"), counted(2, "frame"), counted(0, "channel")
    ('1 frame', '2 frames', '0 channels')
    """
    return f"{number} {noun}{'s' * (number != 1)}"
