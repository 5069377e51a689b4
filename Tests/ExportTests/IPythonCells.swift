import Foundation

/// The sources of cells with IPython's syntax, and of cells that only seem to have it.
enum IPythonCells {
    /// The cells to convert: ``all``, and as many random cells as `GALLEY_RANDOM_CELLS` says.
    ///
    /// Python 3.12 and later divide some invalid code into other tokens, so that random cells need Python 3.11.
    static let chosen: [String] = {
        var generator = SeededGenerator(state: 1)
        let count = ProcessInfo.processInfo.environment["GALLEY_RANDOM_CELLS"].flatMap { Int($0) } ?? 0
        return all
            + (0..<count).map { _ in
                (0..<Int.random(in: 1...12, using: &generator))
                    .map { _ in fragments.randomElement(using: &generator)! }.joined()
            }
    }()

    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let fragments = [
        "x", "y.z", "1", " ", "  ", "    ", "\t", "\n", "\n", "\n", "\n", "\r\n", "\r", "\\\n", "\\\r\n", "\\", "%",
        "%%",
        "%magic ", "!", "!!", "!ls ", "?", "??", "=", " = ", "==", "!=", "%=", "(", ")", "[", "]", "{", "}", "'", "\"",
        "'''", "\"\"\"", "r'", "f\"", "#", "# c", ",", ";", "/", "//", ".", "...", "*", "-", ":", ">>> ", "... ",
        "In [1]: ", "   ...: ", "if a:\n    ", "é", "日", "🎉", "\u{2028}", "\u{C}", "[0]", "[-1]", "0x1", "1.5", "9a",
        "_",
        "$", "`", "@", "->", ":=", "\u{A0}", "\u{B2}",
    ]

    static let all = [
        "", " ", "\n\n", "x", "%time x", "%time", "% time x", "%%time\nx", "%%bash -e\necho 'a' \"b\"\n", "%%time?",
        "%%x  y  \nz",
        " %%time\nx", "\n\n%%time\nx", "!ls", "! ls", "!", "!!", "!!ls", "!!!ls", "!=x", "%=3", "!ls \\\n -l",
        "!ls \\\r\n -l", "!ls \\",
        "x = !ls", "x=!ls", "x  =  !ls -l", "x = !!ls", "x = ! ls", "x, y = !ls", "x['a'] = !ls", "f(x=!ls)",
        "x = y = !ls", "x == !ls",
        "a = b\n= !ls", "x = %time 1", "x=%time", "x = % time", "x = %", "x = 3 %time", "x = a % b", "x = %a \\\n b",
        "x: int = !ls",
        "x = %%time", "?", "??", "?x", "??x", "? x", "?x?", "x?", "x??", "x???", "x ?", "x.y?", "x.y.z??", "x[0]?",
        "x[-1].y?", "x[a]?", "x()?",
        "1x?", "x.1y?", "a.b.9?", "*x*?", "int*?", "?int*", "%x?", "%%x?", "%%%x?", "x = y?", "f(y?)", "y?\nz?",
        "y? # z", "if a:\n  b?",
        ",f a b", ",f", ";f a  b", ";f", "/f a b", "/f", "/", "/ f", ", a", "; a", "//x", "/=x", "a;b", "a; %b",
        "a\n;b",
        "def f():\n    !ls\n    %x y\nz", "if 1:\n\t!a\n\tx = !b\n", "for i in x: !ls",
        "if a:\n  if b:\n    !c\n  d\n!e", "'''\n!ls\n'''", "\"\"\"\n%x\n\"\"\"; !y", "'a\\\n!b'", "'it\n!ls",
        "f'{x}'\n!ls", "rb'''x\n%y'''\n%z",
        "# it's\n!ls", "(\n!ls\n)",
        "[1,\n%a\n]\n%b", "{\n?x\n}", ")\n!ls", "(\n!ls", "x = \"\"\"\n!ls", "x = '''a''' + !b", "$x", "$x\n!y", "`x`",
        "x = $y", "é = !ls", "é?", "日本?",
        "!echo 'é' \"日本\" 🎉", "%x 'a' \"b\"", "%x 'a'", "%x \"b\"", "%x \\n \t", "%x \u{A0}\u{200B}\u{FEFF}", "!\u{7}",
        "%x\u{C}y", "a\u{C}\n!b", "a\u{B}!b",
        "\u{2028}!x", "'a\u{2028}b'\n!c", "a\r!b", "a\r\n!b\r\n", "x?\r\n", "%%time\r\nx\r\n", "%time \r\n", ">>> x",
        ">>> x\n... y", "... x", ">>>x", "  >>> x\n  ... y",
        "x\n>>> y", "'''\n>>> x\n'''", "'''\n>>> x\n'''\n>>> y", "In [1]: x", "In [12]: x\n    ...: y", "In [a]: x",
        "In[1]: x", "   ...: x", ".....: x", "[ins] In [1]: x",
        " In [1]: x", "x\nIn [1]: y", ">>> !ls\n>>> %x", "    a\n  b", "\ta\n\tb", "  a\n\n  b",
        "  a\n \n  b", "  a\n   \r\n  b", "   \n  a", "a\n    \n",
        "1_000?", "0x1f", "1.5e3\n!x", "a.b = !c", "a = [\n!x]", "a = (b\n) = !c", "lambda: !x", "x = lambda: %y",
        "@x\n!y", "x := !y", "x += !y", "x -= %y", "a -> b = !c",
        "...\n!x", "...?", "x = ...?", "a\\\n!b", "a = \\\n!b", "a = \\\n%b c", "%a\n%b\n%c",
        "%cd ..\n!pwd\nx = %pwd\ny?", "%load_ext x\n%reload_ext x  ", "%alias a b %s",
        "!for i in 1 2; do echo $i; done", "!echo {x} $y $$z", "!cat <<EOF\nx\nEOF", "!echo \"unclosed", "%x '''\n!y",
        "!a '''\n!b\n!c '''", "%%html\n<b>\n'''", "%%x\n",
        "%%x", "%%", "%% x", "%%x y\\\nz", "a %%b", "%%a\n%%b", "x\n%%y", "%env A=b", "%pip install a",
        "!{sys.executable} -m pip", "await x\n!y", "print(f\"{x!r}\")", "a != b", "a!=b",
        "f(x)[0]?", "x.?", ".x?", "x..y?", "x[0][1]?", "x[0]y?", "a b?", "a + b?", "not x?", "-x?", "x[--1]?", "%a.b?",
        "a\n\nb?\n\nc", "b? \n", "b?\t", "  b?", "?\n?", "a?;b?",
    ]
}
