"""Imports go down only, and each heavy library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# every room may import those below it
STOREYS = [
    ["impulses"],
    ["audioconv.errors"],
    ["audioconv.values"],
    ["audioconv.parameters"],
    ["audioconv.engines"],
    ["audioconv.files", "audioconv.stream"],
    ["audioconv.specs", "audioconv.job"],
    ["audioconv.prepare", "audioconv.recipe", "audioconv.verify"],
    ["audioconv.told", "audioconv.store", "audioconv.edits", "audioconv.measure"],
    ["audioconv.render", "audioconv.compare"],
    ["audioconv.redo", "audioconv.views"],
    ["audioconv.explain"],
    ["audioconv.report"],
    ["audioconv.api"],
    ["audioconv.cli"],
    ["audioconv.__main__"],
]
HEIGHT = {room: height for height, rooms in enumerate(STOREYS) for room in rooms}
HOMES = {
    "soundfile": "audioconv.files",
    "h5py": "audioconv.files",
    "typer": "audioconv.cli",
    "soxr": "impulses",
    "matplotlib": "audioconv.report",
    "PIL": "audioconv.report",
    "rich": "audioconv.cli",
}


def modules():
    for package in ("audioconv", "impulses"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")


def room(module):
    """Return the room of a module: a package's own modules are one."""
    parts = module.split(".")
    return parts[0] if parts[0] == "impulses" else ".".join(parts[:2])


def imports(module):
    """Return every module that a module imports, late imports too, but not those for types."""
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
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


@pytest.mark.parametrize("module", [m for m in modules() if m != "audioconv.__init__"])
def test_imports_go_down_only(module):
    here = room(module)
    assert here in HEIGHT, f"{module} belongs to no room"
    for name in imports(module):
        library = name.split(".")[0]
        if library in HOMES:
            assert here == HOMES[library], f"{library} is imported outside {HOMES[library]}"
        if library in ("audioconv", "impulses") and name != "audioconv" and room(name) != here:
            assert HEIGHT[room(name)] < HEIGHT[here], f"{module} imports {name}, which is not below"


@pytest.mark.parametrize(
    "package",
    [
        *("audioconv", "audioconv.engines", "audioconv.files", "audioconv.views", "impulses"),
        *("audioconv.report", "audioconv.report.page"),
        *("impulses.builders", "impulses.acoustics", "impulses.measurement"),
    ],
)
def test_the_package_docstring_names_every_room(package):
    folder = ROOT / package.replace(".", "/")
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    rooms = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    for name in rooms - {"__init__", "__main__", "__pycache__", "api", "errors", "impulse"}:
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
