"""Files at URLs: whole or an error, put once, and no secret in anything that is shown or kept."""

import asyncio
import errno
import json
import string
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from batches import planned, room, rows, sound
from hypothesis import given, settings
from hypothesis import strategies as st
from nam_models import model, wavenet

from audioconv import Job, Options, compare_files, convolve_file, info, verify_file
from audioconv.batch.ledger import FOLDER
from audioconv.batch.run import run_plan
from audioconv.cli import main
from audioconv.effects.job import EffectJob
from audioconv.effects.spectral import Spectral
from audioconv.errors import FormatError, UsageError
from audioconv.files import Reader, look, read_all, remote
from audioconv.ir.load import load_impulse
from audioconv.render.effect import run_effect
from audioconv.urls import address, is_url, public_name, secrets_of

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
yarl = pytest.importorskip("yarl")

from servers import SECRETS, serving  # noqa: E402  (needs neither, but is of no use without)


@pytest.fixture
def server(tmp_path):
    with serving() as made:
        for name in ("x.wav", "y.wav"):
            made.files[name] = Path(sound(tmp_path / "here" / name, frames=4000)).read_bytes()
        made.files["hall.wav"] = Path(room(tmp_path / "here" / "hall.wav")).read_bytes()
        yield made


@pytest.fixture
def memory():
    """The file system in the memory of this process, empty."""
    made = fsspec.filesystem("memory")
    made.store.clear()
    made.pseudo_dirs[:] = [""]
    yield made
    made.store.clear()


@pytest.fixture
def told(call, tmp_path, monkeypatch):
    """Run a command line; neither what it prints nor what it leaves may hold a secret."""
    monkeypatch.chdir(tmp_path)

    def checked(*arguments, code=0):
        said = call(*arguments, code=code)
        kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        names = "".join(map(str, tmp_path.rglob("*")))
        for secret in SECRETS:
            assert secret not in said.out + said.err + names
            assert not any(secret.encode() in data for data in kept)
        return said

    return checked


@pytest.fixture
def fetched(monkeypatch):
    """Replace what fetches a file from a web server."""
    web = fsspec.get_filesystem_class("http")

    def replaced(error):
        async def fails(*arguments, **named):
            raise error

        web.clear_instance_cache()  # an instance keeps its methods
        monkeypatch.setattr(web, "_get_file", fails)

    yield replaced
    web.clear_instance_cache()


def made(summary):
    assert [one.error for one in summary.failures] == []
    return summary.done, summary.already


# Names


@pytest.mark.parametrize(
    "name",
    [
        "x.wav",
        "a b://c.wav",
        "./s3://x",
        "C:\\x.wav",
        "C://x.wav",
        "://x",
        "a/https://b?c@d",
        "é://x",
    ],
)
def test_other_names_are_no_urls_and_shown_whole(name):
    assert not is_url(name)
    assert public_name(name) == address(name) == name


def test_what_is_public_of_a_url():
    shown = {
        "https://h/x.wav": "https://h/x.wav",
        "https://me:word@h:80/x.wav?token=1#f": "https://h:80/x.wav",
        "https://me:wo/rd@h/x.wav": "https://h/x.wav",
        "https://h/@me/x.wav": "https://h/@me/x.wav",
        "https://h:80/@me/x.wav": "https://h:80/@me/x.wav",
        "s3://bucket/x.wav:channel=2": "s3://bucket/x.wav:channel=2",
        "join:https://me@h/L.wav,https://you@h/R.wav?b": "join:https://h/L.wav,https://h/R.wav",
        "zip://x.wav::https://me:word@h/a.zip?token": "zip://x.wav::https://h/a.zip",
    }
    assert {name: public_name(name) for name in shown} == shown


WORDS = st.text(string.ascii_letters + string.digits + "-._~%!$&'()*+,;=:@/?", min_size=4)


@given(user=WORDS, password=WORDS, query=WORDS)
@settings(max_examples=300, deadline=None)
def test_no_secret_is_public(user, password, query):
    """Quoted as RFC 3986 wants it, a user and a password hold none of ``/?#@``."""
    for one in "/?#@":
        user, password = user.replace(one, ""), password.replace(one, "")
    url = f"https://{user}:{password}@host/x.wav?{query}"
    assert public_name(url) == "https://host/x.wav"
    assert query not in address(url)
    assert query in secrets_of(url)


