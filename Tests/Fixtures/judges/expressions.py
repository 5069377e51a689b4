"""Prints cases of regular expressions as JSON, with the matches and replacements that Python's `re` finds.

    python3 expressions.py SEED COUNT

A case is [EXPRESSION, TEXT, MATCHES, REPLACEMENT, RESULT]. Each of MATCHES lists the spans of the groups, [-1, -1] for one
without a match. MATCHES is null if Python refuses the expression, RESULT is null if it refuses the replacement. Of COUNT
random cases, those are left out in which Python contradicts itself. CPython's own cases and the calls of its test_re come first, if they are installed.
"""
import json
import pathlib
import random
import re
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "sanitizing"))
from make import CASES, random_pattern

if sys.version_info < (3, 11):
    sys.exit("expressions.py needs Python 3.11 or a later one.")
warnings.simplefilter("ignore")

original_compile, surrogate = re.compile, re.compile("[\ud800-\udfff]")
FOLDED = "iIıİsSſkK\u212aßẞµμΜσςΣåÅ\u212bǆǅǄθϑϴᾳᾼΐ\u1fd3ﬅﬆвВᲀ\u0345ιΙ\u1fbeéÉ"
WORDS = ["(?i)", "(?m)", "(?s)", "(?x)", "(?a)", "(?u)", "(?im)", "(?ia)", "(?#c)", " "]
OWN = [
    *[(f"(?i){one}", FOLDED) for one in FOLDED], *[(f"(?ia){one}", FOLDED) for one in FOLDED],
    *[(f"(?i)[{one}x]+", FOLDED) for one in FOLDED], *[(f"(?i)[^{one}]", FOLDED) for one in FOLDED],
    *[(f"(?i)({one})\\1", FOLDED + "".join(a + b for a in "iskσßåθ" for b in FOLDED)) for one in "iskσßåθ"],
    (r"(?i)[a-z]+", FOLDED), (r"(?ia)[a-z]+", FOLDED), (r"(?i)[\u0300-\u03ff]+", FOLDED), (r"(?i)[^a-z]+", FOLDED),
    (r"(?i:s)(?-i:s)", "sſSs"), (r"(?ia:k)(?iu:k)", "kK\u212ak\u212a"), (r"(?a)(?i:\w)", FOLDED), (r"(?i)straße", "STRASSE STRAẞE"),
    ("(?i)(?m)^a", "b\nA\na"), ("(?i)(?#c)(?s)a.b", "A\nB"), ("(?x) (?i) a", "A"), (" (?i)a", "a"), ("|(?i)a", "a"), ("(?i)|(?m)a", "a"),
    ("(?:(?i)a)", "a"), ("(?a)(?u)a", "a"), ("(?au)a", "a"), ("(?i-i:a)", "a"), ("(?-a:a)", "a"), ("(?-:a)", "a"), ("(?-i)a", "a"),
    ("(?i-m:a)", "A"), ("(?)", ""), ("(?i", ""), ("(?i-", ""), ("(?i-)", ""), ("(?ia-x:a b)", "A B"), ("(?:)(?i)a", "a"),
    (r"[\101]", "A"), (r"[\0]", "\0"), (r"[\01-\07]+", "\1\2\7\b"), (r"[\400]", "Ā"), (r"[\377]", "ÿ"), (r"[\18]", "\x018"), (r"[\9]", "9"),
    (r"\1", ""), (r"\101\400", ""), (r"\x4g", ""), (r"\N{EM DASH}+", "a——b"), (r"[\N{em dash}a]+", "a——b"), (r"\N{NOTHING}", ""), (r"\N", ""),
    (r"a{4294967295}", "a"), (r"a{4294967294}", "a"), (r"(?<=(a)\1)b", "aab"), (r"(a)(?<=\1\1)b", "aab"), (r"(?<=(?P<n>a)(?(n)b|c))d", "abd"),
    (r".*? \d+ ms", "took 12 ms\nand 3 ms, 4 ms\nnone\n\n5 ms 6 m"), (r"(.*?) (\d+) ms", "took 12 ms\nand 3 ms, 4 ms\n 7 ms"), (r"\d+(?= ms)", "12 ms 3 s 45 ms"),
    (r"\w+@\w+\.com", "a@b.com aaa@bb aa.com a@b@c.com"), (r"(a|ab)(c|bcd)*(d*)", "abcdabcbcdd"), (r"(?:a+b?)+c", "aabaabab aabc"),
    (r"(\w+\s?)*$", "a few words!"), (r"(a+)+$", "aaaaaaaab"), (r"(?:x+x+)+y", "xxxxxxx xxy"),
    (r"(?:a|b|ab)*?c", "abababab abc"), (r"(?m)^.*?b$", "ab\nabb\nac\nb"), (r"a.*b.*c", "aabbab ab\nabc ac"), (r"(?:a.*?){3}b", "aaaab aab"),
    (r"x*?y|x", "xxxz xy"), (r"(?>a+b?)+c", "aabaac"), (r"(?:(?=a)a|b)+c", "abac"), (r"(?:a{2}|a{3})+b", "aaaaaaab aab"), (r"(a?b??)*c", "abbac"),
    (r"(?:(a)|(b)|c)+?d", "abcd"), (r"\b(?:foo|bar)+\b", "foo foobar barfoox"), ("((?:(b|a?|b)|c)){1,2}", "1bb1c"), (r"(?s)a.{2,3}?b", "a\n\nb axxxxb"), (r"a{2,3}b", "aaaab aab ab"),
]


class Contradiction(Exception):
    """A match from its start alone has other groups than the same match in a search."""


