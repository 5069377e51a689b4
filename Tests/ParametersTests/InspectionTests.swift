import GalleyJSON
import GalleyNotebook
import GalleyParameters
import GalleyTestSupport
import Testing

/// A notebook with one cell with the tag `parameters`.
private func notebook(_ source: String, language: String? = nil, kernel: String? = nil) -> Notebook {
    var cell = Cell.code(source)
    cell.tags = ["parameters"]
    var notebook = Notebook()
    notebook.cells = [.markdown("parameters"), .code("other = 1"), cell]
    var kernelSpec: Value = [:]
    if let kernel { kernelSpec["name"] = .string(kernel) }
    if let language { kernelSpec["language"] = .string(language) }
    if kernel != nil || language != nil { notebook.metadata["kernelspec"] = kernelSpec }
    return notebook
}

/// The parameters in a form that is short to write: `name: type = default # help`.
private func parameters(_ source: String, _ language: String? = "python") -> [String] {
    notebook(source, language: language).parameters().map { parameter in
        parameter.name + (parameter.type.map { ": \($0)" } ?? "") + " = \(parameter.defaultValue)"
            + (parameter.help.map { " # \($0)" } ?? "")
    }
}

@Suite struct `The parameters of a notebook` {
    /// Cells of Python, and what papermill 2.7 finds in them, too.
    static let sharedCells: [(source: String, found: [String])] = [
        ("a = 1", ["a = 1"]),
        ("a=1", ["a = 1"]),
        ("a: int = 1", ["a: int = 1"]),
        ("a:int=1", ["a: int = 1"]),
        ("a: 'int' = 1", ["a: int = 1"]),
        ("a: List[str] = ['x', 'y']", ["a: List[str] = ['x', 'y']"]),
        ("a: Dict[str, List[int]] = {'x': [1]}", ["a: Dict[str, List[int]] = {'x': [1]}"]),
        ("a = 1  # the number of days", ["a = 1 # the number of days"]),
        ("a = 1  # type: int", ["a: int = 1"]),
        ("a = 1  # type: int  the number", ["a: int = 1 # the number"]),
        ("a: float = 1  # type: int  the number", ["a: float = 1 # the number"]),
        ("a = None", ["a = None"]),
        ("a = [\n  1,  # one\n\n  # more\n  2,\n]  # both", ["a = [1,2,] # both"]),
        ("a: dict = {\n    'x': 1,\n    'y': [2]\n}\nb = 2", ["a: dict = {'x': 1,'y': [2]}", "b = 2"]),
        ("a = (1 +\n     2)", ["a = (1 +2)"]),
        ("# a comment\n\na = f(x, y)[0]", ["a = f(x, y)[0]"]),
        ("a = 'x'\na = 'y'", ["a = 'y'"]),
        ("é = 1", ["é = 1"]),
        ("import os\nfrom x import y\nprint(1)", []),
        ("a", []),
        ("", []),
        ("(a) = 1\n[b] = [1]\nc.d = 1\ne['f'] = 1\ng, h = 1, 2", []),
        ("a += 1\na -= 1\na *= 2\na //= 2\na >>= 2\na @= 2\na |= 2", []),
        ("a == 1", []),
    ]

    @Test(arguments: sharedCells)
    func `The parameters of a Python cell are those that papermill finds`(source: String, found: [String]) {
        #expect(parameters(source) == found)
    }

