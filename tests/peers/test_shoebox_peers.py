"""The box-shaped room against two other programs that have one."""

from functools import partial

import numpy as np
import pytest

from impulses.builders.shoebox import shoebox as high_passed

# the plain sum of images, as the papers have it
shoebox = partial(high_passed, high_pass=0.0)

ROOMS = [
    ((5.0, 4.0, 6.0), (2.0, 3.5, 2.0), (2.0, 1.5, 2.0)),
    ((6.0, 4.0, 3.0), (4.4, 2.3, 1.6), (1.7, 1.8, 1.4)),
    ((12.3, 2.1, 3.4), (0.4, 0.3, 0.2), (11.9, 1.8, 3.1)),
    ((2.0, 2.0, 2.0), (1.0, 1.0, 0.5), (1.0, 1.05, 0.5)),
]
BETAS = [[0.9, 0.8, -0.7, 0.6, 0.5, 0.95], [0.85] * 6, [0.0, 0.9, 0.0, -1.0, 0.3, 0.0]]


@pytest.mark.parametrize("place", range(len(ROOMS)))
@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(
    ("rate", "max_order"),
    [(8000, -1), (16000, -1), (11025, -1), (48000, -1), *((16000, order) for order in range(6))],
)
def test_rir_generator(place, beta, rate, max_order):
    rir_generator = pytest.importorskip("rir_generator")
    room, source, microphone = ROOMS[place]
    ours = shoebox(
        rate,
        room=room,
        source=source,
        microphone=microphone,
        beta=beta,
        max_order=max_order,
        length=0.12,
        speed_of_sound=340.0,
    ).taps
    theirs = rir_generator.generate(
        340.0,
        rate,
        microphone,
        source,
        room,
        beta=beta,
        nsample=len(ours),
        order=max_order,
        hp_filter=False,
    )
    # delays and offsets are computed alike: what is left is a few units of the largest tap
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-14 * np.abs(theirs).max())


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("max_order", [0, 2, 6])
def test_pyroomacoustics(place, max_order):
    """It has taps of 81 frames, made from a table, that are late by 40, and leaves out 4 pi.

    The shorter taps differ near the highest frequencies, and those of the table at all: below
    0.7 of them the difference was found to be 58.9 to 64.7 dB below the room.
    """
    pra = pytest.importorskip("pyroomacoustics")
    room, source, microphone = ROOMS[place]
    absorption = [0.1, 0.2, 0.3, 0.4, 0.5, 0.15]
    walls = ["west", "east", "south", "north", "floor", "ceiling"]
    filtered = pra.constants.get("rir_hpf_enable")
    pra.constants.set("rir_hpf_enable", False)
    try:
        box = pra.ShoeBox(
            room,
            fs=16000,
            materials={w: pra.Material(a) for w, a in zip(walls, absorption, strict=True)},
            max_order=max_order,
            air_absorption=False,
        )
        box.add_source(source)
        box.add_microphone(microphone)
        box.compute_rir()
    finally:
        pra.constants.set("rir_hpf_enable", filtered)
    theirs = box.rir[0][0][40:] / (4 * np.pi)
    ours = shoebox(
        16000,
        room=room,
        source=source,
        microphone=microphone,
        absorption=absorption,
        max_order=max_order,
        length=(len(theirs) + 200) / 16000,
        speed_of_sound=box.c,
    ).taps[:, 0]
    size = 8192
    low = slice(0, int(0.7 * size / 2))
    expected = np.fft.rfft(theirs, size)[low]
    error = np.fft.rfft(ours, size)[low] - expected
    assert 10 * np.log10((np.abs(error) ** 2).sum() / (np.abs(expected) ** 2).sum()) < -58


def test_rir_generator_with_its_high_pass():
    """It has the filter of Allen and Berkley at 100 Hz."""
    rir_generator = pytest.importorskip("rir_generator")
    room, source, microphone = ROOMS[1]
    places = {"room": room, "source": source, "microphone": microphone}
    ours = shoebox(48000, **places, beta=[0.9] * 6, length=0.2, high_pass=100).taps
    theirs = rir_generator.generate(
        343.0, 48000, microphone, source, room, beta=[0.9] * 6, nsample=9600, order=-1
    )
    # a recursive filter of two poles at 0.987: rounding gathers over some 1 / (1 - 0.987)^2 taps
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2**-52 * np.abs(theirs).max() / 0.013**2)