def test_an_address_tells_queries_apart_but_not_who_asks_or_signs():
    url = "https://host/x.wav"
    plain = address(f"{url}?version=1&X-Amz-Signature=abc")
    assert plain == address("https://me:word@host/x.wav?version=1&X-Amz-Signature=def")
    assert plain not in (address(f"{url}?version=2"), address(url))
    assert address(f"{url}?X-Goog-Signature=abc") == url


# One file


def test_one_file_at_urls_is_as_on_a_disk(server, told, tmp_path):
    here, x, h = tmp_path / "here", server.url("x.wav"), server.url("hall.wav")
    told("convolve", here / "x.wav", "a.wav", "--ir", here / "hall.wav")
    said = told("convolve", x, "b.wav", "--ir", h, "--json")
    assert Path("b.wav").read_bytes() == Path("a.wav").read_bytes()
    assert json.loads(said.out)["input"] == server.public("x.wav")
    told("convolve", x, server.url("c.wav"), "--ir", f"{h}:channel=1", "-v")
    told("verify", x, server.url("c.wav"), "--ir", f"{h}:channel=1")
    assert "identical" in told("compare", "a.wav", server.url("c.wav")).out
    assert json.loads(told("info", x, "--json").out)["path"] == server.public("x.wav")
    assert told("info", x).out.startswith(f"{server.public('x.wav')}: WAV PCM_16, 8000 Hz")
    assert json.loads(told("ir", "info", h, "--json").out)["path"] == server.public("hall.wav")
    told("echo", x, server.url("x.wav"), code=2)
    assert "PUT x.wav" not in server.asked


def test_a_model_is_read_from_a_url(server, told, tmp_path):
    server.files["amp.nam"] = json.dumps(model("WaveNet", wavenet())).encode()
    (tmp_path / "here" / "amp.nam").write_bytes(server.files["amp.nam"])
    told("amp", "here/x.wav", "a.wav", "--model", "here/amp.nam")
    made = told(
        "amp", "here/x.wav", "b.wav", "--model", server.url("amp.nam"), "--recipe", "sidecar"
    )
    assert server.public("amp.nam") in made.err
    assert compare_files("a.wav", "b.wav").identical
    told("redo", "b.wav", "--from", "here")
    gone = told("amp", "here/x.wav", "c.wav", "--model", server.url("no.nam"), code=1)
    assert server.public("no.nam") in gone.err


def test_an_output_is_put_once_and_only_when_it_is_complete(server, told):
    """Here the guard begins again, and the output is proven."""
    y, z = server.url("y.wav"), server.url("z.flac")
    told("convolve", y, z, "--ir", "delta:gain=12dB,", "--verify", "--subtype", "PCM_24", code=2)
    told("convolve", y, z, "--ir", "multi-tap:delay=0,1S,gain=9,9", "--verify", "-q")
    assert server.count("PUT") == 1
    said = told("convolve", y, z, "--ir", "delta", code=2)
    assert said.err.startswith(f"error: {server.public('z.flac')} exists; pass -y to overwrite it")
    assert server.count("PUT") == 1
    told("convolve", y, z, "--ir", "delta", "-y", "-q")
    assert server.count("PUT") == 2
    told("convolve", y, z, "--ir", "delta", "--recipe", "sidecar", "-y", code=2)


def test_a_file_that_appears_during_the_run_is_left(server, monkeypatch, tmp_path):
    def appears(*arguments):
        server.files["z.wav"] = b"another's"

    job = Job(str(tmp_path / "here" / "x.wav"), server.url("z.wav"), ["delta"])
    with pytest.raises(FormatError, match=r"z\.wav has appeared during the run"):
        convolve_file(job, appears)
    assert server.files["z.wav"] == b"another's"


def test_memory_and_other_systems(memory, call, tmp_path):
    here = sound(tmp_path / "x.wav")
    memory.pipe("/a/x.wav", Path(here).read_bytes())
    call("convolve", "memory://a/x.wav", "memory://new/y.flac", "--ir", "delta", "-q")
    assert compare_files(here, "memory://new/y.flac").identical
    call("convolve", "memory://a/x.wav", f"file://{tmp_path}/y.wav", "--ir", "delta", "-q")
    assert compare_files(here, tmp_path / "y.wav").identical
    memory.pipe("/a/h.txt", b"1\n0.5\n")
    taps = load_impulse("join:memory://a/h.txt:rate=8000,memory://a/h.txt:rate=8000").taps
    np.testing.assert_array_equal(taps, [[1, 1], [0.5, 0.5]])
    assert "is a directory; name a sound file" in call("info", "memory://a", code=1).err


