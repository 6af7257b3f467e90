"""Convolution of arrays, of NumPy and of the standard's strict library; tests/peers has others."""

import copy
import pickle
import sys

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import audioconv
from audioconv.arrays import Convolver, convolve, reverberate
from audioconv.arrays import library as libraries
from audioconv.errors import AudioconvError, LayoutError, UsageError
from audioconv.job import Job, Options
from audioconv.render.stems import run_stems
from audioconv.units import Stem
from tests.arrays import BOUND, SHAPES, bound, definition, few_points, numbers, window

MODES = ("full", "input", "valid")


@pytest.fixture(params=[np, array_api_strict], ids=["numpy", "strict"])
def xp(request):
    return request.param


def close(found, wanted, x, h):
    """Check type, shape and values, the last within the bound."""
    found = np.asarray(found)
    assert found.dtype == np.result_type(x, h)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max(initial=0) <= bound(x, h)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize(("x_shape", "h_shape"), SHAPES)
def test_every_mode_is_the_definition(xp, x_shape, h_shape, dtype):
    x, h = numbers(x_shape, dtype, 1), numbers(h_shape, dtype, 2)
    full = definition(x, h)
    for mode in MODES:
        found = convolve(xp.asarray(x), xp.asarray(h), mode=mode)
        close(found, window(full, x.shape[-1], h.shape[-1], mode), x, h)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_shapes(data):
    lead = data.draw(st.lists(st.integers(1, 3), max_size=3))
    some = [[data.draw(st.sampled_from([1, n])) for n in lead] for _ in range(2)]
    cut = data.draw(st.integers(0, len(lead)))
    x = numbers((*some[0], data.draw(st.integers(0, 40))))
    h = numbers((*some[1][cut:], data.draw(st.integers(1, 12))))
    mode, block = data.draw(st.sampled_from(MODES)), data.draw(st.sampled_from([None, 1, 3, 16]))
    with pytest.MonkeyPatch.context() as patch:
        few_points(patch, data.draw(st.sampled_from([1, 64, 2**20])))
        found = convolve(x, h, mode=mode, block=block)
        strict = convolve(*map(array_api_strict.asarray, (x, h)), mode=mode, block=block)
    wanted = window(definition(x, h), x.shape[-1], h.shape[-1], mode)
    close(found, wanted, x, h)
    close(strict, wanted, x, h)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("mode", MODES)
def test_long_sounds_go_block_by_block(xp, dtype, mode, monkeypatch):
    x, h = numbers((2, 3, 5000), dtype), numbers((3, 90), dtype, 1)
    wanted = [[np.convolve(*pair) for pair in zip(item, h, strict=True)] for item in x]
    wanted = window(np.asarray(wanted), 5000, 90, mode)
    for most, block in [(2**20, None), (2**20, 100), (5000, None), (700, 100), (700, 1000)]:
        few_points(monkeypatch, most)
        found = convolve(xp.asarray(x), xp.asarray(h), mode=mode, block=block)
        close(found, wanted, x, h)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_errors_stay_under_their_bounds_in_long_transforms(dtype):
    """Of full-scale noise; through one tap, which averages nothing, a float32 transform and its
    inverse alone err by 1.2e-6."""
    x = np.sign(numbers((2, 300_000))).astype(dtype)
    for h in (np.eye(1, 20_000, 7)[0], numbers(20_000), np.ones(20_000)):
        h = h.astype(dtype)
        found = convolve(x, h)
        exact = convolve(x.astype(np.float64), h.astype(np.float64))
        assert np.abs(found - exact).max() <= bound(x, h) * (4 if np.count_nonzero(h) == 1 else 1)


@pytest.mark.parametrize("taps", range(1, 11))
def test_few_taps_are_summed_as_they_are(taps):
    """So that each output errs by a rounding a tap, and a unit impulse gives all back."""
    x, h = np.sign(numbers((2, 40_000))).astype("float32"), numbers(taps, "float32", taps)
    close(convolve(x, h), convolve(x.astype(float), h.astype(float)).astype("float32"), x, h)
    x = numbers((2, 40_000), "float32")
    same = np.array_equal(convolve(x, np.eye(1, taps, dtype="float32")[0], mode="input"), x)
    assert same or taps > 8


