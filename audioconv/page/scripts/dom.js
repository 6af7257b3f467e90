// Elements of the page. Texts are only ever set as text, never as markup.

export function element(id) {
  return document.getElementById(id);
}

/** Create an element that holds a text. */
export function create(tag, text = "", className = "") {
  const created = document.createElement(tag);
  created.textContent = text;
  if (className) created.className = className;
  return created;
}

/** Fill a list with one item for each text. */
export function fillList(list, texts) {
  list.replaceChildren(...texts.map((text) => create("li", text)));
}

/** Create a table row with one cell for each text. */
export function tableRow(texts) {
  const row = create("tr");
  row.append(...texts.map((text) => create("td", text)));
  return row;
}

/** Set the text of each cell of a table row. */
export function fillRow(row, texts) {
  texts.forEach((text, i) => setText(row.cells[i], text));
}

/** Set a text if it differs; setting it again would cause layout, and a screen reader to speak. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
