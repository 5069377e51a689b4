import GalleyFlags
import Testing

@Suite struct `A command line` {
    private struct Asked: Equatable {
        var words: [String] = []
        var isLoud = false
    }

    private let parser = FlagParser<Asked>(
        [
            Flag("--word", "-w", takes: "WORD", example: "hello", in: .output, "Add a word") { asked, value, name in
                asked.words.append("\(name) \(value)")
            },
            Flag("--loud", "-l", in: .output, "Be loud") { $0.isLoud = true },
            Flag("--lower", in: .output, "Be lower") { $0.words.append("lower") },
            Flag("--again", takes: "WORD", example: "hello", isOptional: true, in: .output, "Repeat a word") {
                asked, value, name in asked.words.append("\(name) \(value)")
            },
            Flag("--count", takes: "N", example: "3", in: .many, "Count") { asked, value, name throws(UsageError) in
                asked.words.append("\(try FlagValueParser.number(value, name, from: 1))")
            },
        ], help: "say --help", refusal: { $0 == "--quiet" ? "--quiet is the opposite" : nil })

    private func parse(_ arguments: String...) throws -> (Asked, [String]) {
        var asked = Asked()
        let others = try parser.parse(arguments, into: &asked)
        return (asked, others)
    }

    @Test func `The parser gives each flag its value, in order, and returns the rest`() throws {
        let (asked, others) = try parse("a", "--word", "x", "-w=y=z", "-", "--loud", "-w5", "--count=2", "--word=", "b")
        #expect(asked == Asked(words: ["--word x", "-w y=z", "-w 5", "2", "--word "], isLoud: true))
        #expect(others == ["a", "-", "b"])
    }

    @Test func `An optional value follows only an equals sign`() throws {
        let (asked, others) = try parse("--again", "a", "--again=b", "--again")
        #expect(asked == Asked(words: ["--again ", "--again b", "--again "]))
        #expect(others == ["a"])
        #expect(FlagReference(parser.flags).description.contains("  --again[=WORD]\n"))
    }

    @Test func `The parser ends at two dashes, and accepts any attached value`() throws {
        let (asked, others) = try parse("--word=--loud", "-w=-w", "--", "--word", "--", "-w")
        #expect(asked == Asked(words: ["--word --loud", "-w -w"]))
        #expect(others == ["--word", "--", "-w"])
    }

    @Test(arguments: [
        (["--wrod", "x"], "'--wrod' is not an option. Did you mean '--word'? See 'say --help'"),
        (["--loud=yes"], "--loud takes no value"), (["--word"], "--word needs a value. See 'say --help'"),
        (["--count", "none"], "--count: 'none' is not a whole number of at least 1"),
        (["--quiet"], "--quiet is the opposite"),
        (["--xyz\u{1B}[31m\u{202E}x"], "'--xyz' is not an option. See 'say --help'"),
        (["-w5x"], "'-w5x' is not an option. If it is -w with its value, write -w 5x"),
        (["-word", "x"], "'-word' is not an option. Did you mean '--word'? See 'say --help'"),
        (["-lz"], "'-lz' is not an option. See 'say --help'"), (["-p"], "'-p' is not an option. See 'say --help'"),
        (["--lo"], "'--lo' is not an option. Did you mean '--loud' or '--lower'? See 'say --help'"),
        (["--coun=3"], "'--coun' is not an option. Did you mean '--count'? See 'say --help'"),
        (
            ["--word", "--loud"],
            "--word needs a value, and '--loud' looks like an option. If it is the value, write --word=--loud"
        ), (["-w", "-l"], "-w needs a value, and '-l' looks like an option. If it is the value, write -w=-l"),
        (["--word", "--"], "--word needs a value, and '--' looks like an option. If it is the value, write --word=--"),
    ])
    func `The parser refuses a wrong argument with a correction`(arguments: [String], problem: String) {
        var asked = Asked()
        #expect(throws: UsageError(problem)) { try parser.parse(arguments, into: &asked) }
    }

    @Test(arguments: [
        (["-lw5"], ["-w 5"]), (["-lw=x=y"], ["-w x=y"]), (["-lw", "x"], ["-w x"]), (["-ll", "-w", "-5"], ["-w -5"]),
        (["-l", "-w", "-"], ["-w -"]), (["--word", "-.5", "-l"], ["--word -.5"]),
    ])
    func `The parser accepts joined letters, and negative numbers as values`(arguments: [String], words: [String])
        throws
    {
        var asked = Asked()
        #expect(try parser.parse(arguments, into: &asked).isEmpty)
        #expect(asked == Asked(words: words, isLoud: true))
    }

    @Test func `The flag reference has headings and at most 80 columns`() {
        let long = String(repeating: "word ", count: 40)
        let flags = parser.flags + [Flag("--long", in: .output, long) { _ in }]
        let text = FlagReference(flags).description
        #expect(
            text.hasPrefix(
                "Output\n  --word, -w WORD\n      Add a word. Example: hello\n  --loud, -l\n      Be loud\n  --lower\n")
        )
        #expect(text.hasSuffix("\n\nMany notebooks\n  --count N\n      Count. Example: 3"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func `A flag can change a part of a larger value`() throws {
        struct Outer { var inner = Asked() }
        var outer = Outer()
        let flags = parser.flags.map { $0.inside(\Outer.inner) }
        _ = try FlagParser(flags, help: "say --help").parse(["--loud"], into: &outer)
        #expect(outer.inner.isLoud && flags.map(\.names) == parser.flags.map(\.names))
    }
}
