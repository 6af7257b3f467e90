// The sample rate that a file states, which decoding to another rate does not tell.

const MP3_RATES = [44100, 48000, 32000]; // MPEG 1; halved in MPEG 2, and again in MPEG 2.5

/** Return the sample rate in Hz of a WAV, FLAC, Ogg or MP3 file, or null. */
export function statedRate(bytes) {
  const view = new DataView(bytes);
  const text = (at, count) =>
    String.fromCharCode(...new Uint8Array(bytes, Math.min(at, view.byteLength)).subarray(0, count));
  try {
    if (["RIFF", "RF64"].includes(text(0, 4))) return waveRate(view, text);
    if (text(0, 4) === "fLaC") return view.getUint32(18) >>> 12;
    if (text(28, 8) === "OpusHead") return 48000; // the rate at which Opus is decoded
    if (text(29, 6) === "vorbis") return view.getUint32(40, true);
    return mp3Rate(view, text(0, 3) === "ID3" ? 10 + sevenBits(view, 6) : 0);
  } catch (error) {
    if (error instanceof RangeError) return null; // it ends before
    throw error;
  }
}

function waveRate(view, text) {
  let at = 12;
  while (text(at, 4) !== "fmt ")
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) % 2);
  return view.getUint32(at + 12, true);
}

function mp3Rate(view, at) {
  const header = view.getUint32(at);
  const version = (header >>> 19) & 3; // 3, 2 and 0 for MPEG 1, 2 and 2.5
  const rate = MP3_RATES[(header >>> 10) & 3];
  if (header >>> 21 !== 0x7ff || version === 1 || !rate) return null;
  return rate / { 3: 1, 2: 2, 0: 4 }[version];
}

/** Return a number of four bytes of seven bits. */
function sevenBits(view, at) {
  return [0, 1, 2, 3].reduce((number, i) => number * 128 + view.getUint8(at + i), 0);
}
