"""Impulses and sweeps as sound files, each with how it was made in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from audioconv._version import __version__
from audioconv.errors import UsageError
from audioconv.files import (
    RECIPE,
    Chunk,
    PeakMeter,
    SoundInfo,
    holds_chunks,
    output_format,
    refuse_overwrite,
    target,
    write_all,
)
from audioconv.ir.load import ORIGIN
from impulses import Impulse


def store(
    impulse: Impulse,
    output: str,
    *,
    made: dict[str, Any],
    subtype: str | None = None,
    overwrite: bool = False,
    inputs: Sequence[str] = (),
) -> tuple[SoundInfo, str | None]:
    """Write an impulse, or any other sound that was made of numbers, as a sound file.

    Parameters
    ----------
    impulse : Impulse
        taps of two axes
    output : str
        a path, or ``-``
    made : dict
        how it was made, as plain data; kept in the file where its format has a place for it
    subtype : str, optional
        sample format such as DOUBLE, FLOAT, PCM_24; DOUBLE, or what the format has instead
    overwrite : bool
        whether a file that is there may be replaced
    inputs : sequence of str
        files that it was made of, and that must not be overwritten

    Returns
    -------
    sound : SoundInfo
        what was written
    notice : str or None
        if that is narrower than DOUBLE without being asked for

    Raises
    ------
    AudioconvError
        If it does not fit the subtype, or the output cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from audioconv.files import read_all
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     echo = Impulse([[1.0], [0.5]], 48000)
    ...     sound, _ = store(echo, f"{folder}/ir.wav", made={"by": "hand"})
    ...     sound.subtype, sound.frames
    ('DOUBLE', 2)
    """
    refuse_overwrite(output, inputs=list(inputs), overwrite=overwrite)
    shape = (impulse.rate, impulse.taps.shape[1], impulse.frames)
    form, kind, notice = output_format(
        output, SoundInfo(output, "WAV", "DOUBLE", *shape), None, subtype
    )
    sound = SoundInfo(output, form, kind, *shape)
    level = PeakMeter()
    level.take(impulse.taps)
    if level.fitting_gain(kind, "none") != 1:
        raise UsageError(
            f"the peak of {level.peak:g} does not fit {kind}, whose largest value is just under "
            "1; use a lower level, or --subtype FLOAT or DOUBLE"
        )
    told = {"audioconv": __version__, ORIGIN: impulse.origin, **made}
    recipe = json.dumps(told, sort_keys=True).encode()
    with target(output, reread=output == "-") as out:
        write_all(out, sound, impulse.taps, [Chunk(RECIPE, recipe)] * holds_chunks(sound))
        out.commit()
    return sound, notice
