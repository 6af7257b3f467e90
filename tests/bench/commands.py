"""One function for each command line: sound, impulse, output, and how."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile

from .bench import taps_of
from .measure import Command
from .sounds import RATE

DELAY, GAIN = 15435, 0.5  # of the echo: frames (350 ms) and a factor
PROGRAMS = ["sox", "csound", "brutefir"]
PACKAGES = ["pedalboard", "audiomentations", "scipy"]
OURS = (sys.executable, "-m", "audioconv")
BLOCK = 8192  # frames, of the peers that are told


def convolve(
    sound: Path, impulse: Path, output: Path, precision: str = "double", subtype: str = "FLOAT"
) -> Command:
    """Our convolution."""
    how = ("--ir", str(impulse), "--precision", precision, "--subtype", subtype)
    return _ours("convolve", sound, output, *how)


def echo(sound: Path, output: Path) -> Command:
    """Our echo."""
    how = ("--delay", f"{DELAY}S", "--gain", f"{GAIN}", "--subtype", "FLOAT")
    return _ours("echo", sound, output, *how)


def compare(one: Path, other: Path) -> Command:
    """Our null test."""
    return Command((*OURS, "compare", str(one), str(other), "--json"))


def null(one: Path, other: Path, picture: Path) -> Command:
    """Our picture of a null test."""
    return Command((*OURS, "plot", "null", str(one), str(other), "-o", str(picture)), picture)


def explain(sound: Path, impulse: Path, page: Path) -> Command:
    """Our page of a convolution."""
    names = (str(sound), "--ir", str(impulse), "-o", str(page))
    return Command((*OURS, "explain", *names, "-q"), page)


def _ours(verb: str, sound: Path, output: Path, *how: str) -> Command:
    return Command((*OURS, verb, str(sound), str(output), *how, "-q"), output)


def afir(
    sound: Path, impulse: Path, output: Path, tuning: str = "", codec: str = "pcm_f32le"
) -> Command:
    """Convolution by ffmpeg, at unit gain and with the tail: ``tuning`` is more of its options."""
    tail = soundfile.info(impulse).frames - 1
    options = f"irnorm=-1:irlink=0:irgain=1:maxir=60{tuning}"
    graph = ["-filter_complex", f"[0]apad=pad_len={tail}[a];[a][1]afir={options}"]
    return _ffmpeg(["-i", str(sound), "-i", str(impulse), *graph, "-c:a", codec], output)


def aecho(sound: Path, output: Path) -> Command:
    """Echo by ffmpeg, in floating point, because it would clip integers."""
    graph = ["-af", f"aformat=sample_fmts=fltp,aecho=1:1:{1000 * DELAY / RATE:g}:{GAIN}"]
    return _ffmpeg(["-i", str(sound), *graph, "-c:a", "pcm_f32le"], output)


def _ffmpeg(arguments: list[str], output: Path) -> Command:
    program = ffmpeg()
    assert program
    return Command((program, "-nostdin", "-v", "error", "-y", *arguments, str(output)), output)


def sox_echo(sound: Path, output: Path) -> Command:
    """Echo by SoX."""
    return _sox(sound, output, ["echo", "1", "1", f"{1000 * DELAY / RATE:g}", f"{GAIN}"])


def sox_fir(sound: Path, impulse: Path, output: Path) -> Command:
    """Convolution by SoX, one impulse for all channels.

    It drops as much before and after as a filter of linear phase delays, so that much is padded.
    """
    taps = taps_of(impulse)[:, 0]
    text = impulse.with_suffix(".txt")
    np.savetxt(text, taps, fmt="%.17g")
    before, after = (len(taps) - 1) // 2, len(taps) // 2
    return _sox(sound, output, ["pad", f"{before}s", f"{after}s", "fir", str(text)])


def _sox(sound: Path, output: Path, effects: list[str]) -> Command:
    written = ["-e", "floating-point", "-b", "32", str(output)]
    return Command(("sox", str(sound), *written, *effects), output)


def package(name: str, sound: Path, impulse: Path, output: Path, *how: str) -> Command:
    """Convolution by a Python package, in `programs`."""
    program = (sys.executable, "-m", f"{__package__}.programs", name)
    return Command((*program, str(sound), str(impulse), str(output), *how), output)


def csound(sound: Path, impulse: Path, output: Path) -> Command:
    """Convolution by Csound, whose partitions have no latency at a control period as long."""
    frames = soundfile.info(sound).frames + soundfile.info(impulse).frames - 1
    seconds = -(-frames // BLOCK) * BLOCK / RATE
    score = output.with_suffix(".csd")
    score.write_text(f"""<CsoundSynthesizer>