def test_one_sound_in_many_rooms_is_transformed_once(monkeypatch):
    x, h = numbers((1, 4000)), numbers((8, 50))
    few_points(monkeypatch, 10_000)
    points = []
    spectra = libraries.NumPy.spectra

    def counted(self, rows, size):
        points.append(0 if rows.shape[-1] == 50 else rows.size)
        return spectra(self, rows, size)

    monkeypatch.setattr(libraries.NumPy, "spectra", counted)
    close(convolve(x, h), np.asarray([np.convolve(x[0], one) for one in h]), x, h)
    assert sum(points) < 3 * x.size  # windows overlap


def test_an_item_alone_is_the_item_in_the_batch():
    x, h = numbers((5, 2, 3000)), numbers((5, 1, 200))
    whole = convolve(x, h)
    for item in range(5):
        close(convolve(x[item], h[item]), whole[item], x, h)


def test_any_axis_and_any_strides(xp):
    x, h = numbers((4, 30, 2)), numbers((30, 9, 2))[:4]
    wanted = np.moveaxis(definition(np.moveaxis(x, 1, -1), np.moveaxis(h, 1, -1)), -1, 1)
    for axis in (1, -2):
        close(convolve(xp.asarray(x), xp.asarray(h), axis=axis), wanted, x, h)
    x = numbers((2, 60))[:, ::-2]
    close(convolve(x, h[0, ::-1, 0]), definition(x, h[0, ::-1, 0]), x, h)
    close(
        convolve(numbers((9, 4)), h[0, :, 0], axis=0),
        definition(numbers((9, 4)).T, h[0, :, 0]).T,
        x,
        h,
    )


def test_types_meet_and_nothing_is_written_to(xp):
    x, h = numbers((2, 40), "float32"), numbers(7, "complex128")
    before = x.copy(), h.copy()
    found = convolve(xp.asarray(x), xp.asarray(h))
    close(found, definition(x, h), x, h)
    assert np.array_equal(before[0], x)
    assert np.array_equal(before[1], h)


@pytest.mark.parametrize("as_array", [True, False])
def test_ragged_items_are_as_alone(xp, as_array):
    x, h = numbers((4, 2, 50)), numbers((4, 1, 9))
    x[0, :, 30:], h[1, :, 4:] = np.nan, np.inf  # what lies beyond does not count
    frames, taps = [[30], [50], [1], [0]], [[9], [4], [9], [1]]
    given = [xp.asarray(np.asarray(n)) if as_array else n for n in (frames, taps)]
    for mode in ("full", "input"):
        found = convolve(
            xp.asarray(x), xp.asarray(h), mode=mode, lengths=given[0], h_lengths=given[1]
        )
        found = np.asarray(found)
        assert found.shape[-1] == (58 if mode == "full" else 50)
        for item, ([n], [k]) in enumerate(zip(frames, taps, strict=True)):
            alone = definition(x[item, :, :n], h[item, :, :k]) if n else np.zeros((2, 0))
            alone = window(alone, n, k, mode)
            close(found[item, :, : alone.shape[-1]], alone, x[item, :, :n], h[item, :, :k])
            assert not found[item, :, alone.shape[-1] :].any()  # zero to the last bit
    found = np.asarray(
        convolve(xp.asarray(x[2:]), xp.asarray(h[2:]), mode="valid", lengths=[[40], [8]])
    )
    assert found.shape == (2, 2, 42)
    close(found[0, :, :32], definition(x[2, :, :40], h[2])[..., 8:40], x[2:], h[2:])
    assert not found[0, :, 32:].any()
    assert not found[1].any()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "uint64"])
def test_lengths_of_any_integers(xp, dtype):
    """Of which the small ones do not hold the frames of the output."""
    x, h = numbers((2, 200)), numbers((2, 90))
    frames, taps = [127, 100], [90, 60]
    for mode in MODES:
        given = {"lengths": frames} if mode == "valid" else {"lengths": frames, "h_lengths": taps}
        arrays = {name: xp.asarray(np.asarray(n, dtype)) for name, n in given.items()}
        wanted = convolve(x, h, mode=mode, **given)
        assert np.array_equal(convolve(xp.asarray(x), xp.asarray(h), mode=mode, **arrays), wanted)
    wanted = convolve(x, h, lengths=frames)
    for n in (np.asarray(frames), [np.int64(n) for n in frames]):  # NumPy's, with any library
        assert np.array_equal(convolve(xp.asarray(x), xp.asarray(h), lengths=n), wanted)


