"""``python -m audioconv`` and the `audioconv` command."""

import signal
import sys
import threading
import time
from functools import cache
from types import FrameType

GRACE = 1.0
"""Seconds in which a run cleans up after a signal, and takes no notice of further ones."""

CLOSING = (2, 5, 6)
"""Events of a console on Windows: it is closed, its user logs off, the system shuts down."""

MOMENT = 0.05
"""Seconds after which an end that Python has dropped is asked for again."""

PATIENCE = 10.0
"""Seconds in which a run on Windows must have ended; the system ends it after 5 or so."""


def main() -> None:
    """Run the command line, and exit with its code."""
    _end_on_signals()
    _end_with_console()
    try:
        from audioconv.cli import main as run  # late: it takes a tenth of a second

        code = run()
    except KeyboardInterrupt:
        code = 130
        print("error: interrupted", file=sys.stderr)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to be interrupted
    sys.exit(code)


def _end_on_signals() -> None:
    """End through `finally` clauses on signals that end a program, unless the parent ignores them.

    On Windows, Ctrl-Break is SIGBREAK. What is raised within some callbacks, as of imports and of
    weak references, Python drops; then the signal comes again.
    """
    ending_since = -GRACE
    latest = signal.SIGTERM

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending_since, latest
        now = time.monotonic()
        if now < ending_since + GRACE:
            return
        ending_since, latest = now, signal.Signals(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    def dropped(unraisable: "sys.UnraisableHookArgs") -> None:
        nonlocal ending_since
        if not isinstance(unraisable.exc_value, (KeyboardInterrupt, SystemExit)):
            sys.__unraisablehook__(unraisable)
            return
        ending_since = -GRACE
        threading.Timer(MOMENT, _interrupt, [latest]).start()

    sys.unraisablehook = dropped
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        defaults = (signal.SIG_DFL, signal.default_int_handler)
        if number is not None and signal.getsignal(number) in defaults:
            signal.signal(number, end)


def _interrupt(number: signal.Signals) -> None:
    """Send a signal to the main thread, which may be waiting for data."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)  # Windows


@cache  # which keeps the handler, as the system calls it
def _end_with_console() -> object:
    """On Windows, let a run end as on Ctrl-Break when its console is closed; return the handler.

    Python sees a SIGBREAK then, but the system ends the process as soon as its handlers have
    returned. So this one, in a thread of its own, does not.
    """
    if sys.platform != "win32":
        return None
    import ctypes

    def closing(event: int) -> int:
        if event not in CLOSING:
            return 0  # which leaves it to other handlers
        signal.raise_signal(signal.SIGBREAK)
        time.sleep(PATIENCE)
        return 1

    handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(closing)
    ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, 1)
    return handler


if __name__ == "__main__":
    main()