    /// Cells of Python that papermill 2.7 misreads.
    static let otherCells: [(source: String, found: [String])] = [
        // papermill leaves out lines with two signs of equality, and names with other types.
        ("a = 'x=y'", ["a = 'x=y'"]),
        ("a = f(x=1)", ["a = f(x=1)"]),
        ("a = b = 1  # both", ["a = 1 # both", "b = 1 # both"]),
        ("a = 1; b = 2  # two", ["a = 1", "b = 2 # two"]),
        ("a: int | None = None", ["a: int | None = None"]),
        ("a: typing.List[int] = [1]", ["a: typing.List[int] = [1]"]),
        ("a: \"Callable[[int], str]\" = str", ["a: Callable[[int], str] = str"]),
        ("a = x == 2", ["a = x == 2"]),
        ("a = lambda b=1: b", ["a = lambda b=1: b"]),
        // Other statements end an assignment.
        ("a = 1\nprint(a)", ["a = 1"]),
        // A comment begins outside of strings, and a string keeps its lines.
        ("a = '#1'  # a color", ["a = '#1' # a color"]),
        ("a = '''x # y\n  b = 2\n''' # z", ["a = '''x # y\n  b = 2\n''' # z"]),
        ("a = \"\"\"it's \"b\" \\\"\"\"\" # q", ["a = \"\"\"it's \"b\" \\\"\"\"\" # q"]),
        ("a = rb'\\' # '  # raw", ["a = rb'\\' # ' # raw"]),
        ("a = f'{x[\"#\"]:>{n}} #' # f", ["a = f'{x[\"#\"]:>{n}} #' # f"]),
        ("a = f'{x['#']}' # nested", ["a = f'{x['#']}' # nested"]),
        ("a = f'{{' # brace", ["a = f'{{' # brace"]),
        ("a = f'{x:\\'>10}' # fill", ["a = f'{x:\\'>10}' # fill"]),
        ("a = f\"{x:'>10}\" # fill", ["a = f\"{x:'>10}\" # fill"]),
        ("a = 'x' \\\n    'y' # long", ["a = 'x''y' # long"]),
        ("a = (x\n  and y)", ["a = (x and y)"]),
        // Assignments that do not always run are not parameters.
        ("if x:\n    a = 1\nelse: b = 2\nc = 3", ["c = 3"]),
        ("for i in x: a = 1; b = 2\nc = 3", ["c = 3"]),
        ("def f(x=1):\n    a = 1\n\n    b = 2\nclass C:\n  a = 1\nasync def g(): a = 1\nc = 3", ["c = 3"]),
        ("try:\n\ta = 1\nfinally:\n\tb = 2\nwith x as y: z = 1\nc = 3", ["c = 3"]),
        ("match x:\n  case 1: a = 1\nmatch = 2", ["match = 2"]),
        // Commands to the kernel.
        ("%matplotlib inline\n!ls 'it\n?x\na = 1", ["a = 1"]),
        ("%%time\na = 1", ["a = 1"]),
        // A later assignment gives another default value to what is known.
        ("a: int = 1  # days\nb = 2\na = a + 1", ["a: int = a + 1 # days", "b = 2"]),
        ("a = 1  # type: ignore[x]", ["a = 1"]),
        ("  a = 1\n# c\n  b = 2\n  if x:\n    c = 3", ["a = 1", "b = 2"]),
        ("a = 1\r\nb = 2\r\n", ["a = 1", "b = 2"]),
        // Cells that Python refuses.
        ("a = 'x\nb = 2", ["a = 'x", "b = 2"]),
        ("a = 1\nb = [1,\nc = 3", ["a = 1"]),
        ("a =\nb = 2", ["b = 2"]),
        ("a = )\nb = 2", ["a = )", "b = 2"]),
    ]

    @Test(arguments: otherCells)
    func `A Python cell is read by its tokens, not by its lines`(source: String, found: [String]) {
        #expect(parameters(source) == found)
    }

