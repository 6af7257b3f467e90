"""Ctrl-C: end after the work under way; a second one ends at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = "ending after the files that are under way; Ctrl-C once more ends at once"


class Stop:
    """Whether no more work is to begin.

    Attributes
    ----------
    asked : bool
    interrupted : bool
        whether it was asked by Ctrl-C
    """

    def __init__(self) -> None:
        self.asked = False
        self.interrupted = False

    def ask(self) -> None:
        """Let no more work begin."""
        self.asked = True

    def interrupt(self) -> None:
        """Let no more work begin, because of Ctrl-C."""
        self.asked = self.interrupted = True


@contextmanager
def stoppable(notice: Callable[[str], object] = lambda text: None) -> Iterator[Stop]:
    """Let the first Ctrl-C ask for a stop, with a notice; a second does what it did before.

    Other threads get no signals, and a parent that ignores them is heard.
    """
    stop = Stop()
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or before in (signal.SIG_IGN, None):
        yield stop
        return

    def end(number: int, frame: FrameType | None) -> None:
        stop.interrupt()
        signal.signal(signal.SIGINT, before)
        # by a thread, as the signal may have come while this one was writing
        threading.Thread(target=notice, args=[ENDING]).start()

    signal.signal(signal.SIGINT, end)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