<CsOptions>
-W -f -d -m0 -o {output}
</CsOptions>
<CsInstruments>
sr = {RATE}
ksmps = {BLOCK}
nchnls = 2
0dbfs = 1
instr 1
  a1, a2 diskin2 "{sound}"
  a3 pconvolve a1, "{impulse}", {BLOCK}, 1
  a4 pconvolve a2, "{impulse}", {BLOCK}, 2
  outs a3, a4
endin
</CsInstruments>
<CsScore>
i 1 0 {seconds:.9f}
</CsScore>
</CsoundSynthesizer>
""")
    return Command(("csound", str(score)), output)


def brutefir(sound: Path, impulse: Path, output: Path) -> Command:
    """Convolution by BruteFIR in single precision, of raw files that hold the tail's silence."""
    taps = taps_of(impulse).astype("<f4")
    raw = sound.with_suffix(".raw")
    with soundfile.SoundFile(sound) as file, raw.open("wb") as padded:
        for block in file.blocks(2**20, dtype="int16"):
            padded.write(block.astype("<i2").tobytes())
        padded.write(bytes(4 * (len(taps) - 1)))
    common = "delay: 0, 0; maxdelay: -1; mute: false, false;"
    text = f"""
float_bits: 32; sampling_rate: {RATE}; filter_length: {BLOCK},{-(-len(taps) // BLOCK)};
overflow_warnings: false; show_progress: false; max_dither_table_size: 0;
allow_poll_mode: false; powersave: false; monitor_rate: false; lock_memory: false;
sdf_length: -1; convolver_config: "{output}.fftw"; modules_path: ".";
input 0, 1 {{
  device: "file" {{ path: "{raw}"; }}; sample: "S16_LE"; channels: 2; {common}
}};
output 0, 1 {{
  device: "file" {{ path: "{output}"; }}; sample: "FLOAT_LE"; channels: 2; {common}
  dither: false; merge: false;
}};
"""
    for channel in (0, 1):
        own = impulse.with_suffix(f".{channel}.raw")
        own.write_bytes(taps[:, channel].tobytes())
        text += f"""
coeff {channel} {{
  filename: "{own}"; format: "FLOAT_LE"; attenuation: 0.0; blocks: -1; skip: 0; shared_mem: false;
}};
filter {channel} {{
  from_inputs: {channel}; to_outputs: {channel}; coeff: {channel};
  process: -1; delay: 0; crossfade: false;
}};
"""
    script = output.with_suffix(".conf")
    script.write_text(text)
    return Command(("brutefir", "-nodefault", str(script)), output)


@cache
def ffmpeg() -> str | None:
    """Return the ffmpeg that comes as a package."""
    if find_spec("imageio_ffmpeg") is None:
        return None
    from imageio_ffmpeg import get_ffmpeg_exe

    try:
        return str(get_ffmpeg_exe())
    except RuntimeError:
        return None


def present(name: str) -> bool:
    """Return whether a peer is here."""
    if name == "ffmpeg":
        return ffmpeg() is not None
    return bool(find_spec(name) if name in PACKAGES else shutil.which(name))


def peers() -> tuple[list[str], list[str]]:
    """Name the peers that are here, with the versions of packages, and those that are not."""
    names = ["ffmpeg", *PACKAGES, *PROGRAMS]
    here = [name for name in names if present(name)]
    return [_versioned(name) for name in here], [name for name in names if name not in here]


def _versioned(name: str) -> str:
    if name in PACKAGES:
        return f"{name} {importlib.metadata.version(name)}"
    program = ffmpeg()
    if name == "ffmpeg" and program:
        said = subprocess.run([program, "-version"], capture_output=True, text=True).stdout
        return " ".join(["ffmpeg", *said.split()[2:3]])
    return name
