"""Files with valid, odd and contradictory headers, with how many frames each may be read as."""

from __future__ import annotations

import struct

import numpy as np

from .small_sounds import RATE, encoded


def chunk(name, body=b"", order="<", size=None):
    return name + struct.pack(f"{order}I", len(body) if size is None else size) + padded(body)


def padded(body):
    return body + b"\0" * (len(body) % 2)


BODY = bytes(range(1, 41))
THERE = 20
"""Frames of 16 bits in `BODY`."""

MOST, HALF = 2**32 - 1, 2**31
GUID = bytes.fromhex("000000001000800000aa00389b71")


def fmt(tag=1, channels=1, bits=16, *, rate=RATE, align=None, order="<", more=b""):
    align = channels * bits // 8 & 0xFFFF if align is None else align
    speed = rate * align & MOST
    return struct.pack(f"{order}HHIIHH", tag, channels, rate, speed, align, bits) + more


def wav(*chunks, magic=b"RIFF", order="<", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) if size is None else size) + body


PLAIN = chunk(b"fmt ", fmt())
DATA = chunk(b"data", BODY)
ENDLESS = b"data" + b"\xff" * 4 + BODY


def wav_of(body=BODY, **form):
    return wav(chunk(b"fmt ", fmt(**form)), chunk(b"data", body))


def wide(tag=1, guid=GUID, valid=16, size=22):
    return wav_of(tag=0xFFFE, more=struct.pack("<HHIH", size, valid, 0, tag) + guid)


def rf64(data, frames=THERE, table=0):
    sizes = chunk(b"ds64", struct.pack("<QQQI", 100, data, frames, table))
    return wav(sizes, PLAIN, ENDLESS, magic=b"RF64", size=MOST)


