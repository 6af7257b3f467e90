"""SOFA files of strangers: none reads another file, and none needs more memory than it may."""

import functools
import json
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest
from test_sofa import PLACES, numbered, write

from audioconv.errors import FormatError
from audioconv.ir.load import load
from audioconv.ir.sofa import chunks, read_contents
from audioconv.ir.sofa.contents import MAX_PLACES
from impulses.impulse import MAX_SAMPLES

h5py = pytest.importorskip("h5py")

VARIABLES = {
    "Data.IR": (len(PLACES), 2, 4),
    "Data.SamplingRate": (1,),
    "Data.Delay": (1, 2),
    "SourcePosition": (len(PLACES), 3),
    "ListenerPosition": (1, 3),
    "ListenerView": (1, 3),
    "ListenerUp": (1, 3),
    "ReceiverPosition": (2, 3, 1),
}
"""Every variable that is read, and its shape."""


def new_head(path):
    receivers = ([[[0], [0.1], [0]], [[0], [-0.1], [0]]], "cartesian")
    return write(path, numbered(len(PLACES), 2, 4), ReceiverPosition=receivers)


@pytest.fixture
def head(tmp_path):
    return new_head(tmp_path / "head.sofa")


@pytest.fixture
def secret(tmp_path):
    """A file that is none of ours: as numbers 48000, which fit every variable."""
    path = tmp_path / "secret.h5"
    values = np.full(1000, 48000.0)
    with h5py.File(path, "w") as file:
        file["values"] = values
        file["group/values"] = values
        for name, shape in VARIABLES.items():
            file[name] = np.ones(shape)
    raw = tmp_path / "secret.raw"
    raw.write_bytes(values.tobytes())
    return path, raw


def external_storage(file, name, shape, secret):
    file.create_dataset(name, shape, "f8", external=[(str(secret[1]), 0, 8 * 1000)])


def external_link(file, name, shape, secret):
    file[name] = h5py.ExternalLink(str(secret[0]), name)


def soft_link_out(file, name, shape, secret):
    file["door"] = h5py.ExternalLink(str(secret[0]), "/")
    file[name] = h5py.SoftLink(f"/door/{name}")


def soft_link_out_by_steps(file, name, shape, secret):
    file.create_group("a")["door"] = h5py.ExternalLink(str(secret[0]), "/")
    file["b"] = h5py.SoftLink("./a/./door")
    file[name] = h5py.SoftLink(f"b/{name}")


def virtual(file, name, shape, secret):
    layout = h5py.VirtualLayout(shape, "f8")
    layout[...] = h5py.VirtualSource(str(secret[0]), name, shape)
    file.create_virtual_dataset(name, layout)


def soft_link_to_virtual(file, name, shape, secret):
    virtual(file, "elsewhere", shape, secret)
    file[name] = h5py.SoftLink("elsewhere")


WAYS_OUT = {
    external_storage: "external raw storage",
    external_link: "external link",
    soft_link_out: "external link",
    soft_link_out_by_steps: "external link",
    virtual: "virtual dataset",
    soft_link_to_virtual: "virtual dataset",
}


def replaced(path, name, way, *more):
    with h5py.File(path, "a") as file:
        del file[name]
        way(file, name, VARIABLES[name], *more)


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda way: way.__name__)
def test_no_variable_leads_out_of_the_file(head, secret, name, way):
    replaced(head, name, way, secret)
    with pytest.raises(FormatError, match=rf"its {name} is .*{WAYS_OUT[way]}.*; copy the data"):
        load(f"{head}:index=1", None)


@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda way: way.__name__)
def test_what_lies_elsewhere_is_not_even_opened(head, tmp_path, way):
    """To open a pipe would wait for ever."""
    gone = tmp_path / "gone.h5"
    if sys.platform != "win32":
        os.mkfifo(gone)
    replaced(head, "SourcePosition", way, (gone, gone))
    with pytest.raises(FormatError, match="SourcePosition is"):
        read_contents(head)


def test_links_within_the_file_are_followed(head):
    before = load(f"{head}:index=2", None)[0]
    with h5py.File(head, "a") as file:
        for number, name in enumerate(VARIABLES):
            file.move(name, f"inner/{number}")
            file[name] = h5py.SoftLink(f"inner/there{number}" if number % 2 else f"/inner/{number}")
            file[f"inner/there{number}"] = h5py.SoftLink(f"./{number}")
    assert load(f"{head}:index=2", None)[0] == before


def test_links_in_a_circle_are_refused(head):
    with h5py.File(head, "a") as file:
        del file["SourcePosition"]
        file["SourcePosition"] = h5py.SoftLink("other")
        file["other"] = h5py.SoftLink("/SourcePosition")
    with pytest.raises(FormatError, match="SourcePosition is behind more than 16 soft links"):
        read_contents(head)


