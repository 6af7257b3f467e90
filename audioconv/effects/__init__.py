"""Effects: what is done to a sound besides one convolution, as plain data.

An effect is a frozen dataclass. Its docstring is the help of its command, and its fields are the
options, and the settings in the recipe of an output. It plans a stage for a sound: what passes
blocks on, changed. `audioconv.render.effect` runs any effect.

plan      what an effect is: `Effect`, `Plan` and `Stage`
spectral  kernels over the spectrum
amp       guitar amplifiers
job       a request for an effect and its outcome

A new effect is a module here, its import and a line in `EFFECTS`. Nothing heavy is imported before
an effect is planned, so that a command's help is fast.
"""

from __future__ import annotations

from collections.abc import Callable

from audioconv.effects.amp import Amp
from audioconv.effects.plan import Effect
from audioconv.effects.spectral import Spectral

EFFECTS: dict[str, Callable[..., Effect]] = {
    "spectral": Spectral,
    "amp": Amp,
}
"""Every effect, by the name of its command."""