def wav_headers():
    # as many complete frames as the data size states; odd sizes are padded
    for size, frames in [(0, None), (1, None), (2, 1), (38, 19), (39, 19), (41, 20), (42, THERE)]:
        yield f"data {size}", wav(PLAIN, chunk(b"data", BODY, size=size)), frames
    for size in (42, 1000):  # the size of the file is right only in the first
        yield f"data {size}", wav(PLAIN, chunk(b"data", BODY, size=size)), THERE
        stale = wav(PLAIN, chunk(b"data", BODY, size=size), size=36 + size)
        yield f"data {size} and riff {size + 36}", stale, None
    whole = 44 + len(BODY)
    yield "data of the file", wav(PLAIN, chunk(b"data", BODY, size=whole), size=36 + whole), THERE
    for size in (0x7FFEFFFF, HALF + 1, MOST - 0x10000):
        stale = wav(PLAIN, chunk(b"data", BODY, size=size), size=min(MOST, size + 36))
        yield f"data {size:#x}", stale, None
    # "until the end"
    for size in (0x7FFF0000, 0x7FFFF000, HALF - 2, HALF - 1, HALF, MOST - 100, MOST - 1, MOST):
        yield f"data {size:#x}", wav(PLAIN, chunk(b"data", BODY, size=size)), THERE
        yield f"data {size:#x} and a half", wav(PLAIN, chunk(b"data", BODY, size=size), b"x"), None
    for size in (0, 1, 4, 36, 10**5, 0x7FFFF000, HALF, MOST):
        yield f"riff {size:#x}", wav(PLAIN, DATA, size=size), THERE
    for channels, frames in [(0, None), (2, 10), (3, 6), (64, None), (65, None), (65535, None)]:
        yield f"{channels} channels", wav_of(channels=channels), frames
    for rate in (0, 1_536_001, HALF - 1, HALF, MOST):
        yield f"{rate} Hz", wav_of(rate=rate), None
    for rate in (1, 1_536_000):
        yield f"{rate} Hz", wav_of(rate=rate), THERE
    yield "frames of 0 bytes", wav_of(align=0), THERE
    for align in (1, 3, 4, 65535):
        yield f"frames of {align} bytes", wav_of(align=align), None
    for bits, frames in [(0, None), (8, 40), (24, 13), (32, 10), (48, None), (65535, None)]:
        yield f"{bits} bits", wav_of(bits=bits), frames
    for bits, frames in [(1, 40), (7, 40), (12, 20), (17, 13), (64, 5)]:
        yield f"{bits} bits", wav_of(bits=bits), frames, None
    yield "12 bits in 2", wav_of(bits=12, align=2), THERE, None
    yield "12 bits in 4", wav_of(bits=12, align=4), 10, None
    yield "20 bits in 3", wav_of(bits=20, align=3), 13, None
    yield "24 bits in 4", wav_of(bits=24, align=4), 10, None
    for bits, frames in [(0, None), (8, None), (16, None), (24, None)]:
        yield f"float of {bits} bits", wav_of(tag=3, bits=bits), frames
    quiet, signalling = b"\xff\xff\xff\xff", b"\1\0\x80\x7f"
    for nan in (quiet, signalling, quiet + signalling):
        yield f"NaN {nan.hex()}", wav_of(bytes(8) + nan, tag=3, bits=32), None
    yield "signalling NaN", wav_of(bytes(8) + b"\1\0\0\0\0\0\xf0\x7f", tag=3, bits=64), None
    for tag in (0, 2, 0x11, 0x31, 0x50, 0x55, 0x64, 0x161, 0xFFFE, 0xFFFF):
        yield f"tag {tag:#x}", wav_of(tag=tag), None
    yield "no fmt", wav(DATA), None
    yield "fmt after data", wav(DATA, PLAIN), None
    yield "fmt twice", wav(PLAIN, PLAIN, DATA), THERE, None
    yield "two kinds of fmt", wav(PLAIN, chunk(b"fmt ", fmt(bits=8)), DATA), 40, THERE, None
    yield "fmt of nothing", wav(chunk(b"fmt "), DATA), None
    yield "fmt of 4 GB", wav(chunk(b"fmt ", fmt(), size=MOST), DATA), None
    yield "fmt of 64 MB", wav(chunk(b"fmt ", fmt(), size=2**26), DATA), None
    yield "a long fmt", wav(chunk(b"fmt ", fmt() + bytes(1000)), DATA), THERE
    yield "data twice", wav(PLAIN, DATA, DATA), THERE, None
    yield "no data, then data", wav(PLAIN, chunk(b"data"), DATA), None
    yield "no data", wav(PLAIN), None
    yield "LIST and no data", wav(PLAIN, chunk(b"LIST", BODY)), None
    yield "LIST of 4 GB", wav(PLAIN, chunk(b"LIST", size=MOST), DATA), None
    yield "LIST of 4 GB after data", wav(PLAIN, DATA, chunk(b"LIST", size=MOST)), THERE
    yield "5000 empty chunks", wav(PLAIN, *[chunk(b"\0\0\0\0")] * 5000, DATA), THERE
    yield "a file in a LIST", wav(PLAIN, chunk(b"LIST", wav(PLAIN, DATA)), DATA), THERE
    yield "rubbish before", bytes(16) + wav(PLAIN, DATA), None
    yield "rubbish after", wav(PLAIN, DATA) + b"x" * 999, THERE
    yield "twice", wav(PLAIN, DATA) * 2, THERE
    claim = wav(PLAIN, chunk(b"data", bytes(64), size=MOST - 15), size=MOST - 1)
    yield "4 GB in 100 bytes", claim, 32
    yield "no pad", wav_of(BODY[:39], bits=8)[:-1], 39
    for order, size, frames in [(">", None, THERE), ("<", None, None), (">", 42, THERE)]:
        form = chunk(b"fmt ", fmt(order=order), order)
        data = wav(form, chunk(b"data", BODY, order, size), magic=b"RIFX", order=order)
        yield f"RIFX in order {order} of {size}", data, frames
    for data, frames in [(40, 20), (38, 19), (42, None), (2**32, None), (2**63, None)]:
        yield f"RF64 {data}", rf64(data), frames
    yield "RF64 2^64 - 1", rf64(2**64 - 1), None
    yield "RF64 0", rf64(0), THERE, None
    yield "RF64 table", rf64(40, table=MOST), THERE, None
    yield "RF64 frames", rf64(40, frames=2**60), THERE, None
    yield "RF64 without sizes", wav(PLAIN, ENDLESS, magic=b"RF64", size=MOST), THERE, None
    short = wav(chunk(b"ds64", bytes(8)), PLAIN, ENDLESS, magic=b"RF64", size=MOST)
    yield "RF64 short of sizes", short, None
    for size in (0, 22, 65535):
        yield f"WAVEX of {size}", wide(size=size), THERE, None
    for valid_bits in (0, 65535):
        yield f"WAVEX {valid_bits} valid", wide(valid=valid_bits), THERE, None
    for tag in (0, 0xFFFE):
        yield f"WAVEX tag {tag:#x}", wide(tag), None
    yield "WAVEX GUID", wide(guid=bytes(14)), None


