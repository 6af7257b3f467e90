"""What a batch writes, read by the libraries that train on it."""

import csv
import json

import numpy as np
import pytest
import soundfile

from audioconv import convolve_files
from audioconv.batch.settings import Settings

RATE = 16000
SPLITS = ["train", "train", "dev"]


@pytest.fixture
def out(tmp_path, noise):
    """A data set with labels, convolved; with its stems."""
    folder = tmp_path / "in"
    folder.mkdir()
    for at in range(3):
        sound = 0.1 * noise(RATE // 2 + at, 1, seed=at)
        soundfile.write(folder / f"{at}.wav", sound, RATE)
    with (folder / "list.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "text", "split"])
        table.writerows([f"{at}.wav", f"word {at}", split] for at, split in enumerate(SPLITS))
    settings = Settings(stems="early=50ms", kaldi=True, lhotse=True)
    room = "noise:rt60=0.2..0.4,channels=1"
    convolve_files(folder / "list.csv", room, tmp_path / "out", settings=settings)
    return tmp_path / "out"


def rows(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def test_hugging_face_reads_it_as_an_audiofolder(out, tmp_path):
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset("audiofolder", data_dir=out, cache_dir=tmp_path / "cache")
    found = found["train"].cast_column("audio", datasets.Audio(decode=False))
    assert [one["text"] for one in found] == [row["text"] for row in rows(out)]
    for one, row in zip(found, rows(out), strict=True):
        assert one["audio"]["path"] == str(out / row["file_name"])
        assert one["output_sha256"] == row["output_sha256"]


def test_lhotse_reads_its_recordings_and_kaldi_s(out, monkeypatch):
    lhotse = pytest.importorskip("lhotse")
    monkeypatch.chdir(out)  # to which all paths are relative
    for found in (
        lhotse.RecordingSet.from_jsonl("recordings.jsonl"),
        lhotse.kaldi.load_kaldi_data_dir(".", RATE)[0],
    ):
        by_name = {one.sources[0].source.removeprefix("./"): one for one in found}
        assert by_name.keys() == {row["file_name"] for row in rows(out)}
        for row in rows(out):
            one = by_name[row["file_name"]]
            sound, rate = soundfile.read(out / row["file_name"], dtype="float32")
            assert (one.sampling_rate, one.num_samples) == (rate, len(sound))
            assert one.duration == pytest.approx(row["duration"])
            np.testing.assert_array_equal(one.load_audio()[0], sound)
