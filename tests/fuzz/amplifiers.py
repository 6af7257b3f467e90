"""Models of amplifiers: read, built, and given a sound."""

from __future__ import annotations

import numpy as np

from audioconv.effects.amp import Amp

from .guard import FaultError, refusal
from .places import folder_with

SOUND = np.linspace(-1, 1, 100)[:, None]


def amp(data: bytes) -> None:
    """Render a sound with a model; a container may have two."""
    with folder_with(amp__nam=data):
        refusal(lambda: _rendered(Amp(model="amp.nam", slim=0.1)))
        _rendered(Amp(model="amp.nam"))


def _rendered(effect: Amp) -> None:
    plan = effect.plan(48000, 1)
    stage = plan.start()
    made = np.concatenate([stage.process(SOUND), stage.flush()])
    if len(made) != plan.frames(len(SOUND)) or not np.isfinite(made).all():
        raise FaultError("the output is not as long as planned, or not finite")
