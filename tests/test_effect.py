"""A run of an effect: one writer, the guard, recipes, and the same bytes for any cut."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import soundfile

from audioconv import AudioconvError, Options
from audioconv.cli.effects import apply
from audioconv.cli.options import Show
from audioconv.effects import EFFECTS
from audioconv.effects.job import EffectJob
from audioconv.effects.plan import Plan
from audioconv.errors import UsageError
from audioconv.files import file_digest
from audioconv.render.effect import run_effect

BLOCK = 1000


class Stage:
    """The sound times a factor, a block late, so that something is left for the end."""

    def __init__(self, factor, channels):
        self.factor, self.last, self.lengths = factor, np.zeros((0, channels)), []
        self.notices = []

    def process(self, block):
        assert not self.lengths or self.lengths[-1] == BLOCK
        self.lengths.append(len(block))
        made, self.last = self.last, self.factor * block
        return made

    def flush(self):
        if self.factor == 1:
            self.notices = ["the factor is 1"]
        return self.last


@dataclass(frozen=True, kw_only=True)
class Louder:
    """An effect.

    Parameters
    ----------
    factor : float
        by how much
    table : str
        a file with another factor
    """

    factor: float = 2.0
    table: Annotated[str, "file"] | None = None

    @property
    def files(self):
        return [self.table] if self.table else []

    def plan(self, rate, channels):
        factor = float(Path(self.table).read_text()) if self.table else self.factor
        return Plan(
            start=lambda: Stage(factor, channels),
            block=BLOCK,
            channels=channels,
            rate=rate,
            frames=lambda frames: frames,
            rows=[("louder", f"by {factor:g}")],
            figures={"factor": factor},
            ingredients={"table": file_digest(self.table)} if self.table else {},
        )


@pytest.fixture(autouse=True)
def louder(monkeypatch):
    monkeypatch.setitem(EFFECTS, "louder", Louder)


@pytest.fixture
def sound(tmp_path, noise):
    path = tmp_path / "in.wav"
    soundfile.write(path, 0.05 * noise(2 * BLOCK + 7, 2), 8000, "PCM_16")
    return str(path)


def made(sound, effect, tmp_path, **options):
    output = str(tmp_path / "out.wav")
    outcome = run_effect(EffectJob(sound, output, effect, Options(**options)))
    return soundfile.read(output)[0], outcome


def test_every_frame_goes_through_the_stage(sound, tmp_path):
    result, outcome = made(sound, Louder(factor=3.0), tmp_path, subtype="DOUBLE")
    assert np.array_equal(result, 3 * soundfile.read(sound)[0])
    assert (outcome.frames, outcome.channels, outcome.rate) == (2 * BLOCK + 7, 2, 8000)
    assert outcome.as_json()["factor"] == 3
    assert outcome.notices == []


def test_a_stage_has_notices_at_its_end(sound, tmp_path):
    _, outcome = made(sound, Louder(factor=1.0), tmp_path)
    assert outcome.notices == ["the factor is 1"]


def test_the_guard_writes_again_with_less_gain(sound, tmp_path):
    result, outcome = made(sound, Louder(factor=100.0), tmp_path)
    assert outcome.gain_db < 0
    assert "attenuated by" in outcome.notices[0]
    assert np.abs(result).max() == pytest.approx(1, abs=2**-15)
    expected = 100 * 10 ** (outcome.gain_db / 20) * soundfile.read(sound)[0]
    assert np.abs(result - expected).max() <= 2**-16


@pytest.mark.parametrize("clip", ["error", "saturate"])
def test_clip(sound, tmp_path, clip):
    if clip == "error":
        remedy = "use `clip='guard'`, or lower the gain of the sound"
        with pytest.raises(AudioconvError, match=f"would clip.*; {remedy}$"):
            made(sound, Louder(factor=100.0), tmp_path, clip=clip)
        assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]
        return
    _, outcome = made(sound, Louder(factor=100.0), tmp_path, clip=clip)
    assert outcome.clipped > 0
    assert outcome.notices[0].startswith("limited")


def test_a_pipe_gives_the_same_bytes(sound, tmp_path, piped):
    made(sound, Louder(), tmp_path)
    whole = (tmp_path / "out.wav").read_bytes()
    for clip in ("guard", "saturate"):  # a copy on disk, or as it comes
        piped(Path(sound).read_bytes())
        made("-", Louder(), tmp_path, clip=clip, recipe="none", overwrite=True)
        assert (tmp_path / "out.wav").read_bytes()[44:] == whole[44 : 44 + 4 * (2 * BLOCK + 7)]


@pytest.mark.parametrize("recipe", ["chunk", "sidecar"])
def test_redo_makes_it_again(sound, tmp_path, call, recipe):
    table = tmp_path / "table"
    table.write_text("100")
    effect = Louder(table=str(table))
    made(sound, effect, tmp_path, recipe=recipe, dither="tpdf", subtype="PCM_24")
    output = tmp_path / "out.wav"
    before = output.read_bytes()
    call("redo", output)
    if recipe == "sidecar":
        output.unlink()
        call("redo", output)
    assert output.read_bytes() == before
    table.write_text("101")
    assert "was made from a file of 3 bytes" in call("redo", output, code=1).err


def test_a_recipe_states_effect_and_settings(sound, tmp_path, call):
    made(sound, Louder(factor=0.5), tmp_path)
    recipe = json.loads(call("info", tmp_path / "out.wav", "--json").out)["recipe"]
    assert (recipe["effect"], recipe["settings"]) == ("louder", {"factor": 0.5})


@pytest.mark.parametrize(
    ("key", "value"), [("factor", "x"), ("factor", None), ("beside", 1), ("table", {})]
)
def test_a_recipe_that_makes_no_sense_is_refused(sound, tmp_path, call, key, value):
    made(sound, Louder(), tmp_path, recipe="sidecar")
    sidecar, output = tmp_path / "out.wav.json", tmp_path / "out.wav"
    recipe = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**recipe, "settings": {key: value}}))
    output.unlink()
    assert "cannot follow the recipe" in call("redo", output, code=1).err
    sidecar.write_text(json.dumps({**recipe, "effect": "none"}))
    assert "cannot follow the recipe" in call("redo", output, code=1).err


def test_options_of_a_convolution_are_refused(sound):
    with pytest.raises(UsageError, match="`wet` is an option of a convolution"):
        EffectJob(sound, "out.wav", Louder(), Options(wet=0.5))


@pytest.mark.parametrize("option", ["--verify", "--no-verify", "--length=3s", "--threads"])
def test_the_command_refuses_options_of_a_convolution(sound, tmp_path, call, option):
    arguments = ("spectral", sound, tmp_path / "o.wav", "--kernel", "identity", option)
    assert "is an option of a convolution, which this is not" in call(*arguments, code=2).err
    assert not (tmp_path / "o.wav").exists()


def test_the_command_takes_one_sound(sound, tmp_path, call):
    arguments = ("spectral", sound, sound, tmp_path / "o.wav", "--kernel", "identity")
    assert "spectral takes one IN and one OUT, but 3 names" in call(*arguments, code=2).err


def test_an_output_in_the_place_of_an_ingredient_is_refused(sound, tmp_path):
    table = tmp_path / "out.wav"
    table.write_text("2")
    with pytest.raises(UsageError):
        made(sound, Louder(table=str(table)), tmp_path, overwrite=True)
    assert table.read_text() == "2"


def test_metadata_is_carried(tmp_path, noise):
    path = tmp_path / "in.flac"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        file.title = "Song"
        file.write(0.1 * noise(500, 1))
    output = tmp_path / "out.flac"
    run_effect(EffectJob(str(path), str(output), Louder()))
    with soundfile.SoundFile(output) as file:
        assert file.title == "Song"


def test_the_report(sound, tmp_path, capsys):
    output = str(tmp_path / "out.wav")
    apply(Louder(), sound, output, Options(), Show())
    brief = capsys.readouterr().err
    apply(Louder(), sound, output, Options(overwrite=True), Show(verbose=True))
    said = capsys.readouterr().err
    assert "  level   peak -8.2 dBFS\n" in brief
    for text in (brief, said):
        assert "louder" in text
        assert "by 2\n" in text
        assert "2007 frames (0.251 s), 2 channels, 8000 Hz, PCM_16" in text
    apply(Louder(), sound, output, Options(overwrite=True), Show(json=True, quiet=True))
    found = json.loads(capsys.readouterr().out)
    assert found["factor"] == 2
    assert found["effect"] == "louder"
    with pytest.raises(UsageError):
        apply(Louder(), sound, "-", Options(), replace(Show(), json=True))
