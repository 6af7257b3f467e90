"""What was known of a file, and whether it is still as it was.

Files are the same if size and time of modification are; or else if their SHA-256 is, as after a
copy or a touch. A file at a URL is the same if its server states the same size, and the same of all
else that changes with it, such as an ETag; if a server states a size alone, that has to do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from audioconv.errors import AudioconvError
from audioconv.files import Look, file_digest, local, look


class State(NamedTuple):
    """What was known of a file by a look (`audioconv.files.Look`), and its SHA-256 in hex."""

    size: int
    mtime_ns: int
    sha256: str
    version: str = ""

    @property
    def look(self) -> Look:
        """What was known without reading it."""
        return Look(self.size, self.mtime_ns, self.version)

    def is_of(self, path: str) -> bool:
        """Return whether a file is still as it was: by a look, or else by its hash."""
        try:
            now = look(path)
        except (OSError, ValueError, AudioconvError):
            return False
        if now.size != self.size:
            return False
        if now.size >= 0 and now == self.look:
            return True
        return self.sha256 != "" and _digest(path, now) == self.sha256


def state(path: str, then: Look) -> State:
    """Return the state of a file, given what was known of it then."""
    return State(then.size, then.mtime_ns, _digest(path, then), then.version)


def _digest(path: str, then: Look) -> str:
    """Return the SHA-256 of a file if it is as it was then, kept where a look can tell that."""
    told = then.size >= 0 or then.version
    return _hashed(path, then) if told else _hashed.__wrapped__(path, then)


@lru_cache(maxsize=2**14)
def _hashed(path: str, then: Look) -> str:
    """Return the SHA-256 of a file if it is as it was then; empty if not, or it cannot be read."""
    try:
        with local(path) as found:
            digest = file_digest(found).sha256
        return digest if look(path) == then else ""
    except (OSError, AudioconvError):
        return ""
