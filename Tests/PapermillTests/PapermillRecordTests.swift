import Galley
import GalleyExecution
import GalleyJupyterProtocol
import GalleyJSON
import GalleyNotebook
import GalleyPapermill
import GalleyParameters
import GalleyTesting
import Testing

@Suite struct PapermillRecordTests {
    private func options(_ parameters: Parameters = Parameters(), hidesSources: Bool = false) -> Options {
        var options = Options()
        options.kernels = ScriptedKernels { _ in
            ScriptedKernel { code in
                if code.contains("raise") { return .failing("ValueError", "no") }
                if code.contains("die") { return [.die(PostMortem(cause: .signalled(9)))] }
                return .running(printing: code)
            }
        }
        options.parameters = parameters
        let record = PapermillRecord(
            input: "in.ipynb", output: "out.ipynb", parameters: parameters, hidesSources: hidesSources)
        options.preparations = [record]
        options.middleware = [record]
        options.editors = [record]
        return options
    }

    private func notebook(_ sources: String...) -> Notebook {
        var notebook = Notebook()
        notebook.metadata["kernelspec"] = ["name": "python3", "language": "python", "display_name": "Python"]
        notebook.cells = JSONArray(sources.enumerated().map { .code($1, id: "c\($0)") } + [.markdown("end", id: "m")])
        return notebook
    }

    private func statuses(_ notebook: Notebook) -> [String] {
        notebook.cells.map { $0.metadata["papermill"]?["status"]?.string ?? "none" }
    }

    @Test func `A completed run has the keys of papermill`() async throws {
        let (result, _) = try await execute(notebook("a", "b"), options(Parameters(["days": 7])))
        let record = try #require(result.metadata["papermill"])
        #expect(
            record.members.map(\.key) == [
                "default_parameters", "duration", "end_time", "environment_variables", "exception", "input_path",
                "output_path", "parameters", "start_time", "version",
            ])
        #expect(record["parameters"]?["days"]?.int == 7)
        #expect(record["input_path"]?.string == "in.ipynb" && record["output_path"]?.string == "out.ipynb")
        #expect(record["exception"]?.isNull == true)
        #expect(record["start_time"]?.string?.hasSuffix("+00:00") == true)
        #expect(statuses(result) == ["completed", "completed", "completed", "completed"])
        let cell = try #require(result.cells[1].metadata["papermill"])
        #expect(cell.members.map(\.key) == ["duration", "end_time", "exception", "start_time", "status"])
        #expect(cell["exception"]?.bool == false)
    }

    @Test(arguments: ["raise", "die"])
    func `A cell that fails is marked, and later cells are pending`(source: String) async throws {
        let (result, report) = try await execute(notebook("a", source, "b"), options())
        #expect(!report.isSuccess)
        #expect(statuses(result) == ["none", "completed", "none", "failed", "pending", "pending"])
        #expect(result.metadata["papermill"]?["exception"]?.bool == true)
        #expect(result.cells[3].metadata["papermill"]?["exception"]?.bool == true)
        #expect(result.cells[4].metadata["papermill"]?["exception"]?.isNull == true)
        let marks = result.cells.indices.filter { result.cells[$0].tags == ["papermill-error-cell-tag"] }
        #expect(marks == [0, 2])
        #expect(result.cells[0].source.contains("#papermill-error-cell"))
        #expect(result.cells[2].source.contains("id=\"papermill-error-cell\""))
    }

    @Test func `The next run removes the marks of a failure`() async throws {
        var (result, _) = try await execute(notebook("a", "raise"), options())
        #expect(result.cells.count == 5)
        result.cells[3].source = "b"
        let (second, report) = try await execute(result, options())
        #expect(report.isSuccess)
        #expect(second.cells.map(\.id) == ["c0", "c1", "m"])
        #expect(statuses(second) == ["completed", "completed", "completed"])
    }

    @Test func `A secret is not in the record`() async throws {
        var parameters = Parameters(["days": 7])
        parameters.secrets["password"] = "DB_PASSWORD"
        let (result, _) = try await execute(notebook("a"), options(parameters))
        #expect(result.metadata["papermill"]?["parameters"]?.members.map(\.key) == ["days"])
    }

    @Test func `A report hides the source of code cells`() async throws {
        let (result, _) = try await execute(notebook("a"), options(hidesSources: true))
        #expect(result.cells[0].metadata["jupyter"]?["source_hidden"]?.bool == true)
        #expect(result.cells[1].metadata["jupyter"]?.isNull ?? true)
    }
}