def test_a_block_is_no_longer_than_the_sound():
    x, h = numbers(30), numbers(9)
    close(convolve(x, h, block=2**50), definition(x, h), x, h)
    close(convolve(x, h, block=np.int64(4)), definition(x, h), x, h)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_stream_is_the_whole_however_it_is_cut(data):
    taps = data.draw(st.integers(1, 20))
    x, h = numbers((2, 3, 60)), numbers((3, taps), seed=1)
    cuts = sorted(data.draw(st.lists(st.integers(0, 60), max_size=5)))
    blocks = np.split(x, cuts, axis=-1)
    convolver = Convolver(h)
    for again in range(2):  # as new after `flush`
        parts = []
        for block in blocks:
            parts.append(convolver.process(block))
            assert parts[-1].shape == block.shape
            if again:
                convolver = pickle.loads(pickle.dumps(copy.deepcopy(convolver)))
        parts.append(convolver.flush())
        assert parts[-1].shape[-1] == taps - 1
        close(np.concatenate(parts, -1), definition(x, h), x, h)


def test_a_stream_keeps_its_library_and_type(xp):
    x, h = numbers((2, 9), "float32"), numbers(4, "float32", 1)
    convolver = pickle.loads(pickle.dumps(Convolver(xp.asarray(h))))
    assert convolver.flush().shape == (3,)
    parts = [convolver.process(xp.asarray(x)), convolver.flush()]
    close(np.concatenate([*map(np.asarray, parts)], -1), definition(x, h), x, h)
    convolver.process(xp.asarray(x))
    with pytest.raises(LayoutError, match=r"shape \(3, 2\).*reset\(\) begins a new sound"):
        convolver.process(xp.asarray(numbers((3, 2), "float32")))
    with pytest.raises(LayoutError, match=r"a block is .*float64 of"):
        convolver.process(xp.asarray(numbers((2, 2))))
    convolver.reset()
    close(convolver.process(xp.asarray(x)), definition(x, h)[:, :9], x, h)


def test_a_stream_has_taps_of_the_type_of_each_sound(xp):
    x, h = numbers((2, 30)), numbers(9, "float32", 1)
    convolver = Convolver(xp.asarray(h))
    for sound in (x.astype("float32"), x, x.astype("complex128"), x.astype("float32")):
        parts = [convolver.process(xp.asarray(sound)), convolver.flush()]
        close(np.concatenate([*map(np.asarray, parts)], -1), definition(sound, h), sound, h)


def test_rooms_are_those_of_a_batch_of_files(tmp_path):
    """One onset and one gain for all channels of an item, and the early part, as on files."""
    rate, frames = 16000, 3000
    x, h = numbers((3, 2, frames)) / 10, numbers((3, 2, 900), seed=1) / 30
    h *= np.exp(-np.arange(900) / 200)
    for item, start in enumerate((0, 37, 200)):  # the second channel is later, and softer
        h[item, :, :start] = 0
        h[item, 1, : start + 11] = 0
        h[item, 0, [start, start + 50]], h[item, 1, start + 11] = (0.3, 1), 0.7  # the peak is later
    for match, dry in (("none", 0.0), ("rms", 0.5)):
        found = reverberate(x, h, early=160, match=match, wet=0.8, dry=dry)
        for item in range(3):
            output, target = _by_files(tmp_path, x[item].T, h[item].T, rate, match, dry)
            assert np.abs(found.wet[item].T - output).max() < 1e-9 * np.abs(output).max()
            assert np.abs(found.target[item].T - target).max() < 1e-9 * np.abs(target).max()


def _by_files(folder, x, h, rate, match, dry):
    import soundfile

    soundfile.write(folder / "x.wav", x, rate, subtype="DOUBLE")
    early = str(folder / "early.wav")
    options = Options(
        align="onset", length="input", match=match, wet="0.8", dry=str(dry), overwrite=True
    )
    job = Job(str(folder / "x.wav"), str(folder / "y.wav"), [(h, rate)], options)
    run_stems(job, {Stem("early", "10ms"): early})
    return soundfile.read(folder / "y.wav")[0], soundfile.read(early)[0]


