// Numbers as text.

/** Replace hyphens by minus signs. */
export function minus(text) {
  return text.replace(/-/g, "\u2212");
}

/** Return a number with so many significant digits. */
export function digits(value, count = 5) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa, power] = value.toExponential(count - 1).split("e");
    return minus(`${mantissa}\u00a0\u00d7\u00a0${powerOfTen(Number(power))}`);
  }
  return minus(
    value.toPrecision(count).includes("e") ? value.toFixed(0) : value.toPrecision(count),
  );
}

/** Return ten to a whole power, with the power raised. */
export function powerOfTen(power) {
  const marks = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  const raised = [...String(Math.abs(power))].map((digit) => marks[digit]).join("");
  return `10${power < 0 ? "\u207b" : ""}${raised}`;
}

/** Return a whole number, with narrow spaces between thousands. */
export function whole(value) {
  return minus(String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"));
}

/** Return a count with its noun. */
export function counted(count, noun) {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function inSeconds(value) {
  return minus(`${value.toFixed(4)} s`);
}

/** Return a duration in the unit that suits its size. */
export function duration(time) {
  if (time < 1e-3) return `${digits(time * 1e6, 3)} \u00b5s`;
  if (time < 1) return `${digits(time * 1e3, 3)} ms`;
  if (time < 120) return `${digits(time, 3)} s`;
  if (time < 7200) return `${digits(time / 60, 3)} min`;
  return time < 172800 ? `${digits(time / 3600, 3)} h` : `${digits(time / 86400, 3)} days`;
}
