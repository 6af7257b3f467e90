"""The wheel: the same bytes wherever and whenever it is built, all that it needs, and its SBOM."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from email.parser import Parser
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from audioconv._version import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PARTS = ["audioconv", "impulses", "LICENSE", "README.md", "pyproject.toml", ".gitignore"]
PARTS += [".ci/hatch_build.py"]
WAYS = [
    {"umask": 0o022, "stamp": 1_000_000_000, "order": 1, "TZ": "UTC", "PYTHONHASHSEED": "1"},
    {"umask": 0o077, "stamp": 1_700_000_001, "order": -1, "TZ": "Asia/Tokyo", "LC_ALL": "C"},
]
"""Circumstances of two builds: permissions, times, the order in which files are made, a locale."""

BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    """A folder with the build backend."""
    folder = tmp_path_factory.mktemp("backend")
    command = [sys.executable, "-m", "pip", "install", "-q", "--retries=0", f"--target={folder}"]
    done = subprocess.run([*command, *PROJECT["build-system"]["requires"]], capture_output=True)
    if done.returncode:
        pytest.skip("the build backend cannot be had")
    return folder


@pytest.fixture(scope="module")
def wheels(backend, tmp_path_factory):
    """Build a wheel in each way."""
    return [built(backend, tmp_path_factory.mktemp("a folder"), **way) for way in WAYS]


def built(backend, folder, umask, stamp, order, **env):
    """Copy the project into a folder, and return the wheel that is built there."""
    source = folder / "source"
    for part in PARTS[::order]:
        copied(ROOT / part, source / part, umask, stamp, order)
    env = {**os.environ, **env, "PYTHONPATH": str(backend)}
    extra = {"umask": umask} if os.name == "posix" else {}
    command = [sys.executable, "-c", BUILD, str(folder)]
    subprocess.run(command, cwd=source, env=env, check=True, stdout=subprocess.DEVNULL, **extra)
    (wheel,) = folder.glob("*.whl")
    return wheel


def copied(source, target, umask, stamp, order):
    if source.name == "__pycache__":
        return
    if source.is_dir():
        for one in sorted(source.iterdir())[::order]:
            copied(one, target / one.name, umask, stamp, order)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o666 & ~umask)
    os.utime(target, (stamp, stamp))


@pytest.fixture(scope="module")
def wheel(wheels):
    with ZipFile(wheels[0]) as opened:
        yield opened


def test_two_builds_have_the_same_bytes(wheels):
    assert len({sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}) == 1


def test_it_holds_every_file_of_the_packages_and_no_other(wheel):
    info = f"audioconv-{__version__}.dist-info"
    listed = subprocess.run(
        ["git", "ls-files", "audioconv", "impulses"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("this is no checkout")
    about = ["METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"]
    expected = {f"{info}/{name}" for name in [*about, "sboms/audioconv.cdx.json"]}
    assert {*wheel.namelist()} == expected | {*listed.stdout.splitlines()}
    assert {"audioconv/py.typed", "impulses/py.typed"} <= {*wheel.namelist()}


def test_its_sbom_says_what_it_is_and_what_it_needs(wheel):
    (name,) = (name for name in wheel.namelist() if "/sboms/" in name)
    found = json.loads(wheel.read(name))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.7")
    main = found["metadata"]["component"]
    assert (main["name"], main["version"]) == ("audioconv", __version__)
    assert main["licenses"] == [{"license": {"id": PROJECT["project"]["license"]}}]
    assert all(one["isExternal"] for one in found["components"])
    metadata = Parser().parsestr(wheel.read(f"audioconv-{__version__}.dist-info/METADATA").decode())
    declared = [one for one in metadata.get_all("Requires-Dist") if "extra ==" not in one]
    assert len(declared) == len(PROJECT["project"]["dependencies"])
    ranges = {one["name"]: one["versionRange"] for one in found["components"]}
    assert len(ranges) == len(declared)
    for requirement in declared:
        package = requirement.partition("<")[0].partition(">")[0]
        bounds = {*ranges[package].removeprefix("vers:pypi/").split("|")}
        assert bounds == {*requirement.removeprefix(package).split(",")}
    graph = {one["ref"]: one.get("dependsOn", []) for one in found["dependencies"]}
    assert sorted(graph[main["bom-ref"]]) == sorted(one["bom-ref"] for one in found["components"])


def test_the_program_in_it_runs(wheel, tmp_path):
    wheel.extractall(tmp_path / "installed")
    shutil.copyfile(ROOT / "samples" / "speech.wav", tmp_path / "speech.wav")
    line = ["echo", "speech.wav", "out.wav", "--delay", "350ms", "--gain", "0.5"]
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *line],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.wav").stat().st_size > 250_000
