import GalleyJSON
import GalleyNotebook
import GalleyParameters
import Testing

@Suite struct InjectedCellTests {
    private func notebook(_ cells: Cell..., minor: Int = 5) -> Notebook {
        var notebook = Notebook()
        notebook.metadata["kernelspec"] = ["name": "python3", "language": "python", "display_name": "Python"]
        notebook.cells = JSONArray(cells)
        return notebook
    }

    private func cell(_ source: String, _ id: String, tag: String? = nil) -> Cell {
        var cell = Cell.code(source, id: id)
        cell.tags = tag.map { [$0] } ?? []
        return cell
    }

    private let parameters = Parameters(["days": 7])

    @Test func `The cell follows the first cell of parameters`() throws {
        var notebook = notebook(
            cell("1", "a"), cell("days = 1", "b", tag: "parameters"), cell("2", "c", tag: "parameters"))
        #expect(
            try notebook.assign(parameters, kernel: nil) == [
                "2 cells have the tag 'parameters'. Galley uses the first; the others may replace its values"
            ])
        #expect(notebook.cells.map(\.id) == ["a", "b", "injected-parameters", "c"])
        #expect(notebook.cells[2].source == "# Parameters\ndays = 7")
        #expect(notebook.cells[2].tags == ["injected-parameters"])
        #expect(notebook.cells[1].source == "days = 1")
    }

    @Test func `Without a cell of parameters, the cell is the first, with a warning`() throws {
        var notebook = notebook(cell("1", "a"))
        let warnings = try notebook.assign(parameters, kernel: nil)
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("'parameters'"))
        #expect(notebook.cells.map(\.id) == ["injected-parameters", "a"])
    }

    @Test func `A cell of an earlier run is replaced where it stands and keeps its ID`() throws {
        var notebook = notebook(
            cell("days = 1", "b", tag: "parameters"), cell("1", "a"),
            cell("# Parameters\ndays = 3", "old", tag: "injected-parameters"))
        #expect(try notebook.assign(parameters, kernel: nil) == [])
        #expect(notebook.cells.map(\.id) == ["b", "a", "old"])
        #expect(notebook.cells[2].source == "# Parameters\ndays = 7")
    }

    @Test func `Further cells of earlier runs stay, with a warning`() throws {
        var notebook = notebook(
            cell("days = 1", "b", tag: "parameters"), cell("days = 2", "one", tag: "injected-parameters"),
            cell("days = 3", "two", tag: "injected-parameters"))
        #expect(
            try notebook.assign(parameters, kernel: nil) == [
                "2 cells have the tag 'injected-parameters'. Galley uses the first; the others may replace its values"
            ])
        #expect(notebook.cells.map(\.source) == ["days = 1", "# Parameters\ndays = 7", "days = 3"])
    }

    @Test func `A cell of an earlier run moves behind the default values`() throws {
        var notebook = notebook(
            cell("# Parameters\ndays = 3", "old", tag: "injected-parameters"), cell("1", "a"),
            cell("days = 1", "b", tag: "parameters"), cell("2", "c"))
        #expect(try notebook.assign(parameters, kernel: nil) == [])
        #expect(notebook.cells.map(\.id) == ["a", "b", "old", "c"])
        #expect(notebook.cells[2].source == "# Parameters\ndays = 7")
    }

    @Test func `The same parameters change nothing the second time, to the byte`() throws {
        var notebook = notebook(cell("days = 1", "b", tag: "parameters"))
        _ = try notebook.assign(parameters, kernel: nil)
        let first = notebook.bytes
        _ = try notebook.assign(parameters, kernel: nil)
        #expect(notebook.bytes == first)
    }

    @Test func `The ID of the cell is free, and there is none before nbformat 4_5`() throws {
        var taken = notebook(cell("1", "injected-parameters"))
        _ = try taken.assign(parameters, kernel: nil)
        #expect(taken.cells[0].id == "injected-parameters-2")

        var old = try Notebook(parsing: Array(#"{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":4}"#.utf8))
        _ = try old.assign(parameters, kernel: "python3")
        #expect(old.cells[0].id == nil)
    }

    @Test func `A chosen kernel decides on the language`() throws {
        var notebook = notebook(cell("1", "a"))
        _ = try notebook.assign(Parameters(["flag": true]), kernel: "ir")
        #expect(notebook.cells[0].source == "# Parameters\nflag = TRUE")
    }

    @Test func `A secret stands as an expression before the values`() throws {
        var notebook = notebook(cell("1", "a"))
        var parameters = parameters
        parameters.secrets = ["password": "DB_PASSWORD"]
        _ = try notebook.assign(parameters, kernel: nil)
        let source = "# Parameters\nimport os\npassword = os.environ[\"DB_PASSWORD\"]\ndays = 7"
        #expect(notebook.cells[0].source == source)
    }

    @Test func `An unknown name is a warning, or an error if wanted`() throws {
        var notebook = notebook(cell("days = 1", "b", tag: "parameters"))
        var parameters = Parameters(["days": 7, "dais": 8])
        let warnings = try notebook.assign(parameters, kernel: nil)
        #expect(warnings == ["The notebook has no parameter 'dais'. It has days"])
        #expect(notebook.cells[1].source == "# Parameters\ndays = 7\ndais = 8")
        parameters.isStrict = true
        #expect(throws: ParameterError.unknownNames(["dais"], known: ["days"])) {
            try notebook.assign(parameters, kernel: nil)
        }
    }

    @Test func `A value of another type than the annotated one is an error, unless types are not checked`() throws {
        var notebook = notebook(cell("days: int = 1", "b", tag: "parameters"))
        var parameters = Parameters(["days": "seven"])
        #expect(throws: ParameterError.self) { try notebook.assign(parameters, kernel: nil) }
        #expect(notebook.cells.count == 1)
        parameters.checksTypes = false
        #expect(try notebook.assign(parameters, kernel: nil) == [])
    }

    @Test func `A notebook of an unknown language is refused`() {
        var notebook = Notebook()
        notebook.metadata["kernelspec"] = ["name": "sql", "language": "sql"]
        #expect(throws: ParameterError.unknownLanguage("sql")) { try notebook.assign(parameters, kernel: nil) }
    }
}
