import Foundation
import GalleyParameters
import GalleyTestSupport
import Testing

/// Random values and names, made of the fragments that a parser may mistake for something else.
private struct HostileParameters {
    var generator: SeededGenerator

    private static let fragments = [
        "\"", "'", "'''", "\"\"\"", "\\", "\\\\", "\n", "\r", "\r\n", "\t", "\u{1}", "\u{1B}", "\u{7F}", "$", "${", "}",
        "$(id)",
        "`id`", "`", "#", "*/", "//", "--", ";", "%", "%%", "{", "{{", "(", ")", "\u{2028}", "\u{2029}", "\u{85}",
        "\u{202E}",
        "\u{FEFF}", "é", "日", "😀", "e\u{301}", "0", "7", "a", "n", "x", "u0041", "\\N{DASH}", "\\U0001", " ", "=", "!",
        "!!",
        "~", "&&", "|", "> f", "<(id)", "[0]", "*", "?", "@", "^", "EOF", "import os", "system('id')", ",", ":",
        "\u{10FFFF}",
    ]
    private static let words = ["if", "TRUE", "class", "PS1", "eval", "_", "x", "Größe", "ｉｄ", "a.b", "ªb", "T", "ǆ"]

    mutating func text() -> String {
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in Self.fragments.randomElement(using: &generator) ?? ""
        }
        .joined()
    }

    /// A name that may be no variable.
    mutating func name(_ index: Int) -> String {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: text()
        case 1: (Self.words.randomElement(using: &generator) ?? "") + text()
        case 2: Self.words.randomElement(using: &generator) ?? ""
        default: "v\(index)"
        }
    }

    mutating func value(depth: Int = 0) -> ParameterValue {
        switch Int.random(in: 0..<(depth < 3 ? 12 : 10), using: &generator) {
        case 0: return nil
        case 1: return .bool(.random(using: &generator))
        case 2:
            return .integer(
                ParameterInteger(.random(in: -9_007_199_254_740_991...9_007_199_254_740_991, using: &generator)))
        case 3: return .double(.random(in: -1e6...1e6, using: &generator))
        case 4: return .double([.nan, .infinity, -.infinity, -0.0, 1e300, 1e-7].randomElement(using: &generator) ?? 0)
        case 10: return .list((0..<Int.random(in: 0...4, using: &generator)).map { _ in value(depth: depth + 1) })
        case 11:
            var map = ParameterMap()
            for _ in 0..<Int.random(in: 0...4, using: &generator) { map[text()] = value(depth: depth + 1) }
            return .map(map)
        default: return .string(text())
        }
    }
}

@Suite(.serialized) struct `A cell of parameters` {
    @Test(.slow, arguments: ["Python", "R", "bash"])
    func `The cell only assigns, with hostile names and values too`(name: String) throws {
        let environment = ProcessInfo.processInfo.environment
        let language = try ParameterLanguages.language(kernel: nil, language: name)
        let seeds = [19, environment["GALLEY_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)]
        print("parameters, \(name): GALLEY_SEED=\(seeds[1]) repeats them")
        for seed in seeds {
            var random = HostileParameters(generator: SeededGenerator(seed: seed))
            var (source, values, count, refused) = ("", "", 0, 0)
            while count < 25_000 {
                let (hostile, value) = (random.name(count), random.value())
                var name = hostile
                if (try? language.assignment(of: "", to: hostile)) == nil {
                    name = "v\(count)"
                    refused += 1
                }
                guard let line = try? language.source(assigning: Parameters([name: value])) else { continue }
                source += line.dropFirst(language.heading.count + 1)
                values += "[\(LanguageValues.quoted(name)), \(LanguageValues.json(value))]\n"
                count += 1
            }
            #expect(refused > 1000 && refused < 24_000)
            let folder = try TemporaryFolder()
            try source.write(toFile: folder.path + "/source", atomically: true, encoding: .utf8)
            try values.write(toFile: folder.path + "/values", atomically: true, encoding: .utf8)
            let judge = Repository.fixture("judges/parameters.py")
            let output = try output(of: [judge, "assignments", name, folder.path])
            #expect(output == "25000\n", "GALLEY_SEED=\(seed)")
        }
    }

    @Test(.slow, arguments: ["C#", "F#", "Julia", "MATLAB", "PowerShell", "Scala", "Rust", "C++"])
    func `The grammar of the language reads the fixture without an error`(language: String) throws {
        let judge = Repository.fixture("judges/grammars.py")
        let output = try output(
            of: [judge, language], program: Repository.root + "/.build/python-languages/bin/python")
        #expect(output == "")
    }

    /// Runs a judge, and returns what it prints.
    private func output(of arguments: [String], program: String = Repository.python) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
