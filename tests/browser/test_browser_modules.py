"""The scripts as ES modules, and the data that they read."""

WATCH = """
  window.reads = new Set();
  window.missing = new Set();
  const parse = JSON.parse;
  const watched = (value, path) => value === null || typeof value !== "object" ? value :
    new Proxy(value, {
      get(target, key) {
        const field = target[key];
        if (typeof key !== "string" || Array.isArray(target) && !/^\\d+$/.test(key)) return field;
        if (Array.isArray(target)) return watched(field, path);
        const name = `${path}.${key}`;
        (Object.hasOwn(target, key) ? window.reads : window.missing).add(name);
        return watched(field, name);
      },
    });
  JSON.parse = (text) => {
    JSON.parse = parse;
    return watched(parse(text), "data");
  };
"""


def scroll(page):
    for canvas in page.locator("canvas:visible").all():
        canvas.scroll_into_view_if_needed()
        page.wait_for_timeout(20)


def test_a_browser_loads_the_scripts_as_modules(served, files):
    """So each imports all that it uses."""
    for path, _ in files.values():
        page = served(path)
        scroll(page)
        page.click("#slide-play")
        page.click("#listen-play")
        page.wait_for_function("() => document.querySelector('#listen').dataset.position > 0")
        assert page.problems == []
        assert page.locator("p.notice").count() == 0
        page.context.close()


def fields(data, path="data"):
    """Return the paths of all fields; an item of a list has the path of the list."""
    if isinstance(data, dict):
        return set().union(*({f"{path}.{k}"} | fields(v, f"{path}.{k}") for k, v in data.items()))
    if isinstance(data, list):
        return set().union(*(fields(item, path) for item in data))
    return set()


def test_the_scripts_read_every_field_and_no_other(opened, files):
    written, reads = set(), set()
    for path, data in files.values():
        page = opened(path, WATCH)
        scroll(page)
        page.click("#listen-play")
        page.wait_for_function("() => document.querySelector('#listen').dataset.position > 0")
        written |= fields(data)
        reads |= set(page.evaluate("[...window.reads]"))
        assert page.evaluate("[...window.missing]") == []
        assert page.problems == []
        page.context.close()
    assert reads == written - {"data.title"}  # which the page has as its heading