def ima(align=36, samples=65, channels=1):
    form = fmt(0x11, channels, 4, align=align, more=struct.pack("<HH", 2, samples))
    return wav(chunk(b"fmt ", form), chunk(b"data", bytes(36)))


def coded(order="<", magic=b"RIFF", size=None, body=BODY[:19], before=b"", after=b""):
    form = chunk(b"fmt ", fmt(7, bits=8, order=order, more=bytes(2)), order)
    return wav(before, form, chunk(b"data", body, order, size), after, magic=magic, order=order)


def coded_headers():
    yield "ULAW", coded(), 19
    yield "ULAW and more", coded(after=chunk(b"LIST", BODY)), 19
    for size in (21, HALF, MOST - 1):  # the size of the file is right
        yield f"ULAW {size:#x}", coded(size=size), 20
        yield f"RIFX ULAW {size:#x}", coded(">", b"RIFX", size=size), 20
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 100, size, size, 0))
        frames = None if size == 21 else 20
        yield f"RF64 ULAW {size:#x}", coded(magic=b"RF64", size=MOST, before=ds64), frames
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 100, 19, 19, 0))
    yield "RF64 ULAW", coded(magic=b"RF64", size=MOST, before=ds64), 19
    for size in (MOST, 0x7FFFF000):  # the pad may be one of them
        yield f"ULAW {size:#x}", coded(size=size), 19, 20, None
    for fact in (0, 18, 20, MOST):
        yield f"ULAW fact {fact}", coded(before=chunk(b"fact", struct.pack("<I", fact))), 19, None
    yield "IMA", ima(), 65
    for align, samples, channels in [(0, 65, 1), (65535, 65, 1), (1, 1, 1), (36, 0, 1)]:
        yield f"IMA {align}, {samples}, {channels}", ima(align, samples, channels), None
    for align, samples, channels in [(36, 65535, 1), (36, 65, 0), (36, 65, 65), (36, 65, 65535)]:
        yield f"IMA {align}, {samples}, {channels}", ima(align, samples, channels), None
    for align in (0, 1, 64, 66, 65535):
        form = fmt(0x31, bits=0, align=align, more=struct.pack("<HH", 2, 320))
        yield f"GSM {align}", wav(chunk(b"fmt ", form), chunk(b"data", bytes(65))), None


def extended(sign, exponent, mantissa):
    """Return a floating-point number of 80 bits."""
    return struct.pack(">HQ", sign << 15 | exponent, mantissa)


AIFF_RATE = extended(0, 16383 + 12, RATE << 51)
COMM = struct.pack(">hIh", 1, THERE, 16) + AIFF_RATE


def aiff(comm=COMM, data=BODY, *, size=None, offset=0, block=0, kind=b"AIFF", before=b""):
    common = chunk(b"COMM", comm, ">") if comm else b""
    sound = chunk(b"SSND", struct.pack(">II", offset, block) + data, ">", size)
    return chunk(b"FORM", kind + before + common + sound, ">")


