"""Imports go down only, and each heavy library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each room may import those above it in this list. A room is a package, or a module named here.
ROOMS = [
    "audioconv._version",
    "audioconv.errors",
    "audioconv.urls",
    "impulses",
    "audioconv.progress",
    "audioconv.units",
    "audioconv.parameters",
    "audioconv.nd",
    "audioconv.engines",
    "audioconv.spectral",
    "audioconv.layers",
    "audioconv.arrays",
    "audioconv.job",
    "audioconv.files.formats",
    "audioconv.files.codecs",
    "audioconv.files",
    "audioconv.metering",
    "audioconv.ir",
    "audioconv.amp",
    "audioconv.effects",
    "audioconv.views",
    "audioconv.verify",
    "audioconv.render",
    "audioconv.batch",
    "audioconv.plot",
    "audioconv.page",
    "audioconv.api",
    "audioconv",
    "audioconv.cli",
    "audioconv.__main__",
]
HOMES = {
    "soundfile": ["audioconv.files.formats", "audioconv.files"],
    "h5py": ["audioconv.ir"],
    "typer": ["audioconv.cli"],
    "soxr": ["impulses"],
    "matplotlib": ["audioconv.plot"],
    "PIL": ["audioconv.plot"],
    "rich": ["audioconv.cli"],
    "distributed": ["audioconv.batch"],
    "fsspec": ["audioconv.files"],
    "aiohttp": ["audioconv.files"],
    "array_api_compat": ["audioconv.arrays"],
}


def modules():
    for package in ("audioconv", "impulses"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            yield module.removesuffix(".__init__")


def room(module):
    """Return the room of a module: the innermost one that is listed."""
    listed = [name for name in ROOMS if f"{module}.".startswith(f"{name}.")]
    inner = max(listed, key=len, default=None)
    # the package's face is a room of its own, and no home for what is not listed
    return None if inner == "audioconv" and module != "audioconv" else inner


def imports(module):
    """Return every module that a module imports, late imports too, but not those for types."""
    path = ROOT / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for name in node.names:
                inside = ROOT / f"{node.module.replace('.', '/')}/{name.name}"
                deeper = inside.with_suffix(".py").is_file() or inside.is_dir()
                yield f"{node.module}.{name.name}" if deeper else node.module


@pytest.mark.parametrize("module", list(modules()))
def test_imports_go_down_only(module):
    here = room(module)
    assert here, f"{module} belongs to no room; add a line to ROOMS"
    for name in imports(module):
        library = name.split(".")[0]
        if library in HOMES:
            assert here in HOMES[library], f"{library} is imported outside {HOMES[library]}"
        if library in ("audioconv", "impulses") and room(name) != here:
            assert room(name), f"{module} imports {name}, which belongs to no room"
            below = ROOMS.index(room(name)) < ROOMS.index(here)
            assert below, f"{module} imports {name}, which is not below"


PACKAGES = [
    path.parent for root in ("audioconv", "impulses") for path in (ROOT / root).rglob("__init__.py")
]


@pytest.mark.parametrize("folder", PACKAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_package_docstring_names_every_module(folder):
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    plain = {"__init__", "__main__", "__pycache__", "_version", "api", "errors", "impulse"}
    for name in found - plain:
        assert any(line.split()[:1] == [name] for line in docstring.splitlines()), name


def test_help_is_free_of_numpy():
    """Help comes at once because nothing heavy is imported for it."""
    import subprocess
    import sys

    code = (
        "import sys, audioconv.cli as c; c.main(['convolve', '--help']); "
        "sys.exit(bool({'numpy', 'scipy', 'soundfile', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_an_echo_is_free_of_scipy(tmp_path, samples):
    import subprocess
    import sys

    arguments = ["echo", str(samples / "speech.wav"), str(tmp_path / "o.wav")]
    code = (
        f"import sys, audioconv.cli as c; assert c.main({arguments!r}) == 0; "
        "sys.exit(bool({'scipy', 'rich', 'soxr'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
