import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyNotebook

@testable import GalleyReports

/// Returns a notebook of these code cells, each of which has printed its own source.
func notebook(_ sources: [String]) -> Notebook {
    var notebook = Notebook()
    for source in sources {
        var cell = Cell.code(source, id: "c\(notebook.cells.count)")
        cell.outputs.append(.stream(.stdout, "out of \(source)\n"))
        notebook.cells.append(cell)
    }
    return notebook
}

/// Returns the report of a notebook whose first cells have these outcomes.
func job(
    _ outcome: RunOutcome, _ sources: [String], _ outcomes: [CellOutcome], name: String = "n/a.b.ipynb"
) throws -> JobReport {
    var report = try Plan(for: notebook(sources), RunSettings()).report(of: outcome, duration: .seconds(3))
    for (index, outcome) in outcomes.enumerated() {
        report.cells[index].outcome = outcome
        report.cells[index].duration = .milliseconds(1500)
    }
    report.kernel = "python3"
    var job = JobReport(name, .ran(report))
    (job.begin, job.end) = (.seconds(1), .seconds(4))
    return job
}

let error = CellError(
    name: "ValueError", value: "no <good> & \"bad\"",
    traceback: ["\u{1B}[31mCell In[2], line 7\u{1B}[0m", "]]> \u{0}x"],
    count: 2)

let moment = Timestamp(microseconds: 1_700_000_000_000_000)

func suite(_ job: JobReport, _ sources: [String], findings: [CheckFinding] = []) -> JUnitSuite {
    var job = job
    job.findings = findings
    return JUnitSuite(job, notebook(sources), began: moment, machine: "m")
}
