"""Checks in real kernels that the values of Tests/Fixtures/parameters arrive.

parameters.py notebook LANGUAGE KERNEL   prints a notebook with the fixture of the language, and cells that print the values
parameters.py compare LANGUAGE NOTEBOOK  compares what the notebook printed, and prints the number of values
parameters.py assignments LANGUAGE FOLDER  checks that the file `source` does nothing but assign the values of the file `values`
"""

import ast
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import unicodedata

folder = pathlib.Path(__file__).parent.parent / "parameters"
expected = json.loads((folder / "values.json").read_text())
# The value of the environment variable DB_PASSWORD.
secret = "it's $x"
refused = [line.split("\t") for line in (folder / "refusals.txt").read_text().splitlines()]

# The code that prints one line for each variable: its name, a tab, and its value as JSON.
printers = {
    "Python": ("import json\ndef show(name, value): print(name, json.dumps(value), sep='\\t')", "show('{0}', {0})"),
    "R": (
        r"""quoted = function(text) paste0('"', paste0(sprintf("\\U%08x", utf8ToInt(text)), collapse = ""), '"')
json = function(value) {
    if (is.null(value)) "null"
    else if (is.list(value) && is.null(names(value))) paste0("[", paste(vapply(value, json, ""), collapse = ", "), "]")
    else if (is.list(value)) paste0("{", paste0(vapply(names(value), quoted, ""), ": ", vapply(value, json, ""), collapse = ", "), "}")
    else if (is.logical(value)) tolower(value)
    else if (is.numeric(value)) sub("-Inf", "-Infinity", sub("^Inf", "Infinity", sprintf("%.17g", value)))
    else quoted(value)
}
show = function(name, value) cat(name, "\t", json(value), "\n", sep = "")""",
        "show('{0}', {0})",
    ),
    "bash": (
        r"""show() { printf '%s\t' "$1"; shift; for value; do printf '%s' "$value" | od -An -v -tx1 | tr -d ' \n'; printf ,; done; echo; }""",
        'show {0} "${{{0}[@]}}"',
    ),
    "Octave": (
        r"""1;
function text = json(value)
  if isa(value, "containers.Map")
    names = keys(value); parts = cell(1, numel(names));
    for i = 1:numel(names) parts{i} = [json(names{i}) ": " json(value(names{i}))]; end
    text = ["{" strjoin(parts, ", ") "}"];
  elseif iscell(value)
    parts = cell(1, numel(value));
    for i = 1:numel(value) parts{i} = json(value{i}); end
    text = ["[" strjoin(parts, ", ") "]"];
  elseif ischar(value)
    text = ["\"" sprintf("\\x%02x", double(value)) "\""];
    if isempty(value) text = "\"\""; end
  elseif isempty(value)
    text = "null";
  elseif islogical(value)
    text = {"false", "true"}{value + 1};
  elseif isinteger(value)
    text = sprintf("%d", value);
  elseif isinf(value)
    text = {"-Infinity", "Infinity"}{(value > 0) + 1};
  else
    text = sprintf("%.17g", value);
  end
end
function show(name, value) printf("%s\t%s\n", name, json(value)); end""",
        "show('{0}', {0})",
    ),
    "TypeScript": (
        r"""const escaped = text => '"' + Array.from(text, c => "\\U" + c.codePointAt(0).toString(16).padStart(8, "0")).join("") + '"';
const json = value => value === null ? "null" : Array.isArray(value) ? "[" + value.map(json).join(", ") + "]"
    : typeof value == "object" ? "{" + Object.entries(value).map(([k, v]) => escaped(k) + ": " + json(v)).join(", ") + "}"
    : typeof value == "string" ? escaped(value) : Object.is(value, -0) ? "-0.0" : String(value);
const show = (name, value) => console.log(name + "\t" + json(value));""",
        "show('{0}', {0})",
    ),
    "Kotlin": (
        r"""fun escaped(text: String) = text.map { "\\x%04x".format(it.code) }.joinToString("", "\"", "\"")
fun json(value: Any?): String = when (value) {
    is List<*> -> value.joinToString(", ", "[", "]") { json(it) }
    is Map<*, *> -> value.entries.joinToString(", ", "{", "}") { escaped(it.key as String) + ": " + json(it.value) }
    is String -> escaped(value)
    else -> value.toString()
}
fun show(name: String, value: Any?) = println(name + "\t" + json(value))""",
        'show("{0}", {0})',
    ),
    # A map is a list of pairs, and a pair whose second half is a list is a list.
    "Scheme": (
        """(import "json")
(define show-list (lambda (value)
  (cond ((null? value) "]") ((pair? value) (string-append ", " (show-value (car value)) (show-list (cdr value))))
    (else (string-append ", \\".\\", " (show-value value) "]")))))
(define show-value (lambda (value)
  (cond ((null? value) "[]") ((eq? value (void)) "null")
    ((pair? value) (string-append "[" (show-value (car value)) (show-list (cdr value))))
    (else (json.dumps value)))))
(define show (lambda (name value) (display name) (display "\\t") (display (show-value value)) (newline)))""",
        '(show "{0}" {0})',
    ),
}


