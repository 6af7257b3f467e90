"""A model file, which may be a stranger's: of at most a known size, and checked as it is read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audioconv.errors import FormatError, UsageError
from audioconv.files import Digest, display_name, local
from audioconv.layers.nam import Amplifier, Model, read_model

MOST_BYTES = 2**26
"""Largest model in bytes; those that people share have less than one megabyte."""


def load_amplifier(
    path: str, *, slim: float | None, single: bool, fast_tanh: bool
) -> tuple[Model, Amplifier, Digest]:
    """Load a model, and let it settle on silence.

    Parameters
    ----------
    path : str
        of a file, or its URL
    slim : float or None
        as for `audioconv.layers.nam.read_model`
    single, fast_tanh : bool
        as for `audioconv.layers.nam.Model.amplifier`

    Raises
    ------
    FormatError
        If it is no model, or not one that is rendered; the message names the file.
    UsageError
    """
    name = display_name(path)
    with local(path) as found:
        if not Path(found).is_file():  # a pipe would be waited for
            raise FormatError(f"{name} is not a file; name a model, such as amp.nam")
        with Path(found).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FormatError(f"{name} has over {MOST_BYTES} bytes, as no model has; check the name")
    try:
        model = read_model(data, slim)
        amplifier = model.amplifier(single=single, fast_tanh=fast_tanh)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None
    except FormatError as error:
        raise FormatError(f"{name} cannot be rendered: {error}") from None
    return model, amplifier, Digest(hashlib.sha256(data).hexdigest(), len(data))
