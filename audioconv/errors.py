"""Errors, each with the exit code of the command line."""


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