    /// Cells of other languages.
    static let languages: [(language: String, source: String, found: [String])] = [
        (
            "R",
            "a <- 1 # one\nb.c = \"x#y\"\nd <- c(1,\n  2) # d\ne <-\n  5\nif (x) f <- 1\ng <- function(x) {\n  h <- 1\n}",
            ["a = 1 # one", "b.c = \"x#y\"", "d = c(1,2) # d", "e = 5", "g = function(x) {h <- 1}"]
        ),
        (
            "R", "x[1] <- 2\ny$z <- 3\nf(a = 1)\na <- r\"(x\" # )\" # raw\nb == 1\n`c d` <- 1",
            ["a = r\"(x\" # )\" # raw"]
        ),
        (
            "julia",
            "a = 1 # one\nb::Int = 2\nconst c::Vector{Int} = [1, 2]; # c\nd = \"x $(f(\"#\")) y\"\nif x\ne = 1\nend\n"
                + "f(x) = 2x\nfunction g()\nh = 1\nend\ni = 'a'\nj = a' # k\nl = [y for y in x][end]\nm += 1\n#= n = 1\n=#",
            [
                "a = 1 # one", "b: Int = 2", "c: Vector{Int} = [1, 2] # c", "d = \"x $(f(\"#\")) y\"", "i = 'a'",
                "j = a' # k", "l = [y for y in x][end]",
            ]
        ),
        (
            "octave",
            "a = 1; % one\nb = 'it''s'; c = \"x\\\"%\" # c\nd = a' + b'; % d\ne = [1, 2 ...\n 3]\nif x\nf = 1\nend\n[g, h] = f()\n"
                + "i(1) = 2\nj.k = 3\n%{\nl = 1\n%}\nm = x(end)",
            [
                "a = 1 # one", "b = 'it''s'", "c = \"x\\\"%\" # c", "d = a' + b' # d", "e = [1, 2 3]", "m = x(end)",
            ]
        ),
        ("matlab", "a = \"C:\\\"; % folder\nb = 1", ["a = \"C:\\\" # folder", "b = 1"]),
        (
            "scala",
            "val a = 1 // one\nvar b: Map[String, Int] = Map(\"x\" -> 1)\nval c =\n  5\nb = 2\ndef f(x: Int = 1) = x\n"
                + "val d = \"\"\"x \" // y\"\"\" // d\nval e = x\n  .map(_ + 1)\nval (f, g) = (1, 2)\nprivate val h = 'c'\n"
                + "class C { val i = 1 }",
            [
                "a = 1 # one", "b: Map[String, Int] = Map(\"x\" -> 1)", "c = 5", "d = \"\"\"x \" // y\"\"\" # d",
                "e = x.map(_ + 1)", "h = 'c'",
            ]
        ),
        (
            "kotlin",
            "%use dataframe\nval a = 1 // one\nvar b: String? = null\nconst val c = \"x ${f(\"//\")} y\"; val d = listOf(1,\n2)\n"
                + "fun f() { val e = 1 }\nval f by lazy { 1 }",
            ["a = 1 # one", "b: String? = null", "c = \"x ${f(\"//\")} y\"", "d = listOf(1,2)"]
        ),
        (
            "typescript",
            "let a = 1, b: number = 2 // two\nconst c: Map<string, number> = new Map<string, number>();  // c\n"
                + "export var d = `x ${`// ${y}`}\nz`\nlet {e} = x\nf = 1\nfunction g() { let h = 1 }\n"
                + "let i: (x: number) => void = f\nlet j = x\n  .y",
            [
                "a = 1 # two", "b: number = 2 # two", "c: Map<string, number> = new Map<string, number>() # c",
                "d = `x ${`// ${y}`}\nz`", "i: (x: number) => void = f", "j = x.y",
            ]
        ),
        (
            "C#",
            "#r \"nuget: X\"\nvar a = 1; // one\nint b = 2, c = 3;\nconst string d = @\"\"\"x\"\" // \";\nList<int> e = new()\n{ 1 }; // e\n"
                + "a = 2;\nx.y = 3;\nint? f = null; char g = '\"';\nvoid h(int i = 1) { int j = 2; }\nusing var k = f();\n"
                + "var l = $\"{x[\"//\"]}\"; // l",
            [
                "a = 1 # one", "b: int = 2", "c: int = 3", "d: string = @\"\"\"x\"\" // \"",
                "e: List<int> = new(){ 1 } # e",
                "f: int? = null", "g: char = '\"'", "l = $\"{x[\"//\"]}\" # l",
            ]
        ),
        (
            "F#",
            "let a = 1 // one\nlet mutable b: int list = [1; 2]\nlet c =\n    5\nlet f x = x + 1\nif a then\n  let d = 1\n  ()\n"
                + "(* let e = 1 *)\nlet g = \"(*\" // g\nlet h = 'c'\nlet i : 'a option = None",
            [
                "a = 1 # one", "b: int list = [1; 2]", "c = 5", "g = \"(*\" # g", "h = 'c'", "i: 'a option = None",
            ]
        ),
        (
            "PowerShell",
            "$a = 1 # one\n[int]$b = 2\n[string[]] $c = @('x', \"y `\" # $(f \"z\")\") # c\n$env:D = 1\n$e.f = 1\n"
                + "if ($x) { $g = 1 }\n$h = @{\n  x = 1\n}\n$i += 1\n<# $j = 1 #>\n$k = @\"\n$l = \"1\n\"@\n$m = x `\n  y",
            [
                "a = 1 # one", "b: [int] = 2", "c: [string[]] = @('x', \"y `\" # $(f \"z\")\") # c", "h = @{x = 1}",
                "k = @\"\n$l = \"1\n\"@", "m = x y",
            ]
        ),
        (
            "rust",
            ":dep rand = \"0.8\"\nlet a = 1; // one\nlet mut b: Vec<i32> = vec![1,\n 2]; // b\nconst C: &'static str = \"x // \\\" y\";\n"
                + "let Some(d) = x else { return };\nfn f() { let e = 1; }\nlet g = r#\"\" // \"#; let h = 'c';\na = 2;",
            [
                "a = 1 # one", "b: Vec<i32> = vec![1,2] # b", "C: &'static str = \"x // \\\" y\"",
                "g = r#\"\" // \"#", "h = 'c'",
            ]
        ),
        (
            "C++17",
            "#include <map>\nint a = 1; // one\nconst std::map<std::string, int> b = {{\"x\", 1}}; // b\nauto c = R\"(x\" // )\";\n"
                + "unsigned long d = 1, e = 2;\nx.y = 1;\nint f(int g = 1) { int h = 2; return h; }\nnamespace i = j;\n"
                + "const char* k = \"\\\"\";",
            [
                "a: int = 1 # one", "b: std::map<std::string, int> = {{\"x\", 1}} # b", "c = R\"(x\" // )\"",
                "d: unsigned long = 1", "e: unsigned long = 2", "k: char* = \"\\\"\"",
            ]
        ),
        (
            "bash",
            "a=1 # one\nb='x # y'\nc=\"$(echo \"# z\")\" # c\nexport d=x#y e=2\nf=(1\n  2) # f\ng= h=3\nX=1 make\ni+=1\n"
                + "if true; then\nj=1\nfi\nfor k in 1; do l=1; done\nm() { n=1; }\necho o = 1\ndeclare -i p=5\nq=${x:-y z}\n"
                + "case x in a) r=1;; esac\necho if\ns=a\\ b # s",
            [
                "a = 1 # one", "b = 'x # y'", "c = \"$(echo \"# z\")\" # c", "d = x#y", "e = 2", "f = (1 2) # f",
                "g = ",
                "h = 3", "p = 5", "q = ${x:-y z}", "s = a\\ b # s",
            ]
        ),
        (
            "scheme",
            "(define a 1) ; one\n(define b '(1\n 2)) (define c \"x ; y\")\n(define (f x) (define d 1) x)\n#| (define e 1) |#\n"
                + "(define g #\\() ; g\n(set! h 1)",
            ["a = 1 # one", "b = '(1 2)", "c = \"x ; y\"", "g = #\\( # g"]
        ),
    ]