def test_rooms_of_other_libraries_and_of_items_that_are_ragged_or_silent(xp):
    x, h = numbers((3, 1, 500), "float32"), numbers((3, 2, 90), "float32", 1)
    x[1] = 0
    for align in ("onset", "peak", "none"):
        wet, target = reverberate(
            xp.asarray(x), xp.asarray(h), early=5, align=align, match="rms", lengths=[500, 400, 300]
        )
        wet, target = np.asarray(wet), np.asarray(target)
        assert wet.dtype == np.float32
        assert wet.shape == target.shape == (3, 2, 500)
        assert not wet[1].any()
        for item, n in ((0, 500), (2, 300)):
            alone = reverberate(
                x[item : item + 1, :, :n], h[item : item + 1], align=align, match="rms"
            )
            assert alone.target is None
            assert np.abs(wet[item, :, :n] - alone.wet[0]).max() < 1e-5 * np.abs(wet).max()
            assert not wet[item, :, n:].any()
            assert not target[item, :, n:].any()
            levels = [
                np.sqrt(np.mean(np.square(a, dtype=float))) for a in (x[item, :, :n], alone.wet)
            ]
            assert levels[0] == pytest.approx(levels[1], rel=1e-6)
    plain = reverberate(xp.asarray(x), xp.asarray(h[0, 0]), align="none").wet
    close(plain, definition(x, h[0, 0])[..., :500], x, h[0, 0])
    half = np.float64(0.5), np.full((3, 1, 1), 0.5), xp.asarray(np.full((3, 1, 1), 0.5))
    for wet in half:  # of another type than the sounds, which keep theirs
        close(
            reverberate(xp.asarray(x), xp.asarray(h), align="none", wet=wet).wet,
            definition(x, h)[..., :500] / 2,
            x,
            h,
        )


