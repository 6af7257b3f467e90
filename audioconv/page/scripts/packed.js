// Numbers that the page holds as base 64.

const ARRAYS = {
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Return the bytes of a base 64 text. */
export function decode(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** Return packed numbers in double precision. */
export function unpack(packed) {
  if (packed.type === "sparse") {
    const dense = new Float64Array(packed.length);
    const at = unpack(packed.at);
    unpack(packed.values).forEach((value, i) => {
      dense[at[i]] = value;
    });
    return dense;
  }
  const raw = new ARRAYS[packed.type](decode(packed.data).buffer);
  return Float64Array.from(raw, (value) => value * packed.scale);
}

/** Return the packed lowest and highest values of a waveform's columns. */
export function unpackEnvelope({ low, high }) {
  return { low: unpack(low), high: unpack(high) };
}
