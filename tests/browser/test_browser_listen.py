"""Before and after: both play together, a switch keeps the position, the loudness is matched."""

import copy

import pytest

from audioconv.page import page as page_of

WATCH = """
  window.heard = {gains: [], starts: []};
  window.GainNode = class extends GainNode {
    constructor(...given) { super(...given); window.heard.gains.push(this); }
  };
  window.AudioBufferSourceNode = class extends AudioBufferSourceNode {
    start(...given) {
      if (this.context instanceof AudioContext) window.heard.starts.push(given);
      super.start(...given);
    }
  };
"""


def state(page):
    return page.eval_on_selector("#listen", "section => ({...section.dataset})")


def playing(page, past):
    page.wait_for_function(
        "past => Number(document.querySelector('#listen').dataset.position) > past", arg=past
    )


def test_a_switch_keeps_the_position(hall):
    hall.click("#listen-play")
    playing(hall, 0.1)
    assert state(hall)["which"] == "before"
    assert state(hall)["playing"] == "true"
    # in one task of the page, so that no time passes between
    before, after = hall.evaluate(
        """() => {
          const {dataset} = document.querySelector('#listen');
          const before = Number(dataset.position);
          document.querySelector('#listen-switch').click();
          return [before, Number(dataset.position)];
        }"""
    )
    assert state(hall)["which"] == "after"
    assert before <= after < before + 0.5
    playing(hall, before + 0.1)
    hall.focus("#listen-position")
    hall.keyboard.press("x")
    assert state(hall)["which"] == "before"
    assert hall.is_checked("#listen-before")
    hall.check("#listen-after")
    assert state(hall)["which"] == "after"
    hall.click("#listen-play")
    stopped = state(hall)
    assert stopped["playing"] == "false"
    hall.wait_for_timeout(80)
    assert state(hall)["position"] == stopped["position"]
    assert not hall.problems


def test_both_run_at_once_and_one_is_heard(opened, files):
    """Both start at the same instant and place; the gains are what the browser applies."""
    path, data = files["hall"]
    page = opened(path, WATCH)
    page.click("#listen-play")
    playing(page, 0.1)
    starts = page.evaluate("window.heard.starts")
    assert len(starts) == 2
    assert starts[0] == starts[1]
    gains = "window.heard.gains.map(node => node.gain.value)"
    assert page.evaluate(gains) == [1, 0]
    page.click("#listen-switch")
    page.wait_for_function(f"{gains}[0] === 0")
    louder = data["listen"]["after"]["loudness_db"] - data["listen"]["before"]["loudness_db"]
    before, after = page.evaluate(gains)
    assert before == 0
    assert after == pytest.approx(10 ** (-louder / 20), rel=1e-6)
    page.uncheck("#listen-match")
    page.wait_for_function(f"{gains}[1] === 1")
    assert page.evaluate(gains) == [0, 1]
    assert len(page.evaluate("window.heard.starts")) == 2
    page.context.close()


def test_the_louder_one_is_turned_down(hall):
    data = hall.data["listen"]
    louder = data["after"]["loudness_db"] - data["before"]["loudness_db"]
    assert louder > 1
    hall.check("#listen-match")
    gains = state(hall)
    assert float(gains["gainBefore"]) == 1
    assert float(gains["gainAfter"]) == pytest.approx(10 ** (-louder / 20), rel=1e-12)
    assert f"turned down by {louder:.1f} dB" in hall.inner_text("#listen-after-level")
    hall.uncheck("#listen-match")
    assert float(state(hall)["gainAfter"]) == 1
    hall.check("#listen-match")


def test_a_waveform_is_a_place_to_seek(hall):
    hall.locator("#wave-after").scroll_into_view_if_needed()
    box = hall.locator("#wave-after").bounding_box()
    hall.mouse.click(box["x"] + 44 + (box["width"] - 45) / 2, box["y"] + 40)
    middle = hall.data["listen"]["seconds"] / 2
    assert float(state(hall)["position"]) == pytest.approx(middle, abs=0.02)
    hall.focus("#listen-position")
    for key, expected in [("ArrowLeft", middle - 1), ("Home", 0), ("End", 2 * middle)]:
        hall.keyboard.press(key)
        assert float(state(hall)["position"]) == pytest.approx(expected, abs=0.02)


def test_a_sound_that_cannot_be_decoded_is_reported(opened, files, tmp_path):
    data = copy.deepcopy(files["echo"][1])
    data["listen"]["after"]["data"] = "AAAA"
    path = tmp_path / "broken.html"
    path.write_text(page_of(data), encoding="utf-8")
    page = opened(path)
    page.click("#listen-play")
    page.wait_for_function("() => document.querySelector('#listen-message').textContent !== ''")
    assert "cannot play" in page.inner_text("#listen-message")
    assert state(page)["playing"] == "false"


def test_a_computer_without_a_device_for_sound_is_reported(opened, files):
    """In Firefox, a context there neither starts nor fails."""
    page = opened(files["echo"][0], "AudioContext.prototype.resume = () => new Promise(() => {});")
    page.click("#listen-play")
    page.wait_for_function("() => document.querySelector('#listen-message').textContent !== ''")
    assert "no device for sound" in page.inner_text("#listen-message")
    assert state(page)["playing"] == "false"
    assert page.is_enabled("#listen-play")
    page.context.close()


def test_one_player_pauses_the_other(opened, files):
    page = opened(files["echo"][0])
    page.locator("#own").scroll_into_view_if_needed()
    page.wait_for_selector("#own-play:enabled")
    page.click("#listen-play")
    playing(page, 0.1)
    for pressed, other in [("own", "listen"), ("listen", "own")]:
        page.click(f"#{pressed}-play")
        page.wait_for_selector(f'#{other}[data-playing="false"]')
        assert page.inner_text(f"#{other}-play") == "Play"
        position = float(page.get_attribute(f"#{other}", "data-position"))
        assert position < float(page.get_attribute(f"#{other}-position", "max"))  # not at its end
        assert page.get_attribute(f"#{pressed}", "data-playing") == "true"
    assert float(state(page)["position"]) >= 0.1
    page.context.close()
