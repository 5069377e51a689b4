import Foundation
import GalleyExport
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

/// The results of nbconvert for all sample notebooks.
private enum Nbconvert {
    struct Result: Decodable, Sendable {
        let notebooks: [String: Documents]
        let cells: [String]
    }

    struct Documents: Decodable, Sendable {
        let script: Document
        let python: Document
        let markdown: Document
        let html: Page
        let galley: Page
    }

    struct Document: Decodable, Sendable {
        let text: String
        let `extension`: String
        let files: [String: Data]
    }

    struct Page: Decodable, Hashable, Sendable {
        let words: String
        let pictures: [[String]]
    }

    /// Options in both programs' forms, by the names of samples.
    static let options: [String: (galley: ExportOptions, nbconvert: String)] = {
        var tagged = ExportOptions()
        tagged.removedCellTags = ["remove-cell"]
        tagged.removedAllOutputsTags = ["remove-output"]
        tagged.removedInputTags = ["remove-input"]
        tagged.removedSingleOutputTags = ["remove-one"]
        tagged.removedCellPatterns = [#"\s*\Z"#]
        var bare = ExportOptions()
        bare.hidesInput = true
        bare.hidesPrompts = true
        var quiet = ExportOptions()
        quiet.hidesPrompts = true
        quiet.clearsOutput = true
        return [
            "tagged": (
                tagged,
                #"{"TagRemovePreprocessor": {"enabled": true, "remove_cell_tags": ["remove-cell"], "remove_all_outputs_tags": ["remove-output"], "remove_input_tags": ["remove-input"], "remove_single_output_tags": ["remove-one"]}, "RegexRemovePreprocessor": {"enabled": true, "patterns": ["\\s*\\Z"]}}"#
            ),
            "no-input": (
                bare,
                #"{"TemplateExporter": {"exclude_input": true, "exclude_input_prompt": true, "exclude_output_prompt": true}}"#
            ),
            "no-prompt": (
                quiet,
                #"{"TemplateExporter": {"exclude_input_prompt": true, "exclude_output_prompt": true}, "ClearOutputPreprocessor": {"enabled": true}}"#
            ),
        ]
    }()

    static let samples: [SampleNotebook] =
        SampleNotebook.all
        + ["no-input", "no-prompt"].map { name in
            SampleNotebook(
                name,
                SampleNotebook.all.filter {
                    !["raw-cells", SampleNotebook.differing].contains($0.name) && $0.language.kind == .object
                }.flatMap(\.cells))
        }

    static let result: Result? = {
        do {
            let folder = try TemporaryFolder()
            for sample in samples {
                let notebook = sample.notebook
                try Data(notebook.bytes).write(to: URL(fileURLWithPath: folder(sample.name + ".ipynb")))
                let chosen = options[sample.name]
                if let chosen { try folder.write(chosen.nbconvert, to: sample.name + ".json") }
                let page = try ExportedDocument(
                    of: notebook, as: .html, name: sample.name, options: chosen?.galley ?? ExportOptions())
                try Data(page.bytes).write(to: URL(fileURLWithPath: folder(sample.name + ".html")))
            }
            try JSONEncoder().encode(IPythonCells.chosen).write(to: URL(fileURLWithPath: folder("cells.json")))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Repository.python)
            process.arguments = [Repository.fixture("judges/conversions.py"), folder.path]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return try JSONDecoder().decode(Result.self, from: bytes)
        } catch {
            Issue.record(error)
            return nil
        }
    }()

    static func documents(_ sample: SampleNotebook) throws -> Documents {
        try #require(result?.notebooks[sample.name], "nbconvert has converted the notebook")
    }
}

@Suite(.slow) struct `Conversions beside nbconvert` {
    private func document(_ sample: SampleNotebook, _ format: ExportFormat) throws -> ExportedDocument {
        try ExportedDocument(
            of: sample.notebook, as: format, name: sample.name,
            options: Nbconvert.options[sample.name]?.galley ?? ExportOptions())
    }

    private func text(_ document: ExportedDocument) -> String { String(decoding: document.bytes, as: UTF8.self) }

    @Test func `There are at least twenty notebooks`() {
        #expect(Nbconvert.samples.count >= 20)
        #expect(Set(Nbconvert.samples.map(\.name)).count == Nbconvert.samples.count)
    }

    @Test(arguments: Nbconvert.samples)
    func `A script is byte for byte that of nbconvert`(sample: SampleNotebook) throws {
        let expected = try Nbconvert.documents(sample).script
        let script = try document(sample, .script)
        #expect(
            text(script).utf8.elementsEqual(expected.text.utf8),
            "\(text(script).debugDescription)\n\(expected.text.debugDescription)")
        #expect(script.fileExtension == expected.extension)
    }

    @Test(arguments: Nbconvert.samples.filter { $0.language["nbconvert_exporter"] != nil })
    func `A Python file is byte for byte that of nbconvert`(sample: SampleNotebook) throws {
        let expected = try Nbconvert.documents(sample).python
        #expect(try text(document(sample, .python)).utf8.elementsEqual(expected.text.utf8))
    }

    @Test(arguments: Nbconvert.samples)
    func `Markdown and its files are byte for byte those of nbconvert`(sample: SampleNotebook) throws {
        let expected = try Nbconvert.documents(sample).markdown
        let markdown = try document(sample, .markdown)
        #expect(
            text(markdown).utf8.elementsEqual(expected.text.utf8),
            "\(text(markdown).debugDescription)\n\(expected.text.debugDescription)")
        #expect(Dictionary(markdown.files.map { ($0.path, Data($0.bytes)) }) { $1 } == expected.files)
        #expect(markdown.warnings.isEmpty)
    }

    @Test(arguments: Nbconvert.samples.filter { $0.name != SampleNotebook.differing })
    func `A page shows the text and the pictures of nbconvert's page`(sample: SampleNotebook) throws {
        let documents = try Nbconvert.documents(sample)
        #expect(documents.galley.words == documents.html.words)
        #expect(documents.galley.pictures == documents.html.pictures)
    }

    @Test
    func `A page shows errors without traceback, overwritten lines and omissions otherwise than nbconvert's page`()
        throws
    {
        let sample = try #require(SampleNotebook.all.first { $0.name == SampleNotebook.differing })
        let documents = try Nbconvert.documents(sample)
        #expect(
            documents.galley.words
                == "xNameError:xjAninteractiveoutputisleftouthere,keptinthenotebook.kJSON(12bytes){\"a\":1}r20%remote[image:https://example.org/x.png]"
        )
        #expect(documents.html.words == "xjk{'a':1}r10%20%")
    }

    @Test func `IPython's syntax becomes the Python that IPython makes of it`() throws {
        let expected = try #require(Nbconvert.result).cells
        try #require(expected.count == IPythonCells.chosen.count)
        var notebook = Notebook()
        notebook.metadata["language_info"] = SampleNotebook.python
        for (source, python) in zip(IPythonCells.chosen, expected) {
            notebook.cells = [.code(source, id: "a")]
            let script = try text(ExportedDocument(of: notebook, as: .python, name: "a"))
            // IPython fails for indentation that Python cannot read, and for a string that does not end after `x = %`.
            if ["IndentationError: ", "IndexError: "].contains(where: python.hasPrefix) { continue }
            let start = "#!/usr/bin/env python\n# coding: utf-8\n\n# In[ ]:\n\n\n"
            #expect(script == start + python + "\n", "\(source.debugDescription)")
        }
    }
}