def comm(channels=1, frames=THERE, bits=16, rate=AIFF_RATE, more=b""):
    return struct.pack(">HIH", channels, frames, bits) + rate + more


def aiff_headers():
    yield "right", aiff(), THERE
    yield "odd", aiff(comm(frames=19, bits=8), BODY[:19]), 19, None
    yield "odd and more", aiff(comm(frames=19, bits=8), BODY[:19]) + chunk(b"ANNO", BODY), 19, None
    rates = {
        "0": bytes(10),
        "infinite": extended(0, 32767, 1 << 63),
        "NaN": extended(0, 32767, 3 << 62),
        "negative": extended(1, 16383 + 12, RATE << 51),
        "a half": extended(0, 16382, 1 << 63),
        "2^31": extended(0, 16383 + 31, 1 << 63),
        "2^62": extended(0, 16383 + 62, 1 << 63),
        "denormal": extended(0, 0, 1),
        "unnormal": extended(0, 16383 + 12, RATE << 40),
        "ones": b"\xff" * 10,
        "1536001": extended(0, 16383 + 20, 1_536_001 << 43),
    }
    for name, rate in rates.items():
        may_be = [THERE] if name in ("0", "a half", "denormal", "unnormal") else []
        yield f"rate {name}", aiff(comm(rate=rate)), *may_be, None
    for frames in (0, 1, 19, 21, HALF, MOST):  # SSND gives the true number
        yield f"{frames} frames", aiff(comm(frames=frames)), THERE, frames or None, None
    for channels in (0, 64, 65, 65535):
        yield f"{channels} channels", aiff(comm(channels)), None
    for bits in (0, 33, 64, 65535):
        yield f"{bits} bits", aiff(comm(bits=bits)), None
    for bits, frames in [(1, 40), (8, 40), (12, 20), (17, 13), (24, 13), (32, 10)]:
        yield f"{bits} bits", aiff(comm(bits=bits)), frames, None
    for size, frames in [(0, 20), (7, 20), (8, None), (47, 19), (46, 19), (MOST, 20)]:
        yield f"sound of {size}", aiff(size=size), frames, None
    for size in (50, 1000, HALF - 4096):
        yield f"sound of {size}", aiff(size=size), None
    for size in (0x7FFFF000, HALF, MOST - 1):  # written when the length is unknown
        yield f"sound of {size}", aiff(size=size), THERE, None
    yield "offset 2", aiff(offset=2), 19, None
    for offset in (40, 41, 100, HALF, MOST - 7, MOST):
        yield f"offset {offset}", aiff(offset=offset), None
    yield "block", aiff(block=MOST), THERE, None
    yield "no COMM", aiff(b""), None
    yield "short COMM", aiff(COMM[:6]), None
    yield "COMM of 4 GB", aiff(b"", before=chunk(b"COMM", size=MOST)), None
    for size in (HALF, MOST):
        yield f"ANNO of {size}", aiff(before=chunk(b"ANNO", order=">", size=size)), None
    for code in (b"xxxx", b"MAC3", bytes(4)):
        yield f"AIFC {code}", aiff(COMM + code + b"\0\0", kind=b"AIFC"), None
    for code, frames in [(b"NONE", 20), (b"sowt", 20), (b"fl32", 10), (b"ulaw", 40)]:
        yield f"AIFC {code}", aiff(COMM + code + b"\0\0", kind=b"AIFC"), frames, None
    many = comm(frames=MOST, more=b"ima4\0\0")
    yield "AIFC of many frames", aiff(many, bytes(34), kind=b"AIFC"), 64, None


def au(offset=24, size=40, code=3, rate=RATE, channels=1, data=BODY, order=">"):
    magic = b".snd" if order == ">" else b"dns."
    return magic + struct.pack(f"{order}5I", offset, size, code, rate, channels) + data


