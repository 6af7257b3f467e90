"""Make hall.wav: a direct sound, a few early reflections, and a tail of decaying noise.

Run it from the top of the checkout: python samples/make_hall.py
"""

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt

RATE = 44100
FRAMES = RATE * 3 // 2
# upper edge of each band in Hz, and the seconds in which it falls by 60 dB
BANDS = [(300, 1.9), (1200, 1.6), (4000, 1.2), (12000, 0.7)]

random = np.random.default_rng(2024)
time = np.arange(FRAMES)[:, None] / RATE
tail = np.zeros((FRAMES, 2))
low = 60
for high, rt60 in BANDS:
    band = butter(2, [low, high], "bandpass", fs=RATE, output="sos")
    noise = sosfilt(band, random.standard_normal((FRAMES, 2)), axis=0)
    tail += noise * 10 ** (-3 * time / rt60)
    low = high
# the tail builds up over 30 ms, as reflections grow denser
tail *= 1 - np.exp(-time / 0.03)

taps = 0.03 * tail
taps[0] += 0.6
for milliseconds, left, right in [
    (11, 0.25, 0.12),
    (17, -0.1, 0.22),
    (23, 0.18, 0.1),
    (31, 0.08, -0.16),
]:
    taps[milliseconds * RATE // 1000] += [left, right]
taps[-4410:] *= np.cos(np.linspace(0, np.pi / 2, 4410))[:, None] ** 2  # end in silence

soundfile.write("samples/hall.wav", np.rint(taps * 32767).astype(np.int16), RATE)