def test_a_copy_is_gone_when_it_is_not_needed(server, tmp_path, monkeypatch):
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    read_all(server.url("x.wav"))
    with Reader(server.url("x.wav")) as reader:
        assert len([*folder.iterdir()]) == 1
        assert reader.info.path == server.url("x.wav")
    server.faults["x.wav"] = "dies"
    with pytest.raises(FormatError):
        info(server.url("x.wav"))
    assert [*folder.iterdir()] == []


# Faults


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("cut", "cannot be read: Response payload is not completed"),
        ("dies", "cannot be read: "),
        ("circles", "cannot be read: "),
    ],
)
def test_what_does_not_arrive_whole_is_an_error_of_one_line(server, told, fault, message):
    server.faults["x.wav"] = fault
    for command in (["info"], ["convolve", "o.wav", "--ir", "delta"]):
        said = told(command[0], server.url("x.wav"), *command[1:], code=1)
        assert said.err.startswith(f"error: {server.public('x.wav')} {message}")
        assert said.err.count("\n") == 1
    assert not Path("o.wav").exists()


def test_a_redirect_is_followed_where_a_file_is_read(server, told):
    server.files["moved/x.wav"] = server.files["x.wav"]
    server.faults["x.wav"] = "moved"
    told("convolve", server.url("x.wav"), "o.wav", "--ir", "delta")
    assert Path("o.wav").stat().st_size >= len(server.files["x.wav"])


def test_a_redirect_is_not_followed_where_one_is_written(server, told):
    server.faults["o.wav"] = "moved"
    server.files["o.wav"] = b"old"
    said = told("convolve", server.url("x.wav"), server.url("o.wav"), "--ir", "delta", "-y", code=1)
    assert f"it redirects to {server.public('moved/o.wav')}; name that" in said.err
    assert "moved/o.wav" not in server.files


@pytest.mark.parametrize(("first", "last"), [("https", "http"), ("http", "http")])
def test_a_redirect_is_not_followed_from_https_to_http(first, last):
    before = SimpleNamespace(url=SimpleNamespace(scheme=first))
    url = yarl.URL(f"{last}://h/x.wav?token=1")
    closed = []
    answer = SimpleNamespace(
        status=200, url=url, history=[before], headers={}, close=lambda: closed.append(1)
    )
    if first == last:
        asyncio.run(remote._refuse_answer(answer))
        return
    with pytest.raises(remote._AnswerError, match=r"redirects to http://h/x\.wav; name that"):
        asyncio.run(remote._refuse_answer(answer))
    assert closed


def test_an_answer_without_a_length_is_compared_with_the_one_that_was_stated(server, told):
    server.faults["x.wav"] = "silent"
    told("info", server.url("x.wav"))  # its header has the length
    size = len(server.files["x.wav"])
    server.faults["x.wav"] = "loses"
    said = told("info", server.url("x.wav"), code=1).err
    assert f"x.wav is cut off: of {size} bytes, {size // 2} arrived; try again" in said


def test_answers_that_are_not_the_file(server, told):
    assert told("info", server.url("none.wav"), code=1).err == (
        f"error: {server.public('none.wav')} does not exist; check the name\n"
    )
    server.faults["x.wav"] = "signed"  # for GET alone
    told("info", server.url("x.wav"))
    here = server.public("x.wav").replace(str(server.port), "1")
    assert f"{here} cannot be read: Cannot connect" in told("info", here, code=1).err
    assert "cannot be opened: Protocol not known" in told("info", "no-such://x.wav", code=1).err
    assert "HTTPS" not in told("info", f"HTTP{server.url('x.wav')[4:]}").err


