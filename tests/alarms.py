"""False alarms: random jobs that are right, proven while they run and verified afterwards.

Run ``python -m tests.alarms N SEED`` from the checkout. It tells how many of N jobs raised an
alarm, and for each check the largest residual beside its limit, with the job that had it. Jobs
that are refused do not count. A job depends on SEED and its number alone, but for the random
primes; ``--only NUMBER`` runs it again. Ctrl-C ends the search, and it tells what it has found.

Sounds and impulses are those that roundings are not random in, as well as those in which they are:
constants, tones, square waves, loops, clicks, values on a coarse grid, numbers near the least. In
half of the jobs the beginnings that are proven by themselves end early, so that short sounds have
some.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import soundfile
from numpy.typing import NDArray

from audioconv.api import convolve_file, verify_file
from audioconv.engines import ENGINES
from audioconv.errors import AudioconvError, VerificationError
from audioconv.job import Job, Options, VerificationReport
from audioconv.verify import evidence

Array = NDArray[np.float64]
Random = np.random.Generator

RATE = 8000
MOST = 150_000
"""Frames of the longest sound."""

EARLY = 2**9, 2**13
"""Where a beginning ends in half of the jobs."""

MOST_PRODUCTS = 2e8
"""Products that an engine which computes them one by one is asked for."""


def noise(random: Random, frames: int) -> Array:
    return np.tanh(random.standard_normal(frames))


def silence(random: Random, frames: int) -> Array:
    return np.zeros(frames)


def constant(random: Random, frames: int) -> Array:
    return np.full(frames, random.choice([1.0, -1.0, 0.5, 1 / 3, random.random()]))


def tone(random: Random, frames: int) -> Array:
    cycles = random.choice([random.random() / 2, 1 / random.integers(2, 5000), 0.5])
    return np.sin(2 * np.pi * cycles * np.arange(frames) + random.random())


def square(random: Random, frames: int) -> Array:
    half = int(random.integers(1, 3000))
    return np.where(np.arange(frames) // half % 2, -1.0, 1.0)


def ramp(random: Random, frames: int) -> Array:
    return np.arange(frames) % random.integers(2, 30000) / 30000


def click(random: Random, frames: int) -> Array:
    audio = np.zeros(frames)
    audio[random.integers(0, frames, random.integers(1, 4))] = 1.0
    return audio


def loop(random: Random, frames: int) -> Array:
    return np.resize(noise(random, int(random.integers(1, min(frames, 9000) + 1))), frames)


def burst(random: Random, frames: int) -> Array:
    """Silence but for some frames, or a loud beginning before a very quiet rest."""
    audio = noise(random, frames) * random.choice([0.0, 1e-9, 1e-30])
    begin, end = sorted(random.integers(0, frames + 1, 2))
    audio[begin:end] = noise(random, int(end - begin))
    return audio


def swell(random: Random, frames: int) -> Array:
    return np.exp(random.uniform(-30, 30) * np.linspace(-1, 0, frames)) * noise(random, frames)


SOUNDS: tuple[Callable[[Random, int], Array], ...] = (
    noise, silence, constant, tone, square, ramp, click, loop, burst, swell,
)  # fmt: skip


def decay(random: Random, taps: int) -> Array:
    return noise(random, taps) * 10.0 ** (-3 * np.arange(taps) / taps)


def allpass(random: Random, taps: int) -> Array:
    delay, gain = int(random.integers(1, taps + 1)), random.uniform(-0.99, 0.99)
    impulse = np.zeros(taps)
    impulse[::delay] = (1 - gain**2) * gain ** (np.arange(len(impulse[::delay])) - 1.0)
    impulse[0] = -gain
    return impulse


def delta(random: Random, taps: int) -> Array:
    return np.eye(1, taps, int(random.integers(0, taps)))[0]


IMPULSES = (noise, decay, allpass, delta, constant, tone, square, click, silence, loop, swell)

SUBTYPES = {
    ".wav": ("PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE"),
    ".aiff": ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    ".flac": ("PCM_16", "PCM_24"),
}

NAMED = (
    "delta", "double-spike:delay=90ms", "feedback:delay=5ms,gain=0.9", "ping-pong:delay=50ms",
    "feedback:delay=1S,gain=0.99", "feedback:delay=20ms,gain=0.5,fractional=yes", "spring",
    "schroeder:rt60=0.3", "noise:rt60=0.2", "velvet:rt60=0.2", "fdn:rt60=0.2", "freeverb",
    "low-pass", "low-pass:numtaps=63", "low-shelf:gain=40dB", "hilbert", "differentiator",
    "moving-average", "moving-average:length=0.5s", "multi-tap:delay=0,3S,9S,gain=1,-1,1e-3",
)  # fmt: skip


def scaled(random: Random, audio: Array) -> Array:
    """Bring a sound to a level, which is loud or faint now and then, or onto a coarse grid."""
    match int(random.integers(0, 8)):
        case 0:
            return np.rint(audio * 2.0 ** random.integers(0, 12)) * 2.0 ** -random.integers(0, 24)
        case 1:
            return audio * 10.0 ** random.uniform(-9, 0)
        case 2:
            return audio * 10.0 ** random.uniform(-45, -30)  # subnormal as floats of 32 bits
        case 3:
            return audio * 10.0 ** random.uniform(0, 12)
        case 4:
            return audio * 10.0 ** random.uniform(-320, -90)
    return audio * random.uniform(0.05, 0.99)


def length(random: Random, most: int) -> int:
    """Draw a length, as likely short as long, and often one at which something may end."""
    if random.random() < 0.2:
        return max(1, min(most, int(2 ** random.integers(0, 19) + random.integers(-1, 2))))
    if random.random() < 0.1:
        return int(random.integers(1, most + 1))
    return int(np.exp(random.uniform(0, np.log(most))))


def sound(random: Random, frames: int, channels: int, kinds: Sequence[Any]) -> Array:
    """Make a sound, (frames, channels)."""
    columns = [kinds[random.integers(len(kinds))](random, frames) for _ in range(channels)]
    return scaled(random, np.stack(columns, axis=1))


def drawn_job(random: Random, folder: Path) -> Job:
    """Draw a job, and write its files."""
    channels = int(random.integers(1, 4))
    engine = str(random.choice(["auto", *ENGINES]))
    frames = length(random, MOST)
    source, kind = folder / "in.wav", str(random.choice(["PCM_16", "PCM_24", "FLOAT", "DOUBLE"]))
    # libsndfile would wrap what is past full scale round
    audio = sound(random, frames, channels, SOUNDS)
    soundfile.write(source, np.clip(audio, -1, 1) if "PCM" in kind else audio, RATE, subtype=kind)
    suffix = str(random.choice([*SUBTYPES]))
    return Job(
        str(source),
        str(folder / f"out{suffix}"),
        [_impulse(random, folder, channels, frames, engine)],
        _options(random, kind, engine, suffix),
    )


def _impulse(random: Random, folder: Path, channels: int, frames: int, engine: str) -> str:
    if engine in ("auto", "overlap-add", "partitioned") and random.random() < 0.4:
        return str(random.choice(NAMED))
    most = int(random.choice([8, 300, 5000, 60_000]))
    if engine in ("direct", "toeplitz", "sparse"):
        most = int(min(most, max(1, MOST_PRODUCTS / frames / channels**2)))
    columns = int(random.choice([1, channels, channels**2]))
    taps = sound(random, length(random, most), columns, IMPULSES)
    path, kind = folder / "ir.wav", str(random.choice(["PCM_16", "FLOAT", "DOUBLE"]))
    soundfile.write(path, np.clip(taps, -1, 1) if "PCM" in kind else taps, RATE, subtype=kind)
    return str(path)


def _options(random: Random, kind: str, engine: str, suffix: str) -> Options:
    def one_of(*values: Any) -> Any:
        return values[random.integers(len(values))]

    plain = random.random() < 0.3
    single = kind == "PCM_16" and random.random() < 0.4
    return Options(
        engine=engine,
        precision="single" if single else "double",
        subtype=one_of(*SUBTYPES[suffix]),
        threads=one_of(1, 2, 3),
        verify=True,
        overwrite=True,
        recipe="none",
        clip=one_of("guard", "guard", "saturate"),
        dither="none" if plain else one_of("none", "none", "tpdf"),
        length="full" if plain else one_of("full", "input", "auto", f"{random.random() * 9:.4f}s"),
        align="none" if plain else one_of("none", "peak", "onset", "first"),
        ir_gain=one_of("none", "none", "l1", "l2", "peak", "-6dB", "60dB"),
        dry="0dB" if random.random() < 0.1 else 0.0,
        match="none" if plain else one_of("none", "none", "none", "peak", "rms", "peak=-1dBFS"),
        map="auto" if random.random() < 0.8 else one_of("each", "mono", "matrix"),
    )


class Nearest(NamedTuple):
    """A residual beside its limit, and the job that had it."""

    residual: float
    limit: float
    job: str

    @property
    def used(self) -> float:
        return self.residual / self.limit if self.limit else 0.0


class Tally:
    """What became of the jobs."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.nearest: dict[str, Nearest] = {}

    def take(self, how: str, report: VerificationReport, job: str) -> None:
        """Note each residual, by check, and by precision and whether the sums are exact."""
        kind = "exact" if report.exact else report.precision
        for check in ("certificate", "samples", "spots"):
            residual = getattr(
                report, {"certificate": f"{check}_residual"}.get(check, f"{check}_worst")
            )
            here = Nearest(residual, getattr(report, f"{check}_limit"), job)
            name = f"{check}, {kind}, {how}"
            self.nearest[name] = max(self.nearest.get(name, here), here, key=lambda one: one.used)

    def __str__(self) -> str:
        lines = [f"{count:6} {outcome}" for outcome, count in sorted(self.outcomes.items())]
        lines += [
            f"{name:36} {one.residual:.3g} of {one.limit:.3g}, {one.used:.3f}: {one.job}"
            for name, one in sorted(self.nearest.items())
        ]
        return "\n".join(lines)