def au_headers():
    yield "right", au(), THERE
    yield "little", au(order="<"), THERE, None
    for offset in (25, 28, 63, 64, 65, 1000, HALF, MOST):
        yield f"offset {offset}", au(offset), None
    for offset in (0, 8, 23):
        yield f"offset {offset}", au(offset), THERE, None
    for size, frames in [(0, None), (1, None), (38, 19), (39, 19), (MOST, 20)]:
        yield f"size {size}", au(size=size), frames
    for size in (41, 1000, 0x7FFFF000, HALF - 1, HALF, MOST - 1):
        yield f"size {size}", au(size=size), None
    for code in (0, 8, 99, MOST):
        yield f"encoding {code}", au(code=code), None
    # 16 bytes hold 42 samples of 3 bits; the rest is not samples
    for rate in (0, 1_536_001, HALF, MOST):
        yield f"{rate} Hz", au(rate=rate), None
    for channels in (0, 64, 65, HALF, MOST):
        yield f"{channels} channels", au(channels=channels), None


def caf_chunk(name, body=b"", size=None):
    return name + struct.pack(">q", len(body) if size is None else size) + body


def caf(rate=RATE, code=b"lpcm", packet=2, channels=1, bits=16, **sizes):
    form = struct.pack(">d4s5I", rate, code, 0, packet, 1, channels, bits)
    described = caf_chunk(b"desc", form, sizes.get("desc"))
    free = caf_chunk(b"free", size=sizes["free"]) if "free" in sizes else b""
    sound = caf_chunk(b"data", bytes(4) + BODY, sizes.get("data"))
    return b"caff\0\1\0\0" + described + free + sound


def caf_headers():
    yield "right", caf(), THERE
    yield "and more", caf() + caf_chunk(b"free", BODY), THERE
    for rate in (0, -RATE, 0.5, 1_536_001, 2.0**31, 2.0**32, 1e300, np.inf, -np.inf, np.nan):
        yield f"{rate} Hz", caf(rate), None
    yield "until the end", caf(data=-1), THERE, None
    for size in (-(2**63), -2, 0, 1, 3, 4, 46, 1000, 2**31, 2**32, 2**62, 2**63 - 1):
        yield f"data of {size}", caf(data=size), None
    for size in (42, 43):
        yield f"data of {size}", caf(data=size), 19, None
    for size in (-(2**63), -24, -12, -1, 2**31, 2**62, 2**63 - 24, 2**63 - 1):
        yield f"free of {size}", caf(free=size), None
    for size in (-1, 0, 31, 33, 2**62):
        yield f"desc of {size}", caf(desc=size), None
    for channels in (0, 2, 65, HALF, MOST):
        yield f"{channels} channels", caf(channels=channels), None
    for bits in (0, 1, 12, 24, 64, MOST):
        yield f"{bits} bits", caf(bits=bits), None
    for packet in (0, 1, 3, 4, MOST):
        yield f"packets of {packet}", caf(packet=packet), None
    for code in (b"alac", b"ima4", b"xxxx"):
        yield f"{code}", caf(code=code), None


W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def w64_chunk(name, body=b"", size=None):
    size = len(body) + 24 if size is None else size
    return name + W64_TAIL + struct.pack("<Q", size) + body + bytes(-len(body) % 8)


def w64(form=None, body=BODY, *, before=b"", after=b"", **sizes):
    form = w64_chunk(b"fmt ", fmt() if form is None else form, sizes.get("fmt"))
    data = w64_chunk(b"data", body, sizes.get("data"))
    inside = b"wave" + W64_TAIL + form + before + data + after
    start = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    return start + struct.pack("<Q", sizes.get("riff", len(inside) + 24)) + inside