def matched(pattern, text):
    """The spans of the groups of all matches."""
    spans, forbidden = [], None
    for match in pattern.finditer(text):
        groups = [match.span(number) for number in range(pattern.groups + 1)]
        # After an empty match, another one at its position must not be empty.
        alone = pattern.match(text, match.start()) if match.start() != forbidden else match
        if not alone or groups != [alone.span(number) for number in range(pattern.groups + 1)]:
            raise Contradiction
        forbidden = match.end()
        spans.append(groups)
    return spans


def judged(expression, text, replacement):
    try:
        pattern = re.compile(expression)
    except (re.error, OverflowError, ValueError):
        return [expression, text, None, replacement, None]
    try:
        result = pattern.sub(replacement, text)
    except (re.error, IndexError):
        result = None
    return [expression, text, matched(pattern, text), replacement, result]


def cpython():
    try:
        from test import re_tests
    except ImportError:
        return []
    table = [(case[0], case[1], r"<\g<0>>") for case in re_tests.tests if type(case[0]) is type(case[1]) is str]
    return table + sorted(case for case in Recorder.calls() if not is_left_out(*case[:2]))


def is_left_out(expression, text):
    """Calls of test_re in which Galley differs from Python 3.11, some of them as later versions of Python do."""
    return (
        "(?(+1)" in expression  # Refused by later versions.
        or expression == r"\z"  # Accepted by later versions.
        or "{4194304}){4194304}" in expression  # Python refuses a look-behind of more than 2**32 characters.
        or r"(?a:\W(?u:\w)" in expression  # Python's search does not find what its match finds.
        or expression == r"\B" and not text  # A fault of Python.
    )


class Recorder:
    """A pattern that records the calls of its methods, and stands for that of `re` while CPython's tests run."""

    cases = set()

    def __init__(self, pattern):
        self.pattern = pattern

    def __getattr__(self, name):
        value = getattr(self.pattern, name)
        if name not in ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer", "scanner"):
            return value

        def method(*arguments, **options):
            is_sub = name in ("sub", "subn")
            text = options.get("string", arguments[int(is_sub)] if len(arguments) > is_sub else None)
            template = (options.get("repl") or arguments[0]) if is_sub else None
            Recorder.add(self.pattern.pattern, self.pattern.flags, text, template)
            return value(*arguments, **options)
        return method

    @classmethod
    def add(cls, expression, flags, text, template=None):
        if type(expression) is not str or type(text) is not str or len(expression) > 10_000 or len(text) > 10_000:
            return
        template = template if type(template) is str else r"<\g<0>>"
        if surrogate.search(expression + text + template):
            return  # Swift has no such text.
        # The flags stand in the expression, unless it sets them itself.
        letters = "".join(letter for letter in "aimsx" if flags & getattr(re, letter.upper()))
        try:
            missing = flags & ~re.U & ~original_compile(expression).flags
        except (re.error, OverflowError, ValueError):
            missing = flags & ~re.U
        expression = f"(?{letters}){expression}" if missing and letters else expression
        cls.cases.add((expression, text, template))

    @classmethod
    def compile(cls, expression, flags=0):
        if isinstance(expression, Recorder):
            return expression
        cls.add(expression, int(flags), "")
        pattern = original_compile(expression, flags)
        return Recorder(pattern) if type(expression) is str and not flags & re.DEBUG else pattern

    @classmethod
    def calls(cls):
        """The calls of CPython's test_re, if it is installed."""
        try:
            from test import test_re
        except ImportError:
            return []
        import contextlib
        import io
        import unittest

        def function(name):
            def call(expression, *arguments, flags=0, **options):
                last = {"sub": 3, "subn": 3, "split": 2}.get(name, 1)
                if len(arguments) > last:
                    arguments, flags = arguments[:last], arguments[last]
                return getattr(cls.compile(expression, flags), name)(*arguments, **options)
            return call

        names = ["search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"]
        originals = {name: getattr(re, name) for name in names + ["compile"]}
        for name in names:
            setattr(re, name, function(name))
        re.compile = cls.compile
        try:
            # Some tests fail, because a recorder is no pattern. Their calls count all the same.
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                unittest.TextTestRunner(stream=io.StringIO()).run(
                    unittest.defaultTestLoader.loadTestsFromTestCase(test_re.ReTests))
        finally:
            for name, original in originals.items():
                setattr(re, name, original)
        return cls.cases


def random_case(rng):
    expression = random_pattern(rng, 3)
    letters = "aaabbbcc1 A\n"
    if rng.random() < 0.4:
        expression = "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 2))) + expression
    if rng.random() < 0.3:
        letters, swap = rng.choice(FOLDED) * 2 + rng.choice(FOLDED) * 2 + "aB 1", rng.choice(FOLDED)
        expression = expression.replace("a", swap)
        letters += swap * 2
    text = "".join(rng.choice(letters) for _ in range(rng.randint(0, 12)))
    return expression, text, rng.choice(["-", r"<\g<0>>", r"<\1>", ""])


def has_fault_of_python(expression, text):
    """Python 3.11 finds no `\\B` in empty text, and does not backtrack within a possessive repetition."""
    return r"\B" in expression and not text or re.search(r"[*+?}]\+", expression)


if __name__ == "__main__":
    rng = random.Random(int(sys.argv[1]))
    cases = [(expression, text, replacement) for expression, replacement, text in CASES] + [(*case, r"<\g<0>>") for case in OWN]
    cases = [judged(*case) for case in cpython() + cases]
    for _ in range(int(sys.argv[2])):
        case = random_case(rng)
        if not has_fault_of_python(*case[:2]):
            try:
                cases.append(judged(*case))
            except Contradiction:
                pass
    print(json.dumps(cases))
