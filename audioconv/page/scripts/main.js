// Puts everything in its place. What fails says so in words, and takes nothing else with it.

const given = JSON.parse(element("data").textContent);

function part(id, needed, show) {
  const section = element(id);
  if (!needed) {
    section.hidden = true;
    return;
  }
  try {
    show(needed);
  } catch (error) {
    section.append(made("p", `This part could not be shown: ${error.message}`, "notice"));
    console.error(error);
  }
}

function header() {
  say(element("version"), given.version ?? "");
  const channels = (count) => (count === 1 ? "1 channel" : `${count} channels`);
  const parts = [
    ["f", "f, the signal", given.input],
    ["g", "g, the impulse", given.impulse],
    ["sum", "y, the output", given.output],
  ];
  for (const [className, label, what] of parts) {
    if (!what) continue;
    const box = made("div", "", className);
    box.append(made("dt", label));
    if (what.name) box.append(made("dd", what.name));
    const told = [
      `${what.seconds.toFixed(3)} s`,
      `${whole(what.frames)} frames`,
      channels(what.channels),
    ];
    if (what.rate) told.push(`${whole(what.rate)} Hz`);
    // no line breaks between a number and its unit
    box.append(made("dd", told.map((text) => text.replace(" ", "\u00a0")).join(", "), "quiet"));
    element("parts").append(box);
  }
}

/** Fill a definition list with [label, text] pairs. */
function pairs(list, rows) {
  list.replaceChildren(
    ...(rows ?? []).map(([label, text]) => {
      const pair = made("div");
      pair.append(made("dt", label), made("dd", text));
      return pair;
    }),
  );
}

function facts() {
  pairs(element("facts-list"), given.facts);
  listed(element("facts-notices"), given.notices);
  const verified = given.verified;
  element("verified-title").hidden = !verified;
  if (!verified) return;
  say(
    element("verified-said"),
    verified.passed
      ? "The output was checked against the plain sum, and holds."
      : "The output was checked against the plain sum, and does not hold.",
  );
  element("verified-said").classList.toggle("notice", !verified.passed);
  pairs(element("verified-list"), verified.rows);
}

function contents() {
  for (const heading of document.querySelectorAll("section:not([hidden]) > h2")) {
    const link = made("a", heading.textContent);
    link.href = `#${heading.parentElement.id}`;
    const item = made("li");
    item.append(link);
    element("contents").append(item);
  }
}

readTheme();
header();
part("sliding", given.sliding, sliding);
part("small", true, () => [boxes, ball, picture, matrix].forEach((show) => show()));
part("blocks", given.blocks, blocks);
part("listen", given.listen, listen);
part("decay", given.decay, decay);
part("cost", given.cost, cost);
part("facts", given.facts, facts);
contents();
themeButtons();
window.addEventListener("beforeprint", () => figures.forEach((figure) => figure.now()));
