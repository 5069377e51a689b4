"""Reads HTML texts as JSON, and prints what Python reads in them: as text, and as the values of attributes.

The texts come from standard input. For an empty list, the texts are all names of HTML 5 in several places. The result is a
list of [text, read as text, read as an attribute].
"""

import html
import html.entities
import json
import random
import re
import sys

from bleach._vendor import html5lib


REMOVED = {*range(1, 32), *html._invalid_codepoints} - {*range(0x80, 0xA0)}


def numbers(text):
    for digits in re.findall(r"&#([0-9]+|[xX][0-9a-fA-F]+)", text):
        yield int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def texts():
    names = sorted(html.entities.html5)
    for name in names:
        for after in ("", " ", "x", "=", "1", ";"):
            yield f"a&{name}{after}"
    generator = random.Random(20_261_130)
    parts = ["&", "&amp", "#", "x", "X", ";", "=", "&#", "&#x", "128", "9", "41", "D800", "1114112", "99999999999999999999"]
    for _ in range(3000):
        chosen = [generator.choice(parts + [generator.choice(names)]) for _ in range(generator.randint(1, 8))]
        text = "".join(chosen)
        # Python removes the control characters, which a page shows as replacement characters.
        if not any(number in REMOVED for number in numbers(text)):
            yield text
    for number in [0, *range(128, 160), 0x110000, 0xD800, 0x1F600]:
        yield f"&#{number};&#{number}z&#x{number:x};&#X{number:X} "


def attribute(text):
    return html5lib.parseFragment(f'<b title="{text}">')[0].attrib["title"]


chosen = json.load(sys.stdin) or list(dict.fromkeys(texts()))
json.dump([[text, html.unescape(text), attribute(text)] for text in chosen], sys.stdout)