REFUSED = [
    (lambda a: convolve(a, a.astype(int)), "h is of type int64; it must be of float32"),
    (lambda a: convolve(a.astype("float16"), a), "x is of type float16"),
    (lambda a: convolve(a, [1.0]), "h is a list; it must be an array"),
    (lambda a: convolve(a, array_api_strict.asarray(a)), "must be arrays of one library"),
    (lambda a: convolve(a, a[:, :0]), "h has no frames; it must have at least 1"),
    (
        lambda a: convolve(a, a[:, :, None].repeat(3, 2)),
        r"h of 3 frames, with leading axes \(2, 9\), does not fit x of 9 frames, with \(2,\)",
    ),
    (lambda a: convolve(a, a, axis=2), r"axis is 2, but x of shape \(2, 9\) has the axes -2 to 1"),
    (lambda a: convolve(a[0, 0], a), "has no axis"),
    (lambda a: convolve(a, a, mode="same"), "mode is 'same'; it must be one of full, input, valid"),
    (lambda a: convolve(a, a, mode="valid", h_lengths=[1, 1]), "h_lengths does not go with mode"),
    (
        lambda a: convolve(a, a, lengths=[1, 10]),
        "lengths has 10; it must be an integer from 0",
    ),
    (lambda a: convolve(a, a, lengths=[1, 1.5]), "lengths has 1.5"),
    (lambda a: convolve(a, a, lengths=a[:, 0]), "lengths has 0.1257"),
    (lambda a: convolve(a, a, lengths=np.asarray([True])), "lengths is of type bool; it must be"),
    (lambda a: convolve(a, a, lengths=np.asarray([1, 10])), "lengths has 10"),
    (lambda a: convolve(a, a, h_lengths=[1, 2, 3]), r"h_lengths has shape \(3,\), which does not"),
    (lambda a: convolve(a, a, lengths=[[1], [2]]), r"does not fit the axes of items, \(2,\)"),
    (lambda a: reverberate(a[None], a[0], lengths=[[1]]), r"shape \(1, 1\), .* items, \(1,\)"),
    (
        lambda a: convolve(a, a, block=1.5),
        "block is 1.5; it must be a whole number",
    ),
    (
        lambda a: reverberate(a[None], a[0], early=0.5),
        "early is 0.5; it must be a whole number",
    ),
    (lambda a: convolve(a, a, block=0), "block is 0; it must be a whole number of frames"),
    (lambda a: Convolver(a[:, :0]), r"h has shape \(2, 0\)"),
    (lambda a: Convolver(a).process(a[0, 0]), "a block has no axis"),
    (lambda a: reverberate(a, a), r"x has shape \(2, 9\); it must be \(items, channels, frames\)"),
    (lambda a: reverberate(a[None], a), r"h has shape \(2, 9\); it must be \(items, channels"),
    (lambda a: reverberate(a[None], a[None, :, :0]), "h has no frames"),
    (lambda a: reverberate(a[None] * 1j, a[None]), "sounds in rooms must be real"),
    (lambda a: convolve(a, a, lengths=[1, 2, 3]), r"lengths has shape \(3,\), which does not fit"),
    (lambda a: reverberate(a[None], a[0], early=0), "early is 0; it must be a whole number of fr"),
    (lambda a: reverberate(a[None], a[0], early="50ms"), "early is '50ms'; it must be a whole"),
    (lambda a: reverberate(a[None], a[0], wet="-6dB"), "wet is '-6dB'; it must be a factor"),
    (
        lambda a: reverberate(a[:, None], a[0], dry=np.ones(3)),
        r"dry has shape \(3,\), and x \(2, 1, 9\); .* pass dry\[:, None, None\]",
    ),
    (
        lambda a: reverberate(a[:, None], np.ones((2, 400, 2))),
        r"h has shape \(2, 400, 2\), 400 channels of 2 frames; the limit is 256 channels; frames",
    ),
    (
        lambda a: reverberate(a[None], a[0], align="first"),
        "align is 'first'; it must be one of onset",
    ),
    (lambda a: reverberate(a[None], a[0], match="lufs"), "match is 'lufs'; it must be one of none"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_cannot_be_meant_is_refused(call, message):
    with pytest.raises(AudioconvError, match=message):
        call(numbers((2, 9)))


def test_a_gain_for_each_item_and_lengths_of_numpy_beside_another_library():
    x, h = numbers((2, 1, 40)), numbers((2, 2, 9))
    gains, lengths = np.asarray([0.5, 2.0])[:, None, None], np.asarray([40, 20])
    wet, _ = reverberate(x, h, align="none", wet=gains, lengths=lengths)
    strict = [array_api_strict.asarray(a) for a in (x, h, gains)]
    again, _ = reverberate(*strict[:2], align="none", wet=strict[2], lengths=lengths)
    for item, n in enumerate(lengths):
        alone = definition(x[item, :, :n], h[item])[..., :n] * gains[item]
        close(wet[item, :, :n], alone, 2 * x, h)
        assert not wet[item, :, n:].any()
    close(again, wet, x, h)


def test_other_libraries_need_a_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    convolve(numbers(3), numbers(3))  # NumPy needs nothing
    with pytest.raises(UsageError, match=r"run: pip install 'audioconv\[arrays\]'"):
        convolve(*[array_api_strict.asarray(numbers(3))] * 2)


@pytest.mark.parametrize("shape", [(1, 16000), (2, 480_000)])
def test_channels_first_are_refused_where_frames_come_first(shape):
    with pytest.raises(LayoutError, match=r"pass x\.T if .* or use audioconv\.arrays\.convolve"):
        audioconv.convolve(np.zeros(shape), np.ones((3, 1)))
    with pytest.raises(LayoutError, match=r"h has shape .* pass h\.T"):
        audioconv.convolve(np.zeros((9, 1)), np.zeros(shape))
    with pytest.raises(LayoutError, match="channels is 257; it must be from 1 to 256"):
        audioconv.convolver(np.ones((3, 1)), 257)
    assert audioconv.convolve(np.ones((4, 256)), np.ones((3, 1))).shape == (6, 256)


@pytest.mark.parametrize("shape", [(1, 48_000), (4, 1, 257), (4, 257, 1)])
def test_taps_with_channels_first_are_refused_before_a_job(shape, samples):
    with pytest.raises(
        AudioconvError, match=r"have shape .*the limit is 256 channels; pass taps.T"
    ):
        Job(samples / "speech.wav", "out.wav", [(np.ones(shape), 48_000)])


def test_complex_numbers_are_refused_where_sound_is_real():
    x, h = np.ones((3, 1)), np.ones((2, 1))
    for call in (
        lambda: audioconv.convolve(1j * x, h),
        lambda: audioconv.convolve(x, 1j * h),
        lambda: audioconv.convolver(1j * h, 1),
        lambda: audioconv.convolver(h, 1).process(1j * x),
    ):
        with pytest.raises(AudioconvError, match="of real numbers"):
            call()
