// What the page was given: numbers packed as base 64, and texts of anyone's making.

const ARRAYS = {
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Return the bytes that a base 64 text holds. */
function bytes(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

/** Return packed numbers, in double precision. */
function unpack(packed) {
  if (packed.type === "sparse") {
    const found = new Float64Array(packed.length);
    const at = unpack(packed.at);
    unpack(packed.values).forEach((value, i) => {
      found[at[i]] = value;
    });
    return found;
  }
  const raw = new ARRAYS[packed.type](bytes(packed.data).buffer);
  return Float64Array.from(raw, (value) => value * packed.scale);
}

function element(id) {
  return document.getElementById(id);
}

/** Make an element that holds a text; what the text says is never markup. */
function made(tag, text = "", className = "") {
  const found = document.createElement(tag);
  found.textContent = text;
  if (className) found.className = className;
  return found;
}

function listed(list, texts) {
  list.replaceChildren(...(texts ?? []).map((text) => made("li", text)));
}

/** Set a text where it differs, so that nothing is laid out or read out anew in vain. */
function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// Numbers as people read them; a hyphen is no minus.

function minus(text) {
  return text.replace(/-/g, "\u2212");
}

/** Return a number with so many digits that count. */
function digits(value, count = 5) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, power] = value.toExponential(count - 1).split("e");
    return minus(`${mantissa} \u00d7 10${raised(Number(power))}`);
  }
  return minus(
    value.toPrecision(count).includes("e") ? value.toFixed(0) : value.toPrecision(count),
  );
}

function raised(power) {
  const marks = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  return (power < 0 ? "\u207b" : "") + [...String(Math.abs(power))].map((d) => marks[d]).join("");
}

/** Return a whole number, its thousands set apart by narrow spaces. */
function whole(value) {
  return minus(String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"));
}

function seconds(value) {
  return minus(`${value.toFixed(4)} s`);
}
