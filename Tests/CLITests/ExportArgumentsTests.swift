import GalleyExport
import GalleyFlags
import Testing

@testable import GalleyCLI

@Suite struct `The options of a conversion` {
    private func settings(_ arguments: [String]) throws -> ExportSettings {
        var settings = ExportSettings()
        let parser = FlagParser(ExportSettings.flags, help: "galley export --help")
        #expect(try parser.parse(arguments, into: &settings).isEmpty)
        return settings
    }

    @Test func `Galley's and nbconvert's names mean the same`() throws {
        let own = try settings([
            "--to", "html", "--remove-cells", "a", "--remove-cells", "b", "--remove-outputs", "c", "--remove-output",
            "d",
            "--remove-inputs", "e", "--remove-matching", #"\s*\Z"#,
        ])
        let nbconvert = try settings([
            "--to=HTML", "--TagRemovePreprocessor.enabled=True",
            "--TagRemovePreprocessor.remove_cell_tags={'a', \"b\"}",
            "--TagRemovePreprocessor.remove_all_outputs_tags=['c']",
            "--TagRemovePreprocessor.remove_single_output_tags", "d", "--TagRemovePreprocessor.remove_input_tags=e",
            "--RegexRemovePreprocessor.enabled=True", #"--RegexRemovePreprocessor.patterns=['\\s*\\Z']"#,
        ])
        #expect(own.format == .html && nbconvert.format == .html)
        #expect(own.exportOptions == nbconvert.exportOptions)
        #expect(own.exportOptions.removedCellTags == ["a", "b"])
        #expect(own.exportOptions.removedCellPatterns == [#"\s*\Z"#])
    }

    @Test func `Removals that are not enabled remove nothing`() throws {
        let settings = try settings([
            "--remove-cells=a", "--remove-matching=b", "--TagRemovePreprocessor.enabled=False",
            "--RegexRemovePreprocessor.enabled=False", "--no-input", "--no-prompt", "--clear-output", "--embed-images",
        ])
        var expected = ExportOptions()
        expected.hidesInput = true
        expected.hidesPrompts = true
        expected.clearsOutput = true
        expected.embedsImages = true
        #expect(settings.exportOptions == expected)
    }

    @Test(
        arguments: [
            ("['a', 'b']", ["a", "b"]), (#"["a\\s", r'\s', '\s']"#, [#"a\s"#, #"\s"#, #"\s"#]), ("[]", []),
            (#"['it\'s\n']"#, ["it's\n"]), ("('a',)", ["a"]), ("[ 'a' , 'b' ]", ["a", "b"]), ("[a-z]", nil),
            ("['a'", nil),
            ("['a]", nil), ("['a' 'b']", nil), ("a", nil), ("", nil), ("[", nil), ("['", nil), ("[r]", nil),
        ] as [(String, [String]?)])
    func `A list of strings is read as Python writes it`(text: String, expected: [String]?) {
        #expect(PythonList(text).texts == expected)
    }

    @Test(
        arguments: [
            ("--to pdf a.ipynb", "jupyter nbconvert --to pdf"), ("--to htm a.ipynb", "html"), ("a.ipynb", "--to"),
            ("--to html", "which notebook"), ("--to html --stdout --output x a.ipynb", "--stdout"),
            ("--to html --remove-matching ( a.ipynb", "'('"),
        ])
    func `A command line that no conversion can follow is refused with a way out`(line: String, part: String) {
        #expect {
            _ = try Invocation(["export"] + line.split(separator: " ").map(String.init))
        } throws: { ($0 as? UsageError)?.problem.contains(part) == true }
    }
}
