"""A person's own sound and impulse: taps that move, files, and what the browser makes of them."""

import base64
import io

import numpy as np
import pytest
import soundfile
from oracle import convolve

from audioconv.engines.routes import TRUE_STEREO

RATE = 44100
SINGLE = 2.0**-24


@pytest.fixture(scope="module")
def page(opened, files):
    """The page of an echo, with the section in view and its first output made."""
    page = opened(files["echo"][0])
    page.locator("#own").scroll_into_view_if_needed()
    page.wait_for_selector("#own-play:enabled")
    return page


def wave(samples, rate=RATE, subtype="FLOAT"):
    """Return samples as the bytes of a WAV file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype, format="WAV")
    return file.getvalue()


def noise(frames, channels=1, seed=1):
    shape = (frames, channels)
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def settled(page):
    """Wait until the output is made."""
    page.wait_for_selector("#own[aria-busy=false]")


def give(page, part, content, name="it.wav"):
    """Choose a file by the button for it, and wait until it is used or refused."""
    page.set_input_files(
        f"#own-{part}-file", {"name": name, "mimeType": "audio/wav", "buffer": content}
    )
    page.wait_for_function(
        "() => !document.querySelector('#own-message').textContent.match(/^Reading/)"
    )
    settled(page)
    return page.inner_text("#own-message")


def back(page):
    for part in ("f", "g"):
        if page.is_visible(f"#own-{part}-back"):
            page.click(f"#own-{part}-back")
    settled(page)


def value(page, name):
    return float(page.get_attribute(f"#own-{name}", "data-value"))


def numbers_at(page, seconds):
    """Return c, the page's sum and the browser's sample at a position."""
    page.fill("#own-position", str(seconds))
    return int(value(page, "c")), value(page, "sum"), value(page, "heard")


def check(page, f, g, places):
    """Compare the page's sums and the browser's samples with the definition."""
    y = convolve(f.astype(float), g.astype(float))
    size = float(np.abs(g).sum() * np.abs(f).max())
    for seconds in places:
        c, found, heard = numbers_at(page, seconds)
        assert c == min(round(seconds * RATE), len(y) - 1)
        assert found == pytest.approx(y[c], abs=1e-12 * size)
        # the browser's FFT in 32 bits, of two lengths at most
        assert heard == pytest.approx(found, abs=64 * SINGLE * size)


def test_own_files_are_convolved(page):
    """Every tap as it is: the browser would lower them without `normalize = false`."""
    f, g = noise(RATE // 8), noise(700, seed=2)
    assert give(page, "f", wave(f)) == ""
    assert give(page, "g", wave(g), "hall.wav") == ""
    assert page.inner_text("#own-g-name") == "hall.wav, 0.02 s, mono"
    assert not page.is_visible("#own-taps")
    check(page, f[:, 0], g[:, 0], [0, 0.01, 0.06, 0.12, 0.14])
    back(page)
    assert page.is_visible("#own-taps")
    assert page.problems == []


def test_a_tap_is_dragged_and_heard(page):
    page.locator("#own-g").scroll_into_view_if_needed()
    box = page.locator("#own-g").bounding_box()
    span = int(page.get_attribute("#own-at", "max"))
    x = lambda at: box["x"] + 44 + at / span * (box["width"] - 64)  # noqa: E731
    y = lambda height: box["y"] + 12 + (1 - height) * 71  # noqa: E731
    page.mouse.move(x(15435), y(0.5))
    page.mouse.down()
    page.mouse.move(x(22050), y(-0.25), steps=5)
    page.mouse.up()
    settled(page)
    at, height = int(page.input_value("#own-at")), float(page.input_value("#own-height"))
    assert at == pytest.approx(22050, abs=span / 400)
    assert height == pytest.approx(-0.25, abs=0.02)
    # a click in f is heard at once, and at the tap
    click = np.zeros((100, 1), np.float32)
    click[0] = 0.5
    give(page, "f", wave(click))
    for place, expected in [(0, 0.5), (at, 0.5 * height), (at // 2, 0)]:
        page.evaluate(
            """at => {
              const range = document.querySelector('#own-position');
              range.step = 'any';
              range.value = at;
              range.dispatchEvent(new Event('input'));
              range.step = 0.01;
            }""",
            place / RATE,
        )
        assert value(page, "c") == place
        assert value(page, "sum") == pytest.approx(expected, abs=1e-9)
        assert value(page, "heard") == pytest.approx(expected, abs=1e-6)
    back(page)


def test_keys_move_a_tap_and_buttons_add_and_remove_one(page):
    page.select_option("#own-tap", "0")
    page.focus("#own-at")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    assert page.input_value("#own-at") == "1"
    assert page.get_attribute("#own-at", "aria-valuetext") == "0.0 ms"
    page.keyboard.press("Home")
    page.focus("#own-height")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#own-tap-value") == "0.0 ms, 0.99"
    page.keyboard.press("End")
    page.click("#own-add")
    assert page.locator("#own-tap option").count() == 3
    assert "Impulse of 3 taps" in page.get_attribute("#own-g", "aria-label")
    page.click("#own-remove")
    page.click("#own-remove")
    assert page.is_disabled("#own-remove")
    page.click("#own-add")


def test_four_channels_are_true_stereo(page):
    """Left is the sum of two paths, as audioconv has them: LL, LR, RL, RR."""
    f, g = noise(4000, 2), noise(500, 4, seed=3)
    give(page, "f", wave(f))
    assert give(page, "g", wave(g)) == ""
    assert "4 channels; 4 channels: true stereo" in page.inner_text("#own-g-name")
    assert TRUE_STEREO == "LL,LR,RL,RR"
    pairs = [(f[:, 0], g[:, 0]), (f[:, 1], g[:, 2])]
    y = sum(convolve(one.astype(float), taps.astype(float)) for one, taps in pairs)
    for seconds in (0.02, 0.05, 0.09):
        c, found, heard = numbers_at(page, seconds)
        assert found == pytest.approx(y[c], abs=1e-10)
        assert heard == pytest.approx(found, abs=1e-4)
    assert page.inner_text("#own-count").replace("\u202f", "").endswith("of 1000")
    back(page)


def test_an_impulse_of_another_rate_keeps_its_level(page):
    """The sum over half as many taps gives the same response: a slow tone, and every tap."""
    taps = np.hanning(4801).astype(np.float32)[:, None] / 100
    give(page, "f", wave(np.full((RATE, 1), 0.25, np.float32)))
    assert give(page, "g", wave(taps, 48000)) == ""
    assert "resampled from 48000 to 44100 Hz" in page.inner_text("#own-g-name")
    _, found, heard = numbers_at(page, 0.5)
    assert found == pytest.approx(0.25 * float(taps.sum()), rel=1e-3)
    assert heard == pytest.approx(found, rel=1e-5)
    back(page)


def test_a_large_file_is_not_even_read(page):
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(33 << 20)], "large.wav"));
          const half = document.querySelector("#drop [data-part=f]");
          half.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }"""
    )
    expected = "large.wav has 33 MiB; at most 32 MiB are read here. Cut it first."
    assert page.inner_text("#own-message") == expected


