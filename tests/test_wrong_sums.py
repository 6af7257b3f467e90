"""Wrong sums of an engine: the certificate and the spots catch them, each of them alone."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import soundfile

from audioconv.api import verify_file
from audioconv.engines import ENGINES
from audioconv.engines.window import Window
from audioconv.errors import VerificationError
from audioconv.job import Job, Options
from audioconv.render.run import run

RATE = 44100
FRAMES = 5000


def one_sample_off(sums, start):
    """Add 1e-9 to the first sample, which is always a spot."""
    if not start:
        sums[0, 1] += 1e-9
    return sums


def a_sample_of_the_tail_off(sums, start):
    if start == FRAMES:
        sums[-1, 0] += 1e-9
    return sums


def channels_swapped(sums, start):
    return sums[:, ::-1].copy()


def block_lost(sound, start):
    """Forget the first frames of the sound."""
    return np.where(np.arange(start, start + len(sound))[:, None] < 3000, 0.0, sound)


def as_it_is(audio, start):
    return audio


FAULTS = {
    "one sample off": (as_it_is, one_sample_off),
    "a sample of the tail off": (as_it_is, a_sample_of_the_tail_off),
    "channels swapped": (as_it_is, channels_swapped),
    "block lost": (block_lost, as_it_is),
}


class Faulty:
    """A convolver with a fault in what it hears, or in its sums."""

    def __init__(self, right, fault):
        self.routing, self.block, self.limit = right.routing, right.block, right.limit
        self.fft_size, self.error_model = right.fft_size, right.error_model
        self._right = right
        self._heard, self._summed = fault
        self._frames = 0

    def process(self, block):
        start = self._frames
        self._frames += len(block)
        return self._summed(self._right.process(self._heard(block, start)), start)

    def flush(self):
        tail = self._summed(self._right.flush(), self._frames)
        self.reset()
        return tail

    def reset(self):
        self._frames = 0
        self._right.reset()


def put(fault, engine, monkeypatch):
    """Put a fault into an engine."""
    module = import_module(f"audioconv.engines.{ENGINES[engine]}")
    right = getattr(module, ENGINES[engine])
    monkeypatch.setattr(
        module, ENGINES[engine], lambda *routing, **how: Faulty(right(*routing, **how), fault)
    )


@pytest.fixture
def job(tmp_path, noise):
    """Return a function that returns a job of a stereo sound and impulse, on a grid or off it."""

    def made(engine, subtype, **options):
        source, ir, out = (tmp_path / name for name in ("in.wav", "ir.wav", "out.wav"))
        kind = "DOUBLE" if subtype == "DOUBLE" else "PCM_16"
        soundfile.write(source, 0.3 * np.tanh(noise(FRAMES, 2)), RATE, subtype=kind)
        soundfile.write(ir, 0.2 * np.tanh(noise(40, 2, seed=1)), RATE, subtype=kind)
        chosen = Options(engine=engine, subtype=subtype, overwrite=True, **options)
        return Job(str(source), str(out), [str(ir)], chosen)

    return made


def with_verify(job):
    return replace(job, options=replace(job.options, verify=True))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("subtype", ["PCM_16", "DOUBLE"])
def test_certificate_and_spots_see_wrong_sums_of_which_an_output_is_made(
    job, engine, subtype, fault, monkeypatch
):
    """It holds just those sums, so that the comparison of all samples sees nothing."""
    made = job(engine, subtype)
    put(FAULTS[fault], engine, monkeypatch)
    run(made)
    report = verify_file(made)
    assert report.samples_passed
    assert not report.certificate_passed
    assert report.certificate_residual > report.certificate_limit
    small = subtype == "PCM_16" and "off" in fault  # 1e-9 is lost when it is rounded
    assert report.spots_passed == small
    assert (report.spots_failed_at is None) == small
    assert not report.passed
    said = [failure for failure in report.failures if "the certificate is" in failure]
    assert len(said) == 1
    assert len(report.failures) == 1 + (not small)
    if not small:
        assert "off the direct sum" in report.failures[0]
    with pytest.raises(VerificationError, match="the certificate is"):
        run(with_verify(made))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", FAULTS)
def test_wrong_sums_do_not_pass_a_right_output(job, engine, fault, monkeypatch):
    made = job(engine, "DOUBLE")
    run(made)
    assert verify_file(made).passed
    put(FAULTS[fault], engine, monkeypatch)
    report = verify_file(made)
    assert report.spots_passed
    assert not report.certificate_passed
    assert not report.samples_passed


HALF = 256  # of a block of the matrix engine: spots lie on both sides of its ends
PLACES = {
    "first": lambda head, last, loudest: head,
    "last": lambda head, last, loudest: last,
    "loudest": lambda head, last, loudest: loudest,
    "before the first seam": lambda head, last, loudest: HALF - 1,
    "after the first seam": lambda head, last, loudest: HALF,
    "before the last seam": lambda head, last, loudest: last // HALF * HALF - 1,
    "after the last seam": lambda head, last, loudest: last // HALF * HALF,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("align", ["none", "peak"])
def test_spots_lie_at_ends_and_seams_and_the_loudest_frame(job, place, align, monkeypatch):
    """Wherever time 0 is: seams are those of the convolution, which begins `head` frames before."""
    made = job("toeplitz", "DOUBLE", align=align)
    run(made)
    right, _ = soundfile.read(made.output)
    head = FRAMES + 39 - len(right)
    assert (head > 0) == (align == "peak")
    loudest = head + int(np.abs(right).max(axis=1).argmax())
    wrong = PLACES[place](head, head + len(right) - 1, loudest)

    def off(sums, start):
        if start <= wrong < start + len(sums):
            sums[wrong - start, 0] += 1e-9
        return sums

    put((as_it_is, off), "toeplitz", monkeypatch)
    run(made)
    report = verify_file(made)
    assert report.spots_failed_at == (wrong - head, 1)
    assert report.spots_worst == pytest.approx(1e-9, rel=1e-3)
    assert not report.certificate_passed


def late(right):
    """Cut the convolution a frame late."""
    return lambda window, part, start: right(Window(window.head + 1, window.length), part, start)


def inverted(right):
    def keep(window, part, start):
        kept, at = right(window, part, start)
        return -kept, at

    return keep


@pytest.mark.parametrize("subtype", ["PCM_16", "DOUBLE"])
@pytest.mark.parametrize("fault", [late, inverted])
@pytest.mark.parametrize("options", [{}, {"align": "peak"}, {"length": "0.1s"}], ids=str)
def test_the_spots_see_a_wrong_part_of_right_sums(job, subtype, fault, options, monkeypatch):
    """The certificate is of the whole convolution, and the output holds the same wrong part."""
    made = job("auto", subtype, **options)
    monkeypatch.setattr(Window, "keep", fault(Window.keep))
    run(made)
    report = verify_file(made)
    assert report.certificate_passed
    short = fault is late and "length" not in options  # by a frame, which shows too
    assert report.samples_passed == (not short)
    assert not report.spots_passed
    assert report.spots_worst > report.spots_limit
    assert not report.passed
    assert len(report.failures) == 1 + short
    assert "off the direct sum" in report.failures[-1]
    with pytest.raises(VerificationError, match="off the direct sum"):
        run(with_verify(made))
