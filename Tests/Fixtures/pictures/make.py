"""Writes pictures.json: PNG files of every kind, with their pixels.

`file` and `pixels` are in base64; a pixel is red, green, blue and alpha in two bytes each. With Pillow installed every
file that it can read is read by it as well, so that no fault is shared by the writer and the tests.
"""

import base64
import io
import json
import pathlib
import random
import struct
import zlib

try:
    from PIL import Image
except ImportError:
    Image = None

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed_row(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", sample) for sample in samples)
    bits = "".join(format(sample, f"0{depth}b") for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    return min((a, b, c), key=lambda one: abs(p - one))


def filtered(row, above, kind, step):
    out = bytearray([kind])
    for i, byte in enumerate(row):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        guess = [0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner)][kind]
        out.append((byte - guess) & 255)
    return bytes(out)


def raw(samples, width, height, colours, depth, interlaced, kinds):
    """`samples[y][x]` is a tuple; `kinds` names the filter of each row in turn."""
    out, count = b"", 0
    step = max(1, SAMPLES[colours] * depth // 8)
    for x0, y0, dx, dy in ADAM if interlaced else [(0, 0, 1, 1)]:
        columns = range(x0, width, dx)
        if not columns:
            continue
        above = bytes((len(columns) * SAMPLES[colours] * depth + 7) // 8)
        for y in range(y0, height, dy):
            row = packed_row([sample for x in columns for sample in samples[y][x]], depth)
            out += filtered(row, above, kinds[count % len(kinds)], step)
            above, count = row, count + 1
    return out


def deflated(data, level=9, strategy=zlib.Z_DEFAULT_STRATEGY):
    packer = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    return packer.compress(data) + packer.flush()


def png(samples, colours, depth, interlaced=False, kinds=(0, 1, 2, 3, 4), palette=b"", trns=b"", level=9, strategy=0, pieces=1):
    height, width = len(samples), len(samples[0])
    data = deflated(raw(samples, width, height, colours, depth, interlaced, kinds), level, strategy)
    size = -(-len(data) // pieces)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced))
            + (chunk(b"PLTE", palette) if palette else b"") + (chunk(b"tRNS", trns) if trns else b"")
            + b"".join(chunk(b"IDAT", data[i:i + size]) for i in range(0, len(data), size)) + chunk(b"IEND", b""))


def pixels(samples, colours, depth, palette=b"", trns=b""):
    scale = 65535 // (2 ** depth - 1)
    out = []
    for row in samples:
        for pixel in row:
            if colours == 3:
                n = pixel[0]
                alpha = trns[n] if n < len(trns) else 255
                rgba = [part * 257 for part in (*palette[3 * n:3 * n + 3], alpha)]
            else:
                alpha = pixel[-1] * scale if colours in (4, 6) else 65535
                if colours in (0, 2) and trns and struct.pack(f">{len(pixel)}H", *pixel) == trns:
                    alpha = 0
                colour = pixel[:1] * 3 if colours in (0, 4) else pixel[:3]
                rgba = [part * scale for part in colour] + [alpha]
            out += rgba
    return struct.pack(f">{len(out)}H", *out)


def random_samples(rng, width, height, colours, depth, most=None):
    most = most or 2 ** depth - 1
    return [[tuple(rng.randint(0, most) for _ in range(SAMPLES[colours])) for _ in range(width)] for _ in range(height)]


def check(name, file, expected):
    if Image is None:
        return
    image = Image.open(io.BytesIO(file))
    if file[24] == 16:
        image.load()
        return
    # For gray of few bits, Pillow compares the transparent color with scaled samples.
    if b"tRNS" in file and image.mode in ("1", "L") and file[24] < 8:
        return
    seen = image.convert("RGBA").tobytes()
    assert seen == expected[::2], name


def main():
    rng = random.Random(7)
    cases = []

    def add(name, samples, colours, depth, palette=b"", trns=b"", **more):
        file, expected = png(samples, colours, depth, palette=palette, trns=trns, **more), pixels(samples, colours, depth, palette, trns)
        check(name, file, expected)
        cases.append((name, file, expected))

    for colours, depths in [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16])]:
        for depth in depths:
            palette = bytes(rng.randrange(256) for _ in range(3 * 2 ** depth)) if colours == 3 else b""
            for interlaced in (False, True):
                samples = random_samples(rng, 9, 6, colours, depth)
                name = f"colours {colours}, {depth} bits" + (", interlaced" if interlaced else "")
                add(name, samples, colours, depth, palette=palette, interlaced=interlaced, pieces=3)
    for colours, depth in [(0, 2), (0, 8), (0, 16), (2, 8), (2, 16)]:
        samples = random_samples(rng, 5, 4, colours, depth)
        trns = struct.pack(f">{SAMPLES[colours]}H", *samples[1][2])
        add(f"colours {colours}, {depth} bits, one colour clear", samples, colours, depth, trns=trns)
    for colours, depths in [(0, [1, 2, 4]), (2, [8, 16])]:
        for depth in depths:
            for interlaced in (False, True):
                samples = random_samples(rng, 9, 7, colours, depth)
                trns = struct.pack(f">{SAMPLES[colours]}H", *samples[3][4])
                name = f"colours {colours}, {depth} bits, transparent" + (", interlaced" if interlaced else "")
                add(name, samples, colours, depth, trns=trns, interlaced=interlaced)
    for colours, depths in [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16])]:
        for depth in depths:
            palette = bytes(rng.randrange(256) for _ in range(3 * 2 ** depth)) if colours == 3 else b""
            trns = bytes(rng.randrange(256) for _ in range(2 ** depth - 1)) if colours == 3 else b""
            for kind in range(5):
                for interlaced in (False, True):
                    name = f"colours {colours}, {depth} bits, filter {kind}" + (", interlaced" if interlaced else "")
                    add(name, random_samples(rng, 5, 5, colours, depth), colours, depth, kinds=(kind,), palette=palette, trns=trns,
                        interlaced=interlaced)
    add("palette with alpha", random_samples(rng, 6, 5, 3, 4), 3, 4, palette=bytes(range(48)), trns=bytes([0, 128, 7]))
    for width, height in [(1, 1), (1, 5), (5, 1), (2, 3), (4, 4)]:
        add(f"interlaced, {width} by {height}", random_samples(rng, width, height, 2, 8), 2, 8, interlaced=True)
    smooth = [[(x * 7 & 255, y * 11 & 255, x * y & 255) for x in range(12)] for y in range(8)]
    for kind in range(5):
        add(f"filter {kind}", smooth, 2, 8, kinds=(kind,))
    for level in range(10):
        add(f"level {level}", smooth, 2, 8, level=level)
    for strategy in ("FILTERED", "HUFFMAN_ONLY", "RLE", "FIXED"):
        add(f"strategy {strategy}", smooth, 2, 8, strategy=getattr(zlib, "Z_" + strategy))

    lines = [json.dumps({"name": name, "file": base64.b64encode(file).decode(), "pixels": base64.b64encode(expected).decode()})
             for name, file, expected in cases]
    pathlib.Path(__file__).with_name("pictures.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
