import Foundation
import GalleyParameters
import GalleyTestSupport
import Testing

@Suite struct `A language of parameters` {
    /// Compares a text with a file in `Tests/Fixtures/parameters`, or writes it there.
    private func expect(_ text: String, in file: String) throws {
        let path = Repository.fixture("parameters/" + file)
        if ProcessInfo.processInfo.environment["GALLEY_ACCEPT_PARAMETERS"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text, "\(file)")
    }

    private func language(_ name: String) throws -> any ParameterLanguage {
        try ParameterLanguages.language(kernel: nil, language: name)
    }

    @Test func `Each value has the literal in each language that a fixture shows, or is refused with a reason`() throws
    {
        #expect(LanguageValues.table.count >= 60)
        var refusals = ""
        for (language, _) in ParameterLanguages.all where language.name != "JavaScript" {
            var parameters = Parameters()
            for (name, value) in LanguageValues.table {
                do throws(ParameterError) {
                    _ = try language.source(assigning: Parameters([name: value]))
                    parameters.values[name] = value
                } catch {
                    guard case .unsupportedValue(let value, _, let reason) = error else { throw error }
                    refusals += "\(language.name)\t\(name)\t\(LanguageValues.quoted(value)): \(reason)\n"
                }
            }
            try expect(language.source(assigning: parameters), in: "\(language.name).txt")
        }
        try expect(refusals, in: "refusals.txt")
        let members = LanguageValues.table.map { "\"\($0.key)\": \(LanguageValues.json($0.value))" }
        try expect("{\n" + members.joined(separator: ",\n") + "\n}\n", in: "values.json")
    }

    @Test func `Secrets precede the values, sorted by name, as expressions that read the environment`() throws {
        var parameters = Parameters(["region": "eu"])
        parameters.secrets = ["token": "API_TOKEN", "password": "DB_PASSWORD"]
        let python = try language("python").source(assigning: parameters)
        #expect(
            python == """
                # Parameters
                import os
                password = os.environ["DB_PASSWORD"]
                token = os.environ["API_TOKEN"]
                region = "eu"

                """)
        parameters.values = [:]
        parameters.secrets["token"] = nil
        let sources = try ParameterLanguages.all.map {
            try "\($0.language.name):\n" + $0.language.source(assigning: parameters)
        }
        try expect(sources.joined(separator: "\n"), in: "secrets.txt")
    }

    @Test(
        arguments: [
            ("python3", nil, "Python"), ("python3.12", "julia", "Python"), ("xpython", nil, "Python"),
            ("conda-env-foo-py", nil, "Python"), ("conda-env-my-env-r", nil, "R"), ("pysparkkernel", nil, "Python"),
            ("ir", nil, "R"), ("sparkrkernel", nil, "R"), ("mine", "R", "R"), ("scala213", nil, "Scala"),
            ("sparkkernel", "python", "Scala"), ("julia-1.10", nil, "Julia"), ("mine", "julia", "Julia"),
            ("octave", nil, "Octave"), (nil, "matlab", "MATLAB"), (".net-csharp", nil, "C#"), (nil, "C#", "C#"),
            (".net-fsharp", nil, "F#"), (".net-powershell", nil, "PowerShell"), ("bash", nil, "bash"),
            ("deno", nil, "TypeScript"), ("javascript", nil, "JavaScript"), ("rust", nil, "Rust"),
            ("xcpp17", nil, "C++"),
            (nil, "C++17", "C++"), ("kotlin", nil, "Kotlin"), ("calysto_scheme", nil, "Scheme"),
        ] as [(String?, String?, String)])
    func `The kernel's name gives the language, and otherwise the notebook's`(
        kernel: String?, language: String?, name: String
    ) throws {
        #expect(try ParameterLanguages.language(kernel: kernel, language: language).name == name)
    }

    @Test func `SQL and other languages are refused by name`() throws {
        #expect(throws: ParameterError.unknownLanguage("sql")) {
            try ParameterLanguages.language(kernel: "xsql", language: "sql")
        }
        #expect(throws: ParameterError.unknownLanguage("cobol")) {
            try ParameterLanguages.language(kernel: "cobol", language: nil)
        }
        #expect(try ParameterLanguages.language(kernel: nil, language: nil).name == "Python")
    }

    @Test func `A keyword, an operator or a text that is no name is refused in each language`() throws {
        for (language, _) in ParameterLanguages.all {
            // R reads almost any name in backticks; bash and PowerShell tell variables from keywords.
            let others = language.name == "R" ? [] : ["1a", "a b", "a=b", "$a", "a;b", "if"]
            for name in ["", "a\nb", "a`b", "\u{2028}"] + others
            where name != "if" || !["bash", "PowerShell"].contains(language.name) {
                #expect(throws: ParameterError.invalidName(name, language: language.name), "\(language.name)") {
                    try language.source(assigning: Parameters([name: 1]))
                }
            }
            #expect(try language.source(assigning: Parameters(["region_2": 1])).contains("region_2"))
        }
    }

    @Test(
        arguments: [
            ("Python", ["class", "None"], ["größe", "_", "match"]), ("Scala", ["type", "_"], ["größe"]),
            ("Julia", ["end", "nothing"], ["größe"]),
            ("MATLAB", ["_a", "é", String(repeating: "a", count: 64)], ["a1"]),
            ("Octave", ["endif", "é"], ["_a"]), ("C#", ["class"], ["größe"]), ("F#", ["rec"], ["größe"]),
            ("PowerShell", ["Null", "PID", "_"], ["größe"]), ("Rust", ["fn", "_"], ["größe"]),
            ("Kotlin", ["fun"], ["größe"]),
            ("bash", ["PS1", "PROMPT_COMMAND", "RANDOM", "UID", "é"], ["PATH", "region"]),
            ("C++", ["int", "std"], ["x"]),
            ("TypeScript", ["let", "NaN"], ["größe"]), ("Scheme", ["define", "a.b"], ["a->b", "null?"]),
            ("R", ["", "a\\b"], []),
        ])
    func `A language has its own keywords and names`(name: String, refused: [String], accepted: [String]) throws {
        let language = try language(name)
        for name in refused {
            #expect(throws: ParameterError.invalidName(name, language: language.name)) {
                try language.source(assigning: Parameters([name: 1]))
            }
        }
        for name in accepted { #expect(try language.source(assigning: Parameters([name: 1])).contains(name)) }
    }

    @Test(arguments: [
        ("if", "`if`"), ("a b", "`a b`"), ("_a", "`_a`"), ("a.b", "a.b"), ("größe", "`größe`"), ("TRUE", "`TRUE`"),
    ])
    func `R reads other names in backticks`(name: String, spelled: String) throws {
        #expect(try language("R").source(assigning: Parameters([name: 1])) == "# Parameters\n\(spelled) = 1\n")
    }
}