    @Test(arguments: languages)
    func `A simple assignment of a language declares a parameter`(language: String, source: String, found: [String]) {
        #expect(parameters(source, language) == found)
    }

    @Test(
        arguments: [
            ("python3", nil), (nil, "python"), (nil, nil), ("my-env", "Python"), ("pysparkkernel", nil),
            ("xpython", "x"),
        ] as [(String?, String?)])
    func `A notebook of Python is recognized by its kernel or its language`(kernel: String?, language: String?) {
        #expect(notebook("a: int = 1", language: language, kernel: kernel).parameters().map(\.type) == ["int"])
    }

    @Test(
        arguments: [
            ("ir", nil, "a <- 1"), ("sparkrkernel", "python", "a <- 1"), ("sparkkernel", nil, "val a = 1"),
            ("julia-1.11", nil, "const a = 1"), (".net-csharp", nil, "var a = 1;"), (".net-fsharp", "F#", "let a = 1"),
            (".net-powershell", nil, "$a = 1"), ("deno", "typescript", "let a = 1"), ("xcpp17", nil, "int a = 1;"),
            ("calysto_scheme", "scheme", "(define a 1)"),
        ] as [(String, String?, String)])
    func `A notebook of another language is recognized by its kernel`(
        kernel: String, language: String?, source: String
    ) {
        #expect(notebook(source, language: language, kernel: kernel).parameters().map(\.name) == ["a"])
    }

    @Test func `The language that the last run has noted is that of a notebook without a kernel`() {
        var notebook = notebook("a <- 1")
        notebook.metadata["language_info"] = ["name": "R"]
        #expect(notebook.parameters().map(\.name) == ["a"])
    }

    @Test func `A notebook in an unknown language or without the tag has no parameters`() {
        #expect(notebook("a = 1", language: "brainfuck").parameters() == [])
        var untagged = notebook("a = 1")
        for index in untagged.cells.indices { untagged.cells[index].tags = [] }
        #expect(untagged.parameters() == [])
    }

    @Test func `Only the first cell with the tag counts, and only if it is code`() {
        var notebook = notebook("a = 1")
        notebook.cells[1].tags = ["x", "parameters"]
        #expect(notebook.parameters().map(\.name) == ["other"])
        notebook.cells[0].tags = ["parameters"]
        #expect(notebook.parameters() == [])
    }

    @Test(arguments: Set(languages.map(\.language) + ["python"]))
    func `Any text is read to its end`(language: String) {
        var generator = SeededGenerator(seed: 19)
        let parts = Self.languages.flatMap(\.source).map(String.init) + ["\"", "'", "`", "{", "(", "\n", "$(", "\\"]
        for _ in 0..<40 {
            _ = parameters((0..<60).map { _ in parts.randomElement(using: &generator) ?? "" }.joined(), language)
        }
        // A reader that begins again at each mark, or that calls itself for each, does not come to an end.
        for part in ["f\"{", "\"$(", "\"${", "$\"{", "`${", "(", "[", "'", "\\", "=", "a=", "/*", "if ", "\n "] {
            _ = parameters("a = 1\n" + String(repeating: part, count: 3000), language)
        }
    }
}