def test_text_of_a_link_is_escaped(head):
    with h5py.File(head, "a") as file:
        del file["SourcePosition"]
        file["SourcePosition"] = h5py.SoftLink("\x1b[31m\u202e")
    with pytest.raises(FormatError) as error:
        read_contents(head)
    assert str(error.value).isprintable()


# sizes


BOMBS = {
    "measurements": {"Data.IR": (2**24, 2, 1)},
    "receivers": {"Data.IR": (1, 2**28, 1)},
    "positions": {"SourcePosition": (2**27, 3)},
    "listeners": {"ListenerPosition": (2**27, 3)},
    "ears": {"ReceiverPosition": (2, 3, 2**27)},
    "rates": {"Data.SamplingRate": (2**28,)},
    "delays": {"Data.Delay": (2**27, 2)},
    "frames": {"Data.IR": (6, 2, 2**26)},
    "the same place": {"Data.IR": (2**18, 2, 2**9), "SourcePosition": (1, 3)},
}
"""Variables of any size, each in a few bytes."""

LISTED = ("frames", "delays", "the same place")
"""Those of which a list of the contents reads only the shape."""

LIMITED = """
import contextlib, io, json, resource, sys
from audioconv.cli import main
import audioconv.ir.load, audioconv.cli.sofa_info, soundfile, h5py
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 2**29,) * 2)
for line in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = main(["ir", "info", line])
    print(json.dumps([code, said.getvalue()]))
"""


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """Ends of `ir info` of all bombs, in half a GiB of memory."""
    if sys.platform != "linux":
        pytest.skip("needs a limit on memory")
    folder = tmp_path_factory.mktemp("bombs")
    cases = {}
    for bomb, variables in BOMBS.items():
        for how in ({}, {"compression": "gzip"}):
            path = new_head(folder / f"{len(cases)}.sofa")
            with h5py.File(path, "a") as file:
                for name, shape in variables.items():
                    del file[name]
                    chunks = tuple(min(length, 2**12) for length in shape)
                    file.create_dataset(name, shape, "f8", chunks=chunks, fillvalue=1.0, **how)
            cases |= {(bomb, bool(how), end): f"{path}{end}" for end in ("", ":azimuth=45")}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        input=json.dumps([*cases.values()]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == ""
    return dict(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("asked", ["", ":azimuth=45"])
@pytest.mark.parametrize("how", ["filled", "deflated"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_takes_little_memory(ends, bomb, how, asked):
    code, said = ends[bomb, how == "deflated", asked]
    if not asked and bomb in LISTED:
        assert (code, said) == (0, "")
        return
    assert (code, said.count("\n")) == (1, 1), said
    assert "limit is" in said or "must fit" in said


def overfull(path, name, mebibytes):
    """Put a chunk in the place of a variable that inflates to more than its shape says."""
    with h5py.File(path, "a") as file:
        shape = VARIABLES[name]
        del file[name]
        data = file.create_dataset(name, shape, "f8", chunks=shape, compression="gzip")
        data.id.write_direct_chunk((0,) * len(shape), deflated(mebibytes))


@functools.cache
def deflated(mebibytes):
    deflate = zlib.compressobj(9)
    stream = [deflate.compress(bytes(2**20)) for _ in range(mebibytes)]
    return b"".join([*stream, deflate.flush()])


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
@pytest.mark.parametrize("name", ["Data.IR", "SourcePosition"])
def test_a_chunk_that_inflates_to_gigabytes_takes_little_memory(name, head):
    overfull(head, name, 1000)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        input=json.dumps([f"{head}:index=1"]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    code, said = json.loads(done.stdout)
    assert code == 1
    assert f"a chunk of {name} holds more than the {8 * np.prod(VARIABLES[name])} bytes" in said


@pytest.mark.parametrize("longer", [False, True])
def test_a_chunk_that_is_longer_than_its_shape_is_not_read(head, longer):
    """Nothing makes a stream that long but malice."""
    with h5py.File(head, "a") as file:
        shape = VARIABLES["Data.IR"]
        del file["Data.IR"]
        data = file.create_dataset("Data.IR", shape, "f8", chunks=shape, compression="gzip")
        rest = bytes(chunks.HARMLESS if longer else 0)
        data.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(8 * np.prod(shape))) + rest)
    if longer:
        with pytest.raises(FormatError, match=r"a chunk of Data\.IR holds more"):
            load(f"{head}:index=1", None)
    else:
        load(f"{head}:index=1", None)


@pytest.mark.parametrize("how", [{}, {"shuffle": True}, {"shuffle": True, "fletcher32": True}])
@pytest.mark.parametrize("skipped", [False, True])
def test_large_chunks_that_hold_what_they_say_are_read(head, how, skipped, noise):
    values = noise(*VARIABLES["Data.IR"][:2], 2**14)
    with h5py.File(head, "a") as file:
        del file["Data.IR"]
        data = file.create_dataset(
            "Data.IR", values.shape, "f8", chunks=values.shape, compression="gzip", **how
        )
        data[...] = values
        if skipped and not how:  # as HDF5 stores what does not shrink
            data.id.write_direct_chunk((0, 0, 0), values.tobytes(), filter_mask=1)
        assert data.id.get_chunk_info(0).size > chunks.HARMLESS
    np.testing.assert_array_equal(load(f"{head}:index=2", None)[0].taps, values[1].T)


def test_no_more_positions_than_the_limit(head):
    with h5py.File(head, "a") as file:
        del file["Data.IR"]
        file.create_dataset("Data.IR", (MAX_PLACES // 3 + 1, 2, 1), "f8")
    with pytest.raises(FormatError, match=f"the limit is {MAX_PLACES}"):
        read_contents(head)


def test_delays_count_as_samples(head):
    with h5py.File(head, "a") as file:
        file["Data.Delay"][0, 1] = MAX_SAMPLES // 2 - 3  # 2 ears and 4 frames
    with pytest.raises(FormatError, match="delays of"):
        load(f"{head}:index=1", None)


def test_compression_that_states_its_own_length_is_refused(head):
    with h5py.File(head, "a") as file:
        kept = file["SourcePosition"][()]
        del file["SourcePosition"]
        file.create_dataset("SourcePosition", data=kept, compression="lzf")
    with pytest.raises(FormatError, match="SourcePosition is coded by the filter number 32000"):
        read_contents(head)


def test_nothing_is_coded_again_after_deflate(head):
    with h5py.File(head, "a") as file:
        shape = VARIABLES["SourcePosition"]
        del file["SourcePosition"]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(shape)
        properties.set_deflate(9)
        properties.set_shuffle()
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(file.id, b"SourcePosition", h5py.h5t.IEEE_F64LE, space, properties)
    with pytest.raises(FormatError, match="SourcePosition is coded by other filters after"):
        read_contents(head)


@pytest.mark.parametrize("code", ["shuffle twice", "unknown"])
def test_unknown_and_repeated_compression_is_refused(head, code):
    with h5py.File(head, "a") as file:
        shape = VARIABLES["SourcePosition"]
        kept = file["SourcePosition"][()]
        del file["SourcePosition"]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(shape)
        for _ in range(2):
            if code == "unknown":
                properties.set_filter(31999, h5py.h5z.FLAG_OPTIONAL, ())
            else:
                properties.set_deflate(9)
        space = h5py.h5s.create_simple(shape)
        h5py.h5d.create(file.id, b"SourcePosition", h5py.h5t.IEEE_F64LE, space, properties)
        file["SourcePosition"][...] = kept
    with pytest.raises(FormatError, match="SourcePosition is coded by the filter"):
        read_contents(head)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wide_element_is_no_number(head, name):
    """An array in each element is not in the shape."""
    with h5py.File(head, "a") as file:
        del file[name]
        file.create_dataset(name, VARIABLES[name], np.dtype(("f8", (2**16,))), chunks=True)
    with pytest.raises(FormatError, match=f"{name} does not hold numbers"):
        load(f"{head}:index=1", None)


@pytest.mark.parametrize("value", [1e300, -2e9, np.nan])
def test_a_position_out_of_this_world_is_refused(head, value):
    with h5py.File(head, "a") as file:
        file["SourcePosition"][0, 0] = value
    with pytest.raises(FormatError, match="SourcePosition is not finite, or over"):
        read_contents(head)


@pytest.mark.parametrize("asked", ["", ":index=1"])
def test_text_of_attributes_is_escaped(call, head, asked):
    with h5py.File(head, "a") as file:
        for name in ("SOFAConventions", "SOFAConventionsVersion", "APIName", "APIVersion"):
            file.attrs[name] = "\x1b[31m\a\u202e" * 100
    said = call("ir", "info", f"{head}{asked}")
    assert "".join((said.out + said.err).split("\n")).isprintable()
    assert max(map(len, said.out.splitlines())) < 2000


@pytest.mark.parametrize("owner", [None, "SourcePosition"])
def test_text_of_a_type_is_escaped(call, head, owner):
    with h5py.File(head, "a") as file:
        if owner:
            file[owner].attrs["Type"] = "\x1b[31m\u202e"
        else:
            file.attrs["DataType"] = "TF\x1b[31m\u202e"
    said = call("ir", "info", head, code=1)
    assert said.err.removesuffix("\n").isprintable()


def test_a_huge_attribute_is_refused(head):
    with h5py.File(head, "w", libver="latest") as file:
        file.attrs.create("DataType", np.full(1000, b"F" * 100, "S100"))
    with pytest.raises(
        FormatError, match="attribute DataType has 100000 bytes; the limit is 65536"
    ):
        read_contents(head)