def names(language):
    return [name for name in expected if [language, name] not in [line[:2] for line in refused]]


def notebook(language, kernel):
    declarations, statement = printers[language]
    shown = [statement.format(name) for name in names(language)]
    [reading] = re.findall(rf"^{language}:\n(.*?)(?:\n\n|\n\Z)", (folder / "secrets.txt").read_text(), re.S | re.M)
    sources = [(folder / f"{language}.txt").read_text(), declarations, "\n".join(shown)]
    sources += [reading, statement.format("password")]
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [cell | {"id": f"cell{i}", "source": source} for i, source in enumerate(sources)]
    kernelspec = {"name": kernel, "display_name": kernel}
    print(json.dumps({"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}))


def spelled(value):
    """Returns the text of a value in bash."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value) if not isinstance(value, float) else repr(value)


def texts(value):
    """Returns the texts of a variable of bash."""
    return [spelled(value) for value in value] if isinstance(value, list) else [spelled(value)]


def pairs(value):
    """Returns a value with maps as lists of pairs, as Scheme has them."""
    if isinstance(value, list):
        return [pairs(value) for value in value]
    if not isinstance(value, dict):
        return value
    halves = [(name, pairs(value)) for name, value in value.items()]
    return [[name, *value] if isinstance(value, list) else [name, ".", value] for name, value in halves]


def read(language, text):
    if language == "bash":
        return [bytes.fromhex(value).decode() for value in text.split(",")[:-1]]
    # Escapes of code points, of UTF-16 units and of bytes.
    text = re.sub(r"\\U([0-9a-f]{8})", lambda match: json.dumps(chr(int(match[1], 16)))[1:-1], text)
    text = re.sub(r"\\x([0-9a-f]{4})", r"\\u\1", text) if language == "Kotlin" else text
    text = re.sub(
        r'(?:\\x[0-9a-f]{2})+', lambda match: json.dumps(bytes.fromhex(match[0].replace("\\x", "")).decode())[1:-1], text
    )
    return loaded(text)


def loaded(text):
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def same(actual, expected):
    if isinstance(expected, dict):
        # R has one empty list.
        return isinstance(actual, dict) and actual.keys() == expected.keys() and all(
            same(actual[name], expected[name]) for name in expected
        ) or (actual == [] and not expected)
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(actual, float) and math.isnan(actual)
    if isinstance(expected, (bool, str)) or expected is None:
        return type(actual) is type(expected) and actual == expected
    if isinstance(actual, (bool, str)) or not isinstance(actual, (int, float)):
        return False
    # R reads some numbers with an error in the last bit.
    return math.isclose(actual, expected, rel_tol=3e-16) and math.copysign(1, actual) == math.copysign(1, expected)


def compare(language, path):
    cells = json.loads(pathlib.Path(path).read_text())["cells"]
    printed = "".join(
        "".join(output.get("text", [])) for cell in cells for output in cell["outputs"] if output.get("name") == "stdout"
    )
    values = dict(line.strip("\r").split("\t", 1) for line in printed.split("\n") if "\t" in line)
    for name in names(language) + ["password"]:
        value = expected.get(name, secret)
        if language == "bash":
            value = texts(value)
        if language == "Scheme":
            value = pairs(value)
        if name not in values:
            print(f"{name} is missing")
            continue
        actual = read(language, values[name])
        if not same(actual, value):
            print(f"{name}: {actual!r} instead of {value!r}")
    print(len(names(language)))


def constant(node):
    """Returns the value of a literal of Python, which may hold only constants."""
    match node:
        case ast.Constant():
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return -node.operand.value
        case ast.List():
            return [constant(node) for node in node.elts]
        case ast.Dict():
            return dict(zip(map(constant, node.keys), map(constant, node.values), strict=True))
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value="nan" | "inf" | "-inf")], keywords=[]):
            return float(node.args[0].value)
    raise ValueError(ast.dump(node))


def python_assignments(source):
    for statement in ast.parse(source).body:
        [target] = statement.targets
        yield target.id, constant(statement.value)


def r_assignments(source):
    """Lets R parse the source, refuse calls that are not constants, and print the values."""
    program = printers["R"][0] + r"""
check = function(value) if (is.call(value)) {
    stopifnot(is.name(value[[1]]), as.character(value[[1]]) %in% c("list", "setNames", "c", "-"))
    for (part in as.list(value)[-1]) check(part)
} else stopifnot(is.null(value) || is.character(value) || is.numeric(value) || is.logical(value))
for (statement in parse("a.R", keep.source = FALSE, encoding = "UTF-8")) {
    stopifnot(length(statement) == 3, identical(statement[[1]], as.name("=")), is.name(statement[[2]]))
    check(statement[[3]])
    cat(quoted(as.character(statement[[2]])), "\t", json(eval(statement[[3]])), "\n", sep = "")
}
"""
    pathlib.Path("a.R").write_text(source)
    pathlib.Path("check.R").write_text(program)
    run = subprocess.run(["Rscript", "check.R"], env=os.environ | {"LC_ALL": "C.UTF-8"}, capture_output=True, check=False)
    if run.returncode or run.stderr:
        print(run.stderr.decode()[:2000])
    for line in run.stdout.decode().splitlines():
        name, value = line.split("\t")
        yield read("R", name), read("R", value)


def bash_assignments(source, names):
    """Lets bash run the source, and print each variable after its assignment.

    An assignment of a text to a list would replace only the first value, so each variable is removed again.
    """
    shown = [
        f"{line}\nprintf '%s\\0' \"${{#{name}[@]}}\" \"${{{name}[@]}}\"; unset {name}" if name else line
        for line, name in zip(source.split("\n"), names + [""])
    ]
    pathlib.Path("a.sh").write_text("\n".join(shown))
    run = subprocess.run(["bash", "a.sh"], capture_output=True, check=False)
    if run.returncode or run.stderr or os.listdir() != ["a.sh"]:
        print(run.stderr.decode()[:2000], os.listdir())
    words = iter(run.stdout.decode().split("\0"))
    for name in names:
        count = int(next(words))
        yield name, [next(words) for _ in range(count)]


def assignments(language, folder):
    """Checks that a cell does nothing but assign these values, and prints their number."""
    os.chdir(folder)
    source = pathlib.Path("source").read_text()
    pairs = [json.loads(line) for line in pathlib.Path("values").read_text().split("\n") if line]
    os.remove("source")
    os.remove("values")
    if language == "Python":
        found = python_assignments(source)
        pairs = [[unicodedata.normalize("NFKC", name), value] for name, value in pairs]
    elif language == "R":
        found = r_assignments(source)
    else:
        found = bash_assignments(source, [name for name, _ in pairs])
        pairs = [[name, texts(value)] for name, value in pairs]
    count = 0
    for (name, value), (actual_name, actual) in zip(pairs, found, strict=True):
        if name != actual_name or not same(actual, value):
            print(f"{actual_name!r} = {actual!r} instead of {name!r} = {value!r}")
        count += 1
    print(count)


globals()[sys.argv[1]](*sys.argv[2:])
