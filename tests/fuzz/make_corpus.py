"""Makes the corpus anew, but for the inputs that once failed: ``python -m tests.fuzz.make_corpus``.

Those have names that begin with ``failed``, and are kept.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from audioconv._version import __version__
from audioconv.files import SoundInfo, encode_all
from impulses import BUILDERS, PRESETS
from tests.nam_models import CONVNET, LINEAR, LSTM, WAVENETS, container, model

from .encoders import kinds
from .headers import BODY, DATA, PLAIN, chunk, fmt, wav
from .recipes import SOURCE
from .small_sounds import KINDS, RARER, encoded, noise, valid
from .targets import CORPUS, TARGETS

Made = Iterator[tuple[str, bytes]]

PLACES = {
    "riff": ("WAV", "WAV FLOAT", "WAV ULAW", "WAV IMA_ADPCM", "WAVEX", "RF64", "RIFX", "RIFX ULAW"),
    "ogg": ("VORBIS", "OPUS"),
    "flac": ("FLAC",),
    "mpeg": ("MP3",),
    "aiff": ("AIFF",),
    "caf": ("CAF", "ALAC"),
    "others": ("AU", "W64", "RF64 ULAW", *RARER),
}
"""Kinds of sound files for each target."""

SHORT = 300
"""Frames of the lossy files, of which a few have more than one block."""


def sounds(target: str) -> Made:
    """Make valid files of each kind."""
    for kind in PLACES[target]:
        yield kind.lower().replace(" ", "-"), valid(kind)


def riff() -> Made:
    """Make a WAV with every chunk that is understood, and one with a recipe."""
    info = b"INFO" + chunk(b"INAM", b"A title\0") + chunk(b"ISFT", b"x\0") + chunk(b"IART", b"y\0")
    cue = struct.pack("<IIIIIII", 1, 1, 3, 0x61746164, 0, 0, 3)
    labels = b"adtl" + chunk(b"labl", struct.pack("<I", 1) + b"here\0")
    bext = b"told".ljust(602, b"\0") + b"A=PCM\r\n"
    before = chunk(b"LIST", info) + chunk(b"bext", bext) + chunk(b"iXML", b"<BWFXML/>")
    after = chunk(b"cue ", cue) + chunk(b"LIST", labels) + chunk(b"smpl", bytes(36))
    yield "chunks", wav(before, PLAIN, DATA, after, chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0"))
    yield "recipe", wav(PLAIN, DATA, chunk(b"aucv", json.dumps(_recipe()).encode()))
    wide = struct.pack("<HHIH", 22, 16, 3, 1) + bytes.fromhex("000000001000800000aa00389b71")
    yield "speakers", wav(chunk(b"fmt ", fmt(0xFFFE, 2, more=wide)), DATA)


def ogg() -> Made:
    """Make files of more than one page of sound."""
    for kind in ("VORBIS", "OPUS"):
        yield f"{kind.lower()}-long", encoded(noise(6 * SHORT), "OGG", kind)


def mpeg() -> Made:
    """Make files with tags before and behind, and one without the tag that states the length."""
    plain = encoded(noise(9 * SHORT), "MP3", "MPEG_LAYER_III")
    yield "long", plain
    text = b"TIT2\0\0\0\6\0\0\3Title"
    yield (
        "id3",
        b"ID3\4\0\0" + bytes([0, 0, 0, len(text)]) + text + plain + b"TAG".ljust(128, b"\0"),
    )


def sofa() -> Made:
    """Make a set of responses in the old and in the new layout of HDF5."""
    import h5py

    variables = {
        "Data.IR": (np.arange(24.0).reshape(3, 2, 4), None),
        "Data.SamplingRate": ([48000.0], "hertz"),
        "Data.Delay": (np.zeros((1, 2)), None),
        "SourcePosition": ([[0.0, 0, 1], [45, 0, 1], [90, 10, 1]], "spherical"),
        "ListenerPosition": ([[0.0, 0, 0]], "cartesian"),
        "ListenerView": ([[1.0, 0, 0]], "cartesian"),
        "ListenerUp": ([[0.0, 0, 1]], "cartesian"),
        "ReceiverPosition": ([[[0.0], [0.1], [0]], [[0.0], [-0.1], [0]]], "cartesian"),
        "EmitterPosition": ([[[0.0], [0], [0]]], "cartesian"),
    }
    for layout in ("earliest", "latest"):
        held = io.BytesIO()
        with h5py.File(held, "w", libver=layout, track_order=False) as file:
            file.attrs["SOFAConventions"] = "SimpleFreeFieldHRIR"
            file.attrs["DataType"] = "FIR"
            for name, (values, kind) in variables.items():
                # without times, which would differ from one making to the next
                made = file.create_dataset(name, data=np.asarray(values), track_times=False)
                if kind:
                    made.attrs["Type"] = kind
        yield layout, held.getvalue()


def _recipe(**changes: object) -> dict[str, object]:
    return {
        "audioconv": __version__,
        "input": {"sha256": sha256(SOURCE).hexdigest(), "bytes": len(SOURCE)},
        "impulses": ["double-spike:delay=2S,gain=0.5"],
        "options": {"format": "WAV", "subtype": "PCM_16"},
        **changes,
    }


def recipe() -> Made:
    """Make recipes with each kind of ingredient and many options."""
    file = {"sha256": "0" * 64, "bytes": 9}
    named = {**file, "place": "channel=1", "kind": "sound"}
    taps = {"taps_sha256": "0" * 64, "shape": [2, 1], "rate": 8000, "origin": 0}
    yield "plain", json.dumps(_recipe()).encode()
    parts = [file, named, taps, {"join": [file, "delta"]}, "preset:spring"]
    yield "ingredients", json.dumps(_recipe(impulses=parts)).encode()
    options = {
        **{"format": "WAV", "subtype": "PCM_24", "wet": 0.5, "dry": 1.0, "ir_gain": "-6dB"},
        **{"length": "0.001s", "clip": "saturate", "engine": "direct", "precision": "single"},
        **{"map": "mono", "dither": "tpdf", "tail": 2.0},
    }
    yield "options", json.dumps(_recipe(options=options)).encode()
    yield "sweep", json.dumps({"sweep": {"rate": 8000, "seconds": 1}, "origin": 2}).encode()
    made = {"sha256": "1" * 64, "bytes": 99}
    yield "output", json.dumps(_recipe(output=made), indent=2).encode()


def spec() -> Made:
    """Make names of impulses: each builder, the presets, and joins."""
    for builder in BUILDERS:
        yield builder, f"8000\n{builder}".encode()
    for name, preset in PRESETS.items():
        if not preset.spec.startswith("shoebox"):  # which take seconds
            yield f"preset-{name}", f"8000\n{preset.spec}".encode()
    yield "changes", b"8000\npreset:large-hall,wet=-12dB,size=0.1"
    yield "join", b"8000\njoin:delta,double-spike:delay=2S,gain=0.5"


def text() -> Made:
    """Make columns, and an export of Room EQ Wizard."""
    yield "column", b"rate=48000\n# taps\n1\n-0.5\n2.5e-1\n"
    yield "columns", b"rate=48000,channels=2,1\ntime;left;right\n0;1;2\n1;0.5;0.25\n"
    wide = "1.0\r\n0.5\r\n".encode("utf-16")
    yield "wide", b"rate=8000\n" + wide
    yield (
        "rew",
        b"\n* Impulse Response data saved by REW\n1 // Peak value before normalisation\n"
        b"2 // Peak index\n4 // Response length\n2.0833333E-5 // Sample interval (seconds)\n"
        b"-4.166666E-5 // Start time (seconds)\n* Data start\n0.1\n0.2\n1.0\n-0.5\n",
    )


def raw() -> Made:
    """Make samples of some formats."""
    for form in ("U8", "S16_LE", "S24_3BE", "FLOAT_LE", "FLOAT64_BE"):
        yield form.lower(), f"format={form},rate=48000\n".encode() + BODY + BODY[:8]
    yield "channels", b"format=S16_LE,rate=48000,channels=2,channel=2\n" + BODY


def maps() -> Made:
    """Make each rule."""
    for number, rule in enumerate(
        ["auto", "each", "mono", "true-stereo=LL,RL,LR,RR", "matrix", "matrix=1:1,1:2,2:1,2:2"]
    ):
        yield f"rule-{number}", bytes([1, 3]) + rule.encode()


def encoders() -> Made:
    """Make inputs for some of the encoders, one for each way to store samples."""
    body = np.linspace(-1.5, 1.5, 40, dtype=np.float32).tobytes()
    for number, (form, subtype) in enumerate(kinds()):
        if (form, subtype) in {**KINDS, **RARER}.values():
            name = f"{form}-{subtype}".lower()
            yield name, bytes([number, 2, number % 3, 4, number % 5, number % 2]) + body


def amplifiers() -> Made:
    """Make a model of each architecture."""
    for name in ("plain", "film of a gate", "condition", "head after all"):
        made = model("WaveNet", WAVENETS[name])
        yield f"wavenet-{name.replace(' ', '-')}", json.dumps(made).encode()
    lstm, linear = model("LSTM", LSTM), model("Linear", LINEAR)
    yield "convnet", json.dumps(model("ConvNet", {**CONVNET, "batchnorm": True})).encode()
    yield "container", json.dumps(container(lstm, linear)).encode()
    yield "lstm", json.dumps(lstm | {"metadata": {"name": "x", "loudness": -20}}).encode()


MORE = {
    **{"riff": riff, "ogg": ogg, "mpeg": mpeg, "sofa": sofa, "recipe": recipe, "sidecar": recipe},
    **{"spec": spec, "text": text, "raw": raw, "map": maps, "encoders": encoders},
    "amp": amplifiers,
}


def flac() -> bytes:
    """Make a FLAC with our own writer."""
    info = SoundInfo("made", "FLAC", "PCM_24", 44100, 2, 50)
    return encode_all(info, np.tile(noise(50), 2))


def main() -> None:
    """Write every file."""
    for target in TARGETS:
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("failed"):
                old.unlink()
        made = [*(sounds(target) if target in PLACES else ())]
        made += MORE[target]() if target in MORE else []
        made += [("stereo", flac())] if target == "flac" else []
        for name, data in made:
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
