"""Presets: named impulses that need no file, as builder specs.

A spec is ``builder:key=value,key=value``, as on the command line; ``dry`` is the gain of the
direct sound, ``wet`` that of the impulse. All presets keep the direct sound at about its own
level, and work at any rate from 8000 Hz.
"""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    """A builder spec, and a description of its sound."""

    spec: str
    sound: str


PRESETS: dict[str, Preset] = {
    "slapback": Preset(
        "double-spike:delay=110ms,gain=-5dB",
        "one quick repeat, as on the first rock and roll records",
    ),
    "doubler": Preset(
        "multi-tap:delay=0,20ms,30ms,gain=1,0.6,-0.5x",
        "the same voice three times over, too close to be heard as echoes",
    ),
    "dub-echo": Preset(
        "feedback:delay=380ms,gain=-4.5dB,floor=-60dB",
        "repeats that go on and on behind the beat",
    ),
    "wide-echo": Preset(
        "ping-pong:delay=300ms,gain=0.6,width=0.9,floor=-60dB,dry=1,wet=-5dB",
        "repeats that bounce between the loudspeakers",
    ),
    "small-room": Preset(
        "shoebox:room=4.2,3.4,2.6,source=2.1,1.9,1.5,microphone=1.2,1.5,1.4,rt60=350ms,"
        "receiver=stereo,wet=20dB",
        "a furnished room, close and dry",
    ),
    "tiled-room": Preset(
        "shoebox:room=3.1,2.3,2.5,source=1.6,1.5,1.6,microphone=0.9,0.9,1.5,rt60=800ms,"
        "receiver=stereo,wet=15dB",
        "a bathroom: small, hard and ringing",
    ),
    "chamber": Preset(
        "fdn:lines=16,shortest=9ms,longest=37ms,rt60=1.4s,rt60-high=0.9s,dry=1,wet=3dB",
        "an echo chamber: quick, even and warm",
    ),
    "large-hall": Preset(
        "noise:rt60=2.6,2.3,2,1.3,bands=125,500,1500,3500,predelay=24ms,dry=1,wet=-5dB",
        "a concert hall, some rows from the stage",
    ),
    "cathedral": Preset(
        "noise:rt60=8,7,5,2.4,bands=125,500,1500,3500,predelay=45ms,dry=1,wet=-3dB",
        "stone, height, and seven seconds of it",
    ),
    "plate-bright": Preset(
        "plate:decay=0.7,dry=1,wet=-8dB",
        "a steel plate that shines: voices and snares",
    ),
    "plate-dark": Preset(
        "plate:decay=0.65,bandwidth=0.6,damping=0.35,predelay=15ms,dry=1,wet=-5dB",
        "a damped plate, behind the sound rather than around it",
    ),
    "spring-tank": Preset(
        "spring:feedback=-0.65,dry=1,wet=-4dB",
        "the tank of a guitar amplifier: chirps and drips",
    ),
    "early-digital": Preset(
        "schroeder:rt60=1.8s,dry=1,wet=-5dB",
        "the computer reverberation of the sixties: grainy and metallic",
    ),
    "velvet-cloud": Preset(
        "velvet:density=1200,rt60=3.5s,dry=1,wet=-6dB",
        "a smooth, airy tail of spikes",
    ),
    "telephone": Preset(
        "band-pass:low=300Hz,high=3400Hz,phase=minimum",
        "a voice over an old line",
    ),
}
"""Every preset, by its name on the command line."""
