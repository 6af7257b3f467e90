"""What is a fault: another exception than the project's own, a warning, too much memory or time."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

from audioconv.errors import AudioconvError
from audioconv.files.silence import flush_c

try:
    import resource
except ImportError:  # Windows, where memory is not measured
    resource = None  # type: ignore[assignment]

SECONDS = 20.0
"""Most processor time of one input."""

MEGABYTES = 1024
"""Most memory of one input: the samples of the longest impulse, 256 MiB, in a few copies."""

STREAMS = (1, 2)

ACCEPTED = "accepted"


class FaultError(Exception):
    """What no input may do."""


def refusal(run: Callable[[], object]) -> str | None:
    """Run something that may be refused, and return the message of the refusal.

    Raises
    ------
    FaultError
        If the message is not one line that a terminal may show.
    """
    try:
        run()
    except AudioconvError as error:
        message = str(error)
        if not message.isprintable() or not message or "unexpected" in message:
            raise FaultError(f"an error says {message!r}") from error
        return message
    return None


def checked(
    target: Callable[[bytes], None],
    data: bytes,
    *,
    seconds: float = SECONDS,
    megabytes: float = MEGABYTES,
) -> str:
    """Give an input to a target, and return `ACCEPTED` or the message of the refusal.

    Raises
    ------
    FaultError
        If it prints, or takes too long, or too much memory.
    Exception
        Whatever else the target raises, and warnings as errors, is a fault too.
    """
    memory, start = _peak_megabytes(), time.process_time()
    with warnings.catch_warnings(), _nothing_printed():
        warnings.simplefilter("error")
        said = refusal(lambda: target(data))
    taken, grown = time.process_time() - start, _peak_megabytes() - memory
    if taken > seconds:
        raise FaultError(f"it takes {taken:.1f} s; the limit is {seconds:g}")
    if grown > megabytes:
        raise FaultError(f"it takes {grown:.0f} MB; the limit is {megabytes:g}")
    return ACCEPTED if said is None else said


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """Raise `FaultError` if anything, in C too, is written to standard output or error."""
    flush_c()
    with TemporaryFile() as held:
        saved = [os.dup(stream) for stream in STREAMS]
        for stream in STREAMS:
            os.dup2(held.fileno(), stream)
        try:
            yield
        finally:
            flush_c()
            for stream, kept in zip(STREAMS, saved, strict=True):
                os.dup2(kept, stream)
                os.close(kept)
        held.seek(0)
        if printed := held.read(200):
            raise FaultError(f"it prints {printed!r}")


def _peak_megabytes() -> float:
    """Return the most memory that this process has had so far."""
    if resource is None:
        return 0.0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
