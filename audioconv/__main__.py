"""``python -m audioconv`` and the `audioconv` command."""

import signal
import sys
import time
from types import FrameType

GRACE = 1.0
"""Seconds in which a run cleans up after a signal, and takes no notice of further ones."""


def main() -> None:
    """Run the command line, and exit with its code."""
    _end_on_signals()
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

    On Windows, the end of a console is a SIGBREAK.
    """
    ending_since = -GRACE

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending_since
        now = time.monotonic()
        if now < ending_since + GRACE:
            return
        ending_since = now
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        defaults = (signal.SIG_DFL, signal.default_int_handler)
        if number is not None and signal.getsignal(number) in defaults:
            signal.signal(number, end)


if __name__ == "__main__":
    main()
