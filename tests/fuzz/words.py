"""Words of each format, which damage puts into other places."""

from __future__ import annotations


def _words(line: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in line.split())


RIFF = _words("RIFF RIFX RF64 BW64 WAVE ds64 data LIST INFO INAM ISFT bext cue_ smpl id3 aucv fact")
AIFF = _words("FORM AIFF AIFC COMM SSND NAME ANNO ID3 sowt fl32 ulaw ima4")
CAF = _words("caff desc data free pakt kuki chan info lpcm alac ima4")
OGG = (*_words("OggS OpusHead OpusTags TITLE= ENCODER="), b"\x01vorbis", b"\x03vorbis", b"\x7fFLAC")
FLAC = (*_words("fLaC TITLE= reference"), b"\xff\xf8", b"\xff\xf9", b"\x84\0\0", b"\x81\0\0")
MPEG = (*_words("Xing Info LAME VBRI ID3 TAG APETAGEX TIT2"), b"\xff\xfb", b"\xff\xf3", b"\xff\xe3")
OTHERS = _words(".snd dns. riff wave FORM 8SVX VHDR BODY NIST_1A MATLAB Creative SDS")
HDF5 = (
    *_words("Data.IR SourcePosition ListenerPosition ReceiverPosition Data.Delay Type TREE SNOD"),
    *_words("HEAP OHDR FRHP BTHD cartesian spherical degree metre SOFAConventions DataType"),
    b"\x89HDF",
)
JSON = _words(
    '"audioconv" "input" "impulses" "options" "sha256" "bytes" "output" "path" "place" "kind" '
    '"join" "taps_sha256" "shape" "rate" "origin" "format" "subtype" "length" "quality" "map" '
    '"wet" "dry" "mix" "ir_gain" "clip" "engine" "match" "delta" null true false NaN Infinity '
    '-0 1e308 1e-320 -1 [] {} [[ { } , : "" \\u0000 \\ud83d "full" "3s" "1e9s"'
)
MODELS = _words(
    '"version" "architecture" "config" "weights" "layers" "dilations" "kernel_size" "channels" '
    '"WaveNet" "LSTM" "ConvNet" "Linear" "0.5.4" "head" "activation" "ReLU" "gating_mode" "gated" '
    '"condition_dsp" "hidden_size" "num_layers" "receptive_field" "sample_rate" "metadata" '
    "null true false NaN Infinity 0 -1 2 99 262144 1e308 1e-320 [] {} [[ { } , :"
)
SPECS = _words(
    "delta double-spike multi-tap join: preset: delay= gain= rt60= seed= size= wet= dry= , : = ; "
    "0 -1 1e9 1e308 1e-320 nan inf -inf 350ms 48000S -6dB 0.5 10% Hz s dB S ms 999999999999999 x"
)
NUMBERS = (
    *_words("rate= channel= channels= format= S16_LE FLOAT_LE U8 FLOAT64_BE 48000 1e308 1e-320"),
    *_words("nan inf , ; -1 0 1.5 1,5 # * // freq(Hz) 1_0 0x1 1e400 -1e400"),
    b"\n",
    b"\r\n",
    b" // Sample interval (seconds)\n",
    b" // Start time (seconds)\n",
    b" // Response length\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)
MAPS = _words("auto each mono true-stereo matrix = 1:1 2:1 , : LL LR RL RR 64 65 -1 0 999999999")
SAMPLES = (b"\0\0\x80\x3f", b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\x7f")
