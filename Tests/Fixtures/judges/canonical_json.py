"""Writes the canonical text of JSON texts as Python's json module has it.

    python3 canonical_json.py TEXTS RESULT

Both files are sequences of texts, each after its length as a 32-bit integer. The length -1 stands for a text that
Python refuses. A number too large for a float keeps its spelling, where Python writes Infinity: hence `parse_float`. A
lone surrogate, which Python's encoder refuses, is written as the escape it was.
"""
import json, re, struct, sys, uuid
mark = uuid.uuid4().hex
sys.set_int_max_str_digits(0)
class Spelled(float):
    pass
def number(text):
    value = float(text)
    if value in (float("inf"), float("-inf")):
        value = Spelled(value); value.text = text
        return value
    return value
float_repr = float.__repr__
data = open(sys.argv[1], "rb").read()
out = open(sys.argv[2], "wb")
at = 0
while at < len(data):
    (n,) = struct.unpack_from("<i", data, at)
    raw = data[at + 4 : at + 4 + n]
    at += 4 + n
    try:
        text = raw.decode("utf-8")
        value = json.loads(text[1:] if text.startswith("\ufeff") else text, parse_float=number)
    except (ValueError, RecursionError):
        out.write(struct.pack("<i", -1))
        continue
    def spelled(value):
        if isinstance(value, Spelled):
            return mark + value.text
        if isinstance(value, dict):
            return {k: spelled(v) for k, v in value.items()}
        return [spelled(v) for v in value] if isinstance(value, list) else value
    text = json.dumps(spelled(value), ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": ")) + "\n"
    text = re.sub('"' + mark + '([^"]+)"', r"\1", text)
    text = re.sub("[\ud800-\udfff]", lambda m: "\\u%04x" % ord(m[0]), text)
    text = text.encode("utf-8")
    out.write(struct.pack("<i", len(text)) + text)