def test_a_file_that_is_too_large_is_refused_before_and_while_it_comes(server, told, monkeypatch):
    monkeypatch.setattr(remote, "MOST_BYTES", 1000)
    assert "exceeds 0 GiB" in told("info", server.url("x.wav"), code=1).err
    assert server.count("GET") == 0
    server.faults["x.wav"] = "silent"
    assert "exceeds 0 GiB" in told("info", server.url("x.wav"), code=1).err


def test_a_full_disk_is_told_apart_from_a_server(server, told, fetched):
    fetched(OSError(errno.ENOSPC, "No space left on device"))
    said = told("info", server.url("x.wav"), code=1).err
    assert "cannot be copied to " in said
    assert "set TMPDIR to a larger disk" in said


@pytest.mark.parametrize(
    ("fault", "message"),
    [("refuses", "the server answers 500"), ("keeps", "bytes, 100 arrived; try again")],
)
def test_an_upload_that_fails_is_an_error_of_one_line(server, told, fault, message):
    server.faults["z.wav"] = fault
    said = told("convolve", server.url("x.wav"), server.url("z.wav"), "--ir", "delta", code=1)
    assert said.err.startswith(f"error: {server.public('z.wav')} cannot be written: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert server.count("PUT") == 1


@pytest.mark.parametrize("old", [None, b"the old one"])
def test_an_upload_that_breaks_off_leaves_what_was_there(memory, call, tmp_path, monkeypatch, old):
    here = sound(tmp_path / "x.wav", frames=4000)
    if old:
        memory.pipe("/y.wav", old)
    written = []

    def breaks(file, data):
        written.append(len(data))
        raise ConnectionResetError("the other end is gone")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFile.write", breaks, raising=False)
    said = call("convolve", here, "memory://y.wav", "--ir", "delta", "-y", code=1)
    assert "memory://y.wav cannot be written: the other end is gone" in said.err
    assert written
    assert memory.exists("/y.wav") == bool(old)
    assert not old or memory.cat("/y.wav") == old


def test_text_of_a_library_with_a_secret_is_not_repeated(server, told, fetched, capsys):
    fetched(RuntimeError(f"no route for the token {SECRETS[1]}"))
    said = told("info", server.url("x.wav"), code=1)
    assert said.err.endswith(f"{server.public('x.wav')} cannot be read: RuntimeError\n")
    # a traceback, and names too many, which are repeated
    for line in (["info", server.url("x.wav"), "-v"], ["compare", "a", "b", server.url("x.wav")]):
        assert main(line) in (1, 2)
        said = capsys.readouterr().err
        assert ("Traceback" if "-v" in line else "3 names are given") in said
        assert not any(secret in said for secret in SECRETS)
    told("convolve", "here/x.wav", "here/y.wav", "out", "--ir", server.url("hall.wav"), code=2)


@pytest.mark.parametrize("missing", ["fsspec", "aiohttp", "s3fs"])
def test_without_what_is_needed_the_error_names_it(told, monkeypatch, missing):
    for name in (missing, f"{missing}.core"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.http", raising=False)
    known = sys.modules["fsspec.registry"]._registry
    for protocol in ("https", "s3"):
        monkeypatch.delitem(known, protocol, raising=False)
    url = "s3://bucket/x.wav" if missing == "s3fs" else "https://host/x.wav"
    said = told("info", url, code=2).err
    assert said.startswith(f"error: {url} ")
    assert ("s3fs" if missing == "s3fs" else "pip install 'audioconv[remote]'") in said


def test_nothing_is_asked_for_unasked(tmp_path):
    """Neither the program nor what a stranger's recipe names reaches for the network."""
    here = sound(tmp_path / "x.wav")
    code = (
        "import sys, audioconv.cli as c; "
        f"assert c.main(['convolve', {here!r}, {here + 'y.wav'!r}, '--ir', 'delta']) == 0; "
        "sys.exit(bool({'fsspec', 'aiohttp', 'asyncio', 'ssl'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


# Recipes


def test_a_recipe_names_a_url_and_redo_reads_it_when_asked(server, told, tmp_path):
    x, h = server.url("x.wav"), server.url("hall.wav")
    told("convolve", x, "o.flac", "--ir", f"{h}:channel=1", "--recipe", "sidecar", "-q")
    recipe = json.loads(Path("o.flac.json").read_text())
    assert recipe["input"]["path"] == server.public("x.wav")
    assert recipe["impulses"][0]["path"] == server.public("hall.wav")
    before = Path("o.flac").read_bytes()
    Path("o.flac").unlink()
    for name in ("x.wav", "hall.wav"):
        (tmp_path / "here" / name).unlink()
    server.asked.clear()
    said = told("redo", "o.flac", code=1).err
    assert server.asked == []
    names = f"{server.public('x.wav')} and {server.public('hall.wav')}\n"
    assert said.endswith(f"pass its folder as --from, or what its recipe names: {names}")
    said = told("redo", "o.flac", "--from", x, "--from", h).err
    assert (
        f"made again from {server.public('x.wav')} and {server.public('hall.wav')}:channel=1"
        in said
    )
    assert Path("o.flac").read_bytes() == before
    told("redo", server.url("x.wav"), code=2)


# Batches


def test_the_outcome_of_an_effect_has_no_secret(server, tmp_path):
    job = EffectJob(server.url("x.wav"), str(tmp_path / "y.wav"), Spectral(kernel="identity"))
    outcome = run_effect(job)
    assert outcome.input == server.public("x.wav")
    assert not any(secret in str(outcome.as_json()) for secret in SECRETS)


def test_a_batch_of_urls_is_as_of_files(server, told, tmp_path):
    names = [server.url("x.wav"), server.url("y.wav")]
    told(
        "batch",
        "here/x.wav",
        "here/y.wav",
        "--ir",
        "here/hall.wav",
        "--into",
        "a",
        "--workers",
        "0",
    )
    urls = ["batch", *names, "--ir", server.url("hall.wav"), "--into", "b", "--workers", "0"]
    survey = told(*urls, "--dry-run", "--json").out.splitlines()
    assert json.loads(survey[0])["input"] == server.public("x.wav")
    assert json.loads(survey[-1])["remote"] == 2
    told(*urls, "--plan", "plan.json")
    task = json.loads(Path("plan.json").read_text())["tasks"][0]
    assert (task["input"], task["impulse"]) == (server.public("x.wav"), server.public("hall.wav"))
    server.faults["y.wav"] = "cut"
    failed = told(*urls, "--json", code=4)
    assert json.loads(failed.out.splitlines()[1])["input"] == server.public("y.wav")
    server.faults.clear()
    told(*urls)
    for one, other in zip(rows("a"), rows("b"), strict=True):
        assert other["input"] == server.public(Path(one["input"]).name)
        assert other["impulse"] == server.public("hall.wav")
        there = {"input", "impulse"}
        assert {k: v for k, v in one.items() if k not in there} == {
            k: v for k, v in other.items() if k not in there
        }
    told(*urls[:-4], "--into", server.url("b/"), code=2)
    told("batch", server.url("folder/"), "--ir", "delta", "--into", "c", code=2)


def test_a_batch_with_stems_fetches_its_input_once(server, tmp_path):
    plan = planned(server.url("x.wav"), "delta", tmp_path / "o", stems="early,late,dry")
    assert made(run_plan(plan)) == (1, 0)
    assert server.count("GET") == 1
    assert server.count("HEAD") <= 3


def test_what_is_done_is_known_by_what_the_server_states(server, tmp_path):
    def run():
        server.asked.clear()
        return made(run_plan(planned(server.url("x.wav"), server.url("hall.wav"), tmp_path / "o")))

    assert run() == (1, 0)
    assert run() == (0, 1)  # a size alone has to do
    assert server.count("GET") == 0
    server.headers["x.wav"] = {"ETag": '"1"'}
    assert run() == (0, 1)  # by its hash
    assert server.count("GET") == 1
    server.files["x.wav"] = server.files["y.wav"]
    server.headers["x.wav"] = {"ETag": '"2"'}
    assert run() == (1, 0)
    assert run() == (0, 1)
    assert server.count("GET") == 0
    server.headers["x.wav"] = {"ETag": '"3"'}
    server.files["x.wav"] = Path(sound(tmp_path / "z.wav", frames=4000)).read_bytes()
    assert run() == (1, 0)
    server.headers["hall.wav"] = {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    server.files["hall.wav"] = Path(room(tmp_path / "other.wav")).read_bytes()
    assert run() == (1, 0)  # on the shelf it is anew, too
    server.files["x.wav"] += b"LIST\0\0\0\0"
    assert run() == (1, 0)
    del server.files["x.wav"]
    failed = run_plan(planned(server.url("x.wav"), server.url("hall.wav"), tmp_path / "o"))
    assert "does not exist" in failed.failures[0].error


def test_where_not_even_a_size_is_stated_the_hash_decides(server, tmp_path):
    server.faults["x.wav"] = "silent"
    plan = planned(server.url("x.wav"), "delta", tmp_path / "o")
    assert look(server.url("x.wav")).size == -1
    assert made(run_plan(plan)) == (1, 0)
    assert made(run_plan(plan)) == (0, 1)
    server.files["x.wav"] = server.files["y.wav"]
    assert made(run_plan(planned(server.url("x.wav"), "delta", tmp_path / "o"))) == (1, 0)


def test_urls_that_differ_by_their_query_are_two(memory, server, tmp_path):
    """The server gives both the same, but that need not be so."""
    url = server.public("x.wav")
    listed = tmp_path / "list.jsonl"

    def run(*versions):
        lines = (json.dumps({"path": f"{url}?v=hush-{v}", "id": f"x{v}"}) for v in versions)
        listed.write_text("\n".join(lines))
        return made(run_plan(planned(listed, "delta", tmp_path / "o", name="{id}.wav")))

    assert run(1, 2) == (2, 0)
    assert run(1, 2) == (0, 2)
    listed.write_text(json.dumps({"path": f"{url}?v=hush-3", "id": "x1"}))
    assert made(run_plan(planned(listed, "delta", tmp_path / "o", name="{id}.wav"))) == (1, 0)
    kept = [path.read_text() for path in (tmp_path / "o" / FOLDER).glob("*.jsonl")]
    assert not any("hush" in text for text in kept)
    for named in ({}, {"name": "{stem}.wav"}):
        with pytest.raises(UsageError, match="have outputs of one name") as refused:
            planned([f"{url}?v=hush-1", f"{url}?v=hush-2"], "delta", tmp_path / "o", **named)
        assert "hush" not in str(refused.value)


def test_lists_at_urls_and_urls_in_lists(server, told, tmp_path_factory):
    server.files["set/list.csv"] = b"path,text,copy\n../x.wav,one,\n"
    server.files["set/list.csv"] += f"{server.url('y.wav')},two,{server.url('y.wav')}\n".encode()
    told("batch", server.url("set/list.csv"), "--ir", "delta", "--into", "a", "--workers", "0")
    assert [(row["text"], row["input"]) for row in rows("a")] == [
        ("one", server.public("set/../x.wav")),
        ("two", server.public("y.wav")),
    ]
    assert rows("a")[1]["copy"] == server.public("y.wav")
    server.files["rooms.csv"] = b"path,room\nhall.wav,1\n"
    private = tmp_path_factory.mktemp("lists") / "list.scp"  # which holds secrets itself
    private.write_text(f"utt1 {server.url('x.wav')}\nutt2 here/y.wav\n")
    arguments = ["--root", ".", "--ir", server.url("rooms.csv"), "--name", "{id}_{ir}.wav"]
    told("batch", private, *arguments, "--into", "b", "--workers", "0")
    assert [row["file_name"] for row in rows("b")] == ["utt1_hall.wav", "here/utt2_hall.wav"]
    server.files["bad.csv"] = b"path\n/etc/passwd\n"
    refused = told("batch", server.url("bad.csv"), "--ir", "delta", "--into", "c", code=1).err
    assert "line 2: a list at a URL names a file of this machine" in refused


def test_workers_of_their_own_read_urls(server, told):
    told(
        "batch",
        server.url("x.wav"),
        "--ir",
        server.url("hall.wav"),
        "--into",
        "a",
        "--workers",
        "1",
    )
    assert rows("a")[0]["input"] == server.public("x.wav")


def test_verification_of_the_library(server, tmp_path):
    job = Job(server.url("x.wav"), server.url("o.wav"), [server.url("hall.wav")], Options())
    outcome = convolve_file(job)
    assert (outcome.input, outcome.output) == (server.public("x.wav"), server.public("o.wav"))
    assert verify_file(job).passed
    data, rate = soundfile.read(tmp_path / "here" / "x.wav")
    assert outcome.rate == rate
    assert outcome.frames == len(data) + 200 - 1
