"""Save impulse responses and sweeps as sound files, with their recipe."""

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
    is_stream,
    output_format,
    refuse_overwrite,
    target,
    write_all,
)
from audioconv.ir.sound import ORIGIN
from impulses import Impulse


def save(
    impulse: Impulse,
    output: str,
    *,
    recipe: dict[str, Any],
    subtype: str | None = None,
    overwrite: bool = False,
    inputs: Sequence[str] = (),
) -> tuple[SoundInfo, list[str]]:
    """Save an impulse response, or any other computed sound, as a sound file.

    Parameters
    ----------
    impulse : Impulse
        taps of two axes
    output : str
        a path, or ``-`` for standard output
    recipe : dict
        how it was made, as plain data; stored in the file if its format allows
    subtype : str, optional
        sample format such as DOUBLE, FLOAT or PCM_24; the widest of the format if not given
    overwrite : bool
        replace an existing file
    inputs : sequence of str
        files that it was made from, which must not be overwritten

    Returns
    -------
    sound : SoundInfo
        the header of the file
    notices : list of str
        the subtype, if none was given and the format has no DOUBLE; silence, of the impulse or
        as no sample reaches one step of the subtype

    Raises
    ------
    AudioconvError
        If the peak does not fit the subtype, or the output cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from audioconv.files import read_all
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     echo = Impulse([[1.0], [0.5]], 48000)
    ...     sound, _ = save(echo, f"{folder}/ir.wav", recipe={"by": "hand"})
    ...     sound.subtype, sound.frames
    ('DOUBLE', 2)
    """
    refuse_overwrite(output, inputs=list(inputs), overwrite=overwrite)
    shape = (impulse.rate, impulse.taps.shape[1], impulse.frames)
    form, kind, notice = output_format(
        output, SoundInfo(output, "WAV", "DOUBLE", *shape), None, subtype, by_name=True
    )
    sound = SoundInfo(output, form, kind, *shape)
    level = PeakMeter()
    level.take(impulse.taps)
    if level.fitting_gain(kind, "none") != 1:
        raise UsageError(
            f"the peak of {level.peak:g} does not fit {kind}, whose largest value is just under "
            "1; use a lower level, or `subtype='FLOAT'`"
        )
    recipe = {"audioconv": __version__, ORIGIN: impulse.origin, **recipe}
    chunk = Chunk(RECIPE, json.dumps(recipe, sort_keys=True).encode())
    with target(output, overwrite=overwrite, reread=is_stream(output)) as out:
        write_all(out, sound, impulse.taps, [chunk] * holds_chunks(sound))
        out.commit()
    silence = level.step_notice(form, kind) if level.peak else "every sample is 0"
    return sound, [*filter(None, [notice, silence])]