def try_job(number: int, seed: int, folder: Path, tally: Tally) -> bool:
    """Run a job with proof, and verify its output; return whether it was not refused."""
    random = np.random.default_rng([seed, number])
    job = drawn_job(random, folder)
    early = EARLY if random.random() < 0.5 else (evidence.EARLIEST, evidence.LATEST)
    with patch.multiple(evidence, EARLIEST=early[0], LATEST=early[1]):
        return _tried(job, number, tally)


def _tried(job: Job, number: int, tally: Tally) -> bool:
    name = f"job {number}: {_described(job)}"
    for how, work in (
        ("run", lambda: convolve_file(job).verified),
        ("verify", lambda: verify_file(job)),
    ):
        try:
            report = work()
        except VerificationError as error:
            tally.outcomes[f"{how}: alarm"] += 1
            print(f"ALARM {how}, {name}: {error}", flush=True)
            return True
        except AudioconvError as error:
            tally.outcomes[f"{how}: refused: {str(error).split(';')[-1].strip()}"] += 1
            return False
        assert report is not None
        tally.take(how, report, name)
        tally.outcomes[f"{how}: {'passed' if report.passed else 'alarm'}"] += 1
        if not report.passed:
            print(f"ALARM {how}, {name}: {report.failures}", flush=True)
    return True


def _described(job: Job) -> str:
    info = soundfile.info(job.input)
    taps = job.impulses[0]
    if taps.endswith("ir.wav"):
        impulse = soundfile.info(taps)
        taps = f"{impulse.frames} x {impulse.channels} {impulse.subtype}"
    usual = Options()
    changed = {
        name: value
        for name, value in vars(job.options).items()
        if value != getattr(usual, name) and name not in ("verify", "overwrite", "recipe")
    }
    sound = f"{info.frames} x {info.channels} {info.subtype}"
    return f"{sound} * {taps} > {Path(job.output).name} {changed}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run jobs; return 1 if there was an alarm."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.alarms", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("jobs", type=int, metavar="N")
    parser.add_argument("seed", type=int, metavar="SEED")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="run one job again")
    asked = parser.parse_args(arguments)
    numbers = count() if asked.only is None else iter([asked.only])
    tally, done = Tally(), 0
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(dir=place) as folder:
        while done < asked.jobs and (number := next(numbers, None)) is not None:
            done += try_job(number, asked.seed, Path(folder), tally)
            print(f"\r{done} jobs", end="", file=sys.stderr, flush=True)
    print(f"\n{tally}")
    return int(any("alarm" in outcome for outcome in tally.outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
