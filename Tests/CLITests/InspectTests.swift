import GalleyNotebook
import GalleyParameters
import Testing

@testable import GalleyCLI

@Suite struct `The lists of a notebook's parameters` {
    private func notebook(_ source: String?) -> Notebook {
        var notebook = Notebook()
        notebook.cells = [.code(source ?? "a = 1")]
        if source != nil { notebook.cells[0].tags = ["parameters"] }
        return notebook
    }

    @Test func `The page is the one that papermill prints for --help-notebook`() {
        let source = """
            region = 'eu'  # where
            days: int = 7
            threshold: float = 0.123456789  # the lowest value
            names = ['a very long', 'default value']
            """
        #expect(
            PapermillHelp(of: notebook(source), at: "a.ipynb", usage: "Usage: galley execute NOTEBOOK").text == """
                Usage: galley execute NOTEBOOK

                Parameters inferred for notebook 'a.ipynb':
                  region: Unknown type (default 'eu')
                                                  where
                  days: int (default 7)         \("  ")
                  threshold: float (default 0.123456789)
                                                  the lowest value
                  names: Unknown type (default ['a very long', 'default value'])
                """)
        #expect(
            PapermillHelp(of: notebook("a: int = 1 # one"), at: "a.ipynb", usage: "U").text.hasSuffix(
                "\n  a: int (default 1)              one"))
        #expect(
            PapermillHelp(of: notebook(nil), at: "a.ipynb", usage: "U").text.hasSuffix(
                ":\n\n  No cell tagged 'parameters'"))
        #expect(
            PapermillHelp(of: notebook("print(1)"), at: "a.ipynb", usage: "U").text.hasSuffix(
                ":\n\n  Can't infer anything about this notebook's parameters. It may not have any parameter defined."))
    }

    @Test func `JSON has each part of a parameter, and null for what is missing`() {
        let parameters = notebook("a: int = 1 # one\nb = \"x\\n\"").parameters()
        #expect(
            InspectCommand.json(parameters, "a.ipynb")
                == #"[{"default":"1","help":"one","name":"a","notebook":"a.ipynb","type":"int"},"#
                + #"{"default":"\"x\\n\"","help":null,"name":"b","notebook":"a.ipynb","type":null}]"#)
        #expect(InspectCommand.json([], "a.ipynb") == "[]")
    }

    @Test func `A notebook without parameters says what is missing`() {
        #expect(InspectCommand.reasonForNone(in: notebook(nil)).contains("No cell has the tag 'parameters'"))
        #expect(InspectCommand.reasonForNone(in: notebook("print(1)")).contains("no assignment"))
    }

    @Test func `Control characters of a notebook do not reach the page`() {
        let page = PapermillHelp(of: notebook("a = '\u{1B}[31m\u{202E}' # \u{7}x"), at: "\u{1B}]0;a", usage: "U").text
        #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(!page.unicodeScalars.contains { $0.properties.isBidiControl })
    }
}
