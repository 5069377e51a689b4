"""Writes cases.json: results of Python's re.sub for expressions, replacements and texts; null if Python refuses them.

With a number as its argument, it writes that many random cases to standard output instead.
"""

import json
import pathlib
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

CASES = [
    (r"\d{1,2}/\d{1,2}/\d{2,4}", "DATE-STAMP", "Today is 12/24/2024, not 1/2/24."),
    (r"\d{2}:\d{2}:\d{2}", "TIME-STAMP", "at 12:34:56\nand 01:02:03"),
    (r"(.*?)memory at 0x[0-9a-fA-F]*", r"\1memory at MEM", "a memory at 0x7F3 b\nmemory at 0x"),
    (r"0x[0-9a-f]+", "ADDR", "<Line2D at 0x7f12ab> <x at 0X7F>"),
    (r"(?<=took )\d+(?:\.\d+)? ?(ms|s)\b", "TIME", "took 12.5 ms, took 3s, 4 s"),
    (r"(?<!\w)/tmp/\S+", "PATH", "/tmp/abc x/tmp/abc (/tmp/q.txt)"),
    (r"(?<=(a)(?=b))b", "-", "ab cb"),
    (r"(a)(?<=\1)b", "-", "ab"),
    (r"(?<=a+)b", "", "aab"),
    (r"(?<=ab|cd)x", "_", "abxcdxx"),
    (r"(?<=a|bc)x", "_", "ax"),
    (r"(?<!ab)x", "_", "abx x ax"),
    (r"x*", "-", "abxd"), (r"", "-", "ab"), (r"a|", "-", "ba"), (r"\b", "|", "ab cd"), (r"^", ">", "a\nb\n"),
    (r"(?m)^", "> ", "a\nb\n"), (r"$", "<", "a\n"), (r"(?m)$", "<", "a\nb\n"), (r"a$", "-", "a\n"), (r"a\Z", "-", "a\n"),
    (r"\Aa", "-", "aa\na"), (r"(?m)\Aa", "-", "aa\na"), (r".", "-", "a\r\n\u2028\u0085b"), (r"(?s).", "-", "a\nb"),
    (r"(?s:.)a.", "-", "\na\n\nab"), (r"\s", "_", " \t\x1c\x85\xa0\u200b\u3000"), (r"(?a)\s", "_", " \x1c\xa0"),
    (r"\S+", "_", "a\u00a0b c"), (r"\w+", "W", "a\u00e9_\u00df9-e\u0301x \u0663\u00b2\u2167"), (r"\W", "_", "a-b \u00e9"),
    (r"(?a)\w", "_", "a\u00e9"), (r"\d+", "N", "12\u0663\u00b2"), (r"\D", "_", "1a2"), (r"[\d.]+", "N", "1.2.3 x"),
    (r"[^\d\s]+", "W", "ab 12 c"), (r"[\w-]+", "W", "a-b c"), (r"[]a]", "_", "]ab"), (r"[^]a]", "_", "]ab"),
    (r"[[a]", "_", "[ab"), (r"[a-]", "_", "a-b"), (r"[-a]", "_", "a-b"), (r"[a-\d]", "_", "a"), (r"[z-a]", "", "a"),
    (r"[a&&b]", "_", "a&b"), (r"[a--b]", "", "a-b"), (r"[\]\\]", "_", "]\\"), (r"[\b]", "_", "\x08b"), (r"[", "", ""),
    (r"[\x41-\u0043\U00000044]", "_", "ABCDE"), (r"[\101\0]", "_", "A\x00"), (r"[\8]", "", ""), (r"[\q]", "", ""),
    (r"a{2}", "-", "aaaaa"), (r"a{,2}", "-", "aaa"), (r"a{2,}", "-", "aaa a"), (r"a{1,2}?", "-", "aaa"), (r"a{x}", "-", "a{x}"),
    (r"a{", "-", "a{"), (r"a{}", "-", "a{}"), (r"{1}", "-", "{1}"), (r"a{2,1}", "", ""), (r"x{,}", "-", "xxx"), (r"a{ 1}", "-", "a{ 1}"),
    (r"a++b", "-", "aab"), (r"a++a", "-", "aa"), (r"(?>a+)a", "-", "aa"), (r"(?>a|ab)c", "-", "abc ac"), (r"a?+a", "-", "a aa"),
    (r"(?:ab){2,3}+", "-", "ababababab"), (r"a**", "", ""), (r"a+*", "", ""), (r"*a", "", ""), (r"^*", "", ""), (r"(?=a)*b", "-", "b"),
    (r"(a)|(b)", r"[\1\2]", "abc"), (r"(a)(b)?", r"\2\1", "ab a"), (r"(?P<n>a+)-(?P=n)", r"\g<n>", "aa-aa aa-a"),
    (r"(?P<n>a)(?P<n>b)", "", ""), (r"(?P<n>a", "", ""), (r"(?P=n)", "", ""), (r"(?P<1>a)", "-", "a"), (r"(?<n>a)", "", ""),
    (r"(a)\2", "", ""), (r"(a\1)", "", ""), (r"(.)\1", "D", "aabbcd"), (r"(?i)(a)\1", "D", "aA Aa ab"),
    (r"(\w+) \1", "TWO", "the the cat"), (r"(a|b)*c", r"<\1>", "abac c"), (r"(?:a|ab)(?:c|bcd)(d*)", r"<\1>", "abcd"),
    (r"(a*)*", "-", "aab"), (r"(a*)+", r"<\1>", "aab"), (r"(a*?)*?b", r"<\1>", "aab"), (r"(?:a?){3}", "-", "aaaa"), (r"(a?)*?b", "-", "aab"),
    (r"(a|b?)*c", r"<\1>", "abc"), (r"(?:(a)|b)*", r"<\1>", "abab"), (r"(?:(?=(a))a)+b", r"<\1>", "aab"), (r"((a)|b)+?c", r"<\1\2>", "abc"),
    (r"(?!a)\w", "-", "abc"), (r"(?=(\w))\w", r"\1\1", "ab"), (r"(?!(a)b)a", r"<\1>", "ab ac"), (r"(a)?(?(1)b|c)", "-", "ab c b"),
    (r"(?P<q>')?x(?(q)')", "-", "'x' x 'x"), (r"(?(1)a|b|c)", "", ""), (r"(?(2)a)", "", ""), (r"(a)(?(1)b|c|d)", "", ""),
    (r"(?i)straSSe", "-", "STRASSE strasse"), (r"(?i)[a-c]+", "-", "aBCd"), (r"(?i)[^a]", "-", "aAb"), (r"(?i)\u00c9", "-", "\u00e9"),
    (r"(?i:a)b", "-", "Ab aB ab"), (r"(?-i:a)b", "-", "Ab ab"), (r"a(?i)b", "", ""), (r"(?im)^a", "-", "A\na"), (r"(?L)a", "", ""), (r"(?u)a", "-", "a"),
    (r"(?x) a b # c", "-", "ab a b"), (r"(?x)a\ b[ ]c#", "-", "a b c"), ("(?x)a # c\n b", "-", "ab"), (r"(?#note)a", "-", "a"), (r"a(?#b", "", ""),
    (r"(", "", ""), (r")", "", ""), (r"a\ ".rstrip(), "", ""), (r"\q", "", ""), (r"\/\-\<\@\_", "-", "/-<@_"), (r"\.\$\^\{\}", "-", ".$^{}"),
    (r"\t\n\r\f\v\a", "-", "\t\n\r\f\v\a"), (r"\x4", "", ""), (r"\x41\u0042\U00000043", "-", "ABC"), (r"\U00110000", "", ""), (r"\07\012", "-", "\x07\n"),
    (r"\101", "-", "A"), (r"\400", "", ""), (r"\0", "-", "\x00"), (r"\h", "", ""), (r"]}", "-", "]}"), (r"e", "-", "e\u0301"), (r"\n", "-", "a\r\nb"),
    (r"\U0001F600", "-", "\U0001F600\u200d\U0001F600"), (r".", "-", "\U0001F468\u200d\U0001F469"),
    (r"(a)", r"\g<0>\g<1>\\\n\t", "a"), (r"(a)", r"\g<1>0\1", "a"), (r"(a)", r"\10", "a"), (r"(a)", r"\2", "a"), (r"(a)", r"\g<2>", "a"),
    (r"(a)", r"\g<x>", "a"), (r"(a)", r"\g1", "a"), (r"(a)", r"\g<1", "a"), (r"a", r"\.\-\ ", "a"), (r"a", r"\q", "a"), (r"a", "\\", "a"), (r"a", r"\x41", "a"),
    (r"a", r"\0\07\101\012", "a"), (r"a", r"\b", "a"), (r"a", r"$1&", "a"), (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", r"\11\1", "abcdefghijk"),
    (r"(\d+) ms ± (\d+)", r"\g<2>", "12 ms \u00b1 3"), (r"(?P<year>\d{4})-(?P<m>\d\d)", r"\g<m>.\g<year>", "2024-05"),
]


def expected(pattern, replacement, text):
    try:
        return re.sub(pattern, replacement, text)
    except (re.error, OverflowError, IndexError):
        return None


def random_pattern(rng, depth):
    pieces = []
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(16 if depth else 8)
        if kind < 4: piece = rng.choice("abc")
        elif kind == 4: piece = rng.choice([".", r"\w", r"\d", r"\s", "[ab]", "[^a]", r"[b\d]", r"[^\w]"])
        elif kind == 5: piece = rng.choice(["^", "$", r"\b", r"\B", r"\Z", r"\A"])
        elif kind == 6: piece = rng.choice(["1", " ", "\n", "A"])
        elif kind == 7: piece = rng.choice([r"\1", r"\2", "", "{", r"\1"])
        else:
            inner = "|".join(random_pattern(rng, depth - 1) for _ in range(rng.choice([1, 1, 2, 3])))
            piece = rng.choice(["(", "(", "(", "(?:", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s:", "(?m:", "(?(1)"])
            piece += inner + ")"
        if rng.random() < 0.4:
            piece += rng.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}"]) + rng.choice(["", "", "", "?", "+"])
        pieces.append(piece)
    return "".join(pieces)


def random_case(rng):
    text = "".join(rng.choice("aaabbbcc1 A\n") for _ in range(rng.randint(0, 9)))
    return random_pattern(rng, 3), rng.choice(["-", r"<\g<0>>", r"<\1>", ""]), text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        rng = random.Random(sys.argv[2] if len(sys.argv) > 2 else 0)
        cases = [random_case(rng) for _ in range(int(sys.argv[1]))]
        print(json.dumps([[*case, expected(*case)] for case in cases]))
    else:
        lines = ",\n".join(json.dumps([*case, expected(*case)]) for case in CASES)
        pathlib.Path(__file__).with_name("cases.json").write_text("[\n" + lines + "\n]\n")
