"""One response of a file."""

from __future__ import annotations

from typing import NamedTuple

from audioconv.files import Digest
from impulses import Impulse


class Response(NamedTuple):
    """One response of a file.

    Parameters
    ----------
    impulse : Impulse
        (frames, channels); left and right for a head
    ears : bool
        whether the channels are the ears of a head
    digest : Digest, optional
        of the file, where reading it computed one
    """

    impulse: Impulse
    ears: bool = False
    digest: Digest | None = None
