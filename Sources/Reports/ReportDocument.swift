package import Galley
import GalleyExecution
package import GalleyJSON

/// The report of a batch as one JSON document: the library's form with what only the program knows.
///
/// `report.schema.json` describes it.
package enum ReportDocument {
    /// Returns the report's JSON with the members that only the `galley` program adds.
    ///
    /// - Parameters:
    ///   - ends: For each notebook the exit status of a run of it alone, and the location of its result.
    ///   - exitStatus: The program's exit status.
    package static func document(
        _ report: BatchReport, _ ends: [(exitStatus: Int32, result: String?)], exitStatus: Int32
    ) -> Value {
        var json = report.json
        json["exit_status"] = .number(Int(exitStatus))
        for (index, (jobReport, end)) in zip(report.jobs, ends).enumerated() {
            let own = json["notebooks"]?[index] ?? [:]
            json["notebooks"]?[index] = notebook(own, jobReport, end.exitStatus, end.result)
        }
        return json
    }

    private static func notebook(_ json: Value, _ jobReport: JobReport, _ exitStatus: Int32, _ result: String?) -> Value
    {
        var json = json
        (json["exit_status"], json["result"]) = (.number(Int(exitStatus)), .text(result))
        (json["status"], json["message"]) = (.string(jobReport.status), .text(jobReport.sentence))
        json["cell"] = .number(jobReport.cell)
        json["file_line"] = .number(jobReport.fileLine)
        for (index, cell) in (jobReport.run?.cells ?? []).enumerated() {
            let own = jobReport.findings.filter { $0.index == cell.index }
            if own.isEmpty { continue }
            let list = own.map { finding -> Value in
                ["lines": .array(ofStrings: finding.lines), "what": .string(finding.what)]
            }
            json["cells"]?[index]["differences"] = .array(list)
        }
        return json
    }
}