def w64_headers():
    yield "right", w64(), THERE
    # sizes of chunks are padded to eight bytes
    yield "padded", w64(body=BODY[:38]), 19, None
    yield "padded more", w64(fmt(bits=8), BODY[:19]), 19, None
    yield "and more", w64(after=w64_chunk(b"junk", BODY)), THERE, None
    yield "rubbish after", w64() + b"rubbish!" * 9, THERE, None
    for size in (0, 1, 24, 10**6, 2**63, 2**64 - 1):
        yield f"riff of {size}", w64(riff=size), THERE, None
    for size in (0, 1, 23, 24, 25, 41, 2**32, 2**63, 2**64 - 1):
        yield f"fmt of {size}", w64(fmt=size), None
    yield "data of 0", w64(data=0), THERE, None
    yield "data of 24", w64(data=24), None
    for size in (62, 63):
        yield f"data of {size}", w64(data=size), 19, None
    for size in (65, 66, 2**31, 2**32, 2**62):
        yield f"data of {size}", w64(data=size), None
    for size in (2**63 - 1, 2**63, 2**63 + 24, 2**64 - 1):  # written when the length is unknown
        yield f"data of {size}", w64(data=size), THERE, None
    for size in (0, 1, 23, 24, 25, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 24, 2**64 - 1):
        yield f"junk of {size}", w64(before=w64_chunk(b"junk", size=size)), THERE, None
    for form in (fmt(channels=0), fmt(channels=65), fmt(rate=0), fmt(rate=MOST), fmt(bits=0)):
        yield f"fmt {form.hex()}", w64(form), None


def flac(*, rate=RATE, channels=1, bits=16, total=THERE, block=None):
    """Return a FLAC with these values, valid or not, in its STREAMINFO block."""
    data = bytearray(encoded(np.frombuffer(BODY, "<i2"), "FLAC", "PCM_16"))
    if block is not None:
        data[8:12] = struct.pack(">HH", block, block)
    said = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | total
    data[18:26] = struct.pack(">Q", said)
    return bytes(data)


def flac_headers():
    yield "right", flac(), THERE
    yield "0 Hz", flac(rate=0), None
    for rate in (1, 655_350, 2**20 - 1):
        yield f"{rate} Hz", flac(rate=rate), THERE, None
    for channels in (2, 8):
        yield f"{channels} channels", flac(channels=channels), None
    for bits in (4, 32):
        yield f"{bits} bits", flac(bits=bits), None
    yield "0 frames", flac(total=0), THERE, None  # which means an unknown number
    for total in (21, 10**6, 2**36 - 1):
        yield f"{total} frames", flac(total=total), None
    for total in (1, 19):
        yield f"{total} frames", flac(total=total), total, None
    for block in (0, 1, 15, 65535):
        yield f"blocks of {block}", flac(block=block), THERE, None
    data = flac()
    yield "only a header", data[:42], None
    yield "only a name", data[:4], None
    yield "a header of 16 MB", data[:5] + b"\xff" * 3 + data[8:], None
    yield "padding of 16 MB", data[:42] + b"\x81\xff\xff\xff" + data[42:], None


def rubbish():
    yield "nothing", b"", None
    for magic in (b"\0", b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff", b"FORM", b"caff", b".snd"):
        yield f"{magic} alone", magic, None
        yield f"{magic} and zeros", magic + bytes(4096), None
        yield f"{magic} and ones", magic + b"\xff" * 4096, None
    for magic in (b"OggS", b"fLaC", b"ID3", b"\xff\xfb\x90\0", b"\x89PNG", b"text\n", b"\xff"):
        yield f"{magic} often", magic * 500, None
        yield f"{magic} and zeros", magic + bytes(4096), None
    yield "ID3 of 256 MB", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), None


TABLE = {
    f"{kind}: {name}": (data, allowed)
    for kind, rows in [
        ("WAV", wav_headers()),
        ("coded", coded_headers()),
        ("AIFF", aiff_headers()),
        ("AU", au_headers()),
        ("CAF", caf_headers()),
        ("W64", w64_headers()),
        ("FLAC", flac_headers()),
        ("rubbish", rubbish()),
    ]
    for name, data, *allowed in rows
}