def seconds_of(seconds, rate=8000):
    return np.full((int(seconds * rate), 1), 0.1, np.float32)


WRONG = {
    "no sound": ("g", lambda: b"nothing but text", "is no sound that this browser reads"),
    "empty": ("f", lambda: b"", "is empty."),
    "silent": ("g", lambda: wave(np.zeros((99, 1))), "is silent; nothing would be heard."),
    "infinite": ("g", lambda: wave(np.full((9, 1), np.inf)), "samples that are not finite"),
    "six": ("g", lambda: wave(noise(99, 6)), "has 6 channels; an impulse has 1, 2 or 4 here."),
    "long": ("g", lambda: wave(seconds_of(20.5), 8000, "PCM_16"), "lasts 20.5 s; an impulse lasts"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused_in_one_line(page, wrong):
    part, content, message = WRONG[wrong]
    before = page.inner_text(f"#own-{part}-name")
    shown = give(page, part, content(), "<b>it</b>.wav")
    assert shown.startswith("<b>it</b>.wav ")
    assert message in shown
    assert page.inner_text(f"#own-{part}-name") == before
    assert page.problems == []


def test_a_long_sound_of_many_channels_is_cut_with_notes(served, files):
    page = served(files["echo"][0])
    content = base64.b64encode(wave(np.tile(seconds_of(61), (1, 3)), 8000, "PCM_16")).decode()
    read = page.evaluate(
        """async content => {
          const { decode } = await import('/scripts/packed.js');
          const { readSound } = await import('/scripts/sound-file.js');
          const { buffer, notes } = await readSound(new File([decode(content)], 'it.wav'), 8000);
          return [buffer.length, buffer.numberOfChannels, buffer.sampleRate, notes];
        }""",
        content,
    )
    notes = ["only the first 60 s of 61.0 s are used", "only channels 1 and 2 of 3 are used"]
    assert read == [480_000, 2, 8000, notes]
    page.context.close()


RATES = [
    *(("WAV", "PCM_24", rate) for rate in (8000, 192000)),
    ("RF64", "FLOAT", 96000),
    ("FLAC", "PCM_16", 48000),
    ("OGG", "VORBIS", 32000),
    ("OGG", "OPUS", 48000),
    *(("MP3", "MPEG_LAYER_III", rate) for rate in (48000, 22050, 8000)),
    ("AIFF", "PCM_16", 44100),  # which Chromium does not read
]


def test_the_rate_that_a_file_states(served, files):
    page = served(files["echo"][0])
    for form, subtype, rate in RATES:
        file = io.BytesIO()
        soundfile.write(file, noise(rate // 2), rate, subtype, format=form)
        content = base64.b64encode(file.getvalue()).decode()
        stated = page.evaluate(
            """async content => {
              const { decode } = await import('/scripts/packed.js');
              const { statedRate } = await import('/scripts/sound-rate.js');
              const { buffer } = decode(content);
              const parts = [5, 13, 21, 39].map(count => statedRate(buffer.slice(0, count)));
              return [statedRate(buffer), ...parts];
            }""",
            content,
        )
        assert stated[0] == (None if form == "AIFF" else rate), form
        assert set(stated[1:]) <= {None, rate}  # of a file that ends early
    page.context.close()


def test_a_loud_output_is_turned_down(page):
    """Neither clips: both are lowered by the same amount, if they are not matched."""
    give(page, "f", wave(noise(2000)))
    give(page, "g", wave(np.full((100, 1), 1.0, np.float32)))
    page.uncheck("#own-match")
    gains = page.eval_on_selector("#own", "one => ({...one.dataset})")
    y = convolve(noise(2000)[:, 0].astype(float), np.ones(100))
    assert float(gains["gainAfter"]) == pytest.approx(1 / np.abs(y).max(), rel=1e-4)
    assert gains["gainBefore"] == gains["gainAfter"]
    page.check("#own-match")
    back(page)


DROP = """
  ([part, ...files]) => {
    const data = new DataTransfer();
    for (const [i, bytes] of files.entries()) {
      data.items.add(new File([new Uint8Array(bytes)], ["dropped.wav", "other.wav"][i]));
    }
    const fire = (kind, target) => target.dispatchEvent(
      new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    fire("dragenter", document.body);
    const half = document.querySelector(`#drop [data-part=${part}]`);
    const seen = half.checkVisibility();
    const refused = !fire("dragover", half);
    fire("drop", half);
    return [seen, refused, half.checkVisibility()];
  }
"""


@pytest.mark.parametrize("part", ["f", "g"])
def test_a_file_is_dropped_on_one_of_two_halves(page, part):
    content = list(wave(noise(200)))
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(DROP, [part, content]) == [True, True, False]
    page.wait_for_function(
        "part => document.querySelector(`#own-${part}-name`).textContent.startsWith('dropped')",
        arg=part,
    )
    assert page.evaluate("scrollY") > 0
    back(page)


def test_of_two_files_that_are_dropped_the_first_is_read_and_named(page):
    sound, text = list(wave(noise(200))), list(b"no sound")
    page.evaluate(DROP, ["f", sound, text])
    page.wait_for_function("() => document.querySelector('#own-f-name').textContent.match('first')")
    assert page.inner_text("#own-f-name") == (
        "dropped.wav, 0.00 s, mono; only the first of 2 files is read; drop one at a time"
    )
    page.evaluate(DROP, ["g", text, sound])
    page.wait_for_function("() => document.querySelector('#own-message').textContent.match('Drop')")
    refused = page.inner_text("#own-message")
    assert refused.startswith("dropped.wav is no sound")
    assert refused.endswith("Drop one file at a time.")
    assert "taps" in page.inner_text("#own-g-name")
    back(page)


def test_it_plays_on_while_the_impulse_changes(page):
    page.click("#own-play")
    page.wait_for_function("() => document.querySelector('#own').dataset.position > 0.1")
    page.click("#own-add")
    settled(page)
    state = page.eval_on_selector("#own", "one => ({...one.dataset})")
    assert state["playing"] == "true"
    assert float(state["position"]) > 0.1
    page.click("#own-play")
    page.click("#own-remove")


@pytest.mark.usefixtures("chromium_only")
def test_nothing_leaves_the_page(page):
    """No request was made, and the policy refuses every way to make one."""
    assert page.problems == []
    refused = page.evaluate(
        """async () => {
          const policy = [];
          document.addEventListener('securitypolicyviolation',
            event => policy.push(event.effectiveDirective));
          const tried = await Promise.allSettled([fetch('https://page.test/a')]);
          navigator.sendBeacon('https://page.test/b', 'x');
          try { new WebSocket('wss://page.test/c'); } catch {}
          new Image().src = 'https://page.test/d';
          await new Promise(done => setTimeout(done, 100));
          return [tried[0].status, policy.sort()];
        }"""
    )
    assert refused == ["rejected", ["connect-src", "connect-src", "connect-src", "img-src"]]
    page.problems.clear()
