package import Execution
package import Galley
package import JSON
package import JupyterProtocol

/// The whole report of a batch as one JSON document, which `report.schema.json` describes.
package enum ReportDocument {
    /// Grows when a reader of an older form would be misled.
    package static let schema = 1

    /// Makes the document.
    ///
    /// - Parameters:
    ///   - verdicts: What is said of each notebook, with the status that a run of it alone would end with and where its
    ///     result is.
    ///   - began: When the batch began.
    ///   - exitStatus: What the program ends with.
    package static func document(
        _ report: BatchReport, _ verdicts: [(verdict: Verdict, exitStatus: Int32, result: String?)], began: Timestamp,
        exitStatus: Int32
    ) -> Value {
        let failed = verdicts.count { $0.verdict.hasFailed }
        let leftOut = verdicts.count { $0.verdict.isLeftOut }
        return [
            "counts": [
                "failed": .number(failed), "left_out": .number(leftOut),
                "succeeded": .number(verdicts.count - failed - leftOut), "total": .number(verdicts.count),
            ],
            "duration": report.duration.json, "exit_status": .number(Int(exitStatus)),
            "galley": .string(Galley.version),
            "notebooks": .array(verdicts.map { notebook($0.verdict, $0.exitStatus, $0.result) }),
            "schema": .number(schema), "started": .string(began.description),
            "stop": report.stop.map { .string("\($0)") } ?? .null,
        ]
    }

    private static func notebook(_ verdict: Verdict, _ exitStatus: Int32, _ result: String?) -> Value {
        let job = verdict.job
        func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
        var members: [(String, Value)] = [
            ("begin", job.begin.json), ("cell", verdict.cell.map { .number($0) } ?? .null),
            ("cells", .array(job.run?.cells.map { cell($0, verdict.findings) } ?? [])),
            ("duration", verdict.duration.json), ("end", job.end.json), ("exit_status", .number(Int(exitStatus))),
            ("failed_attempts", .array(job.failedAttempts.map { .string($0) })),
            ("file_line", verdict.fileLine.map { .number($0) } ?? .null), ("kernel", text(job.run?.kernel)),
            ("message", text(verdict.sentence)), ("notebook", .string(job.name)), ("result", text(result)),
            ("status", .string(verdict.status)), ("user", text(job.run?.user)),
            ("waited", job.waited.json), ("warnings", .array(job.warnings.map { .string($0) })),
        ]
        if let death = job.run?.outcome.death { members.append(("post_mortem", death.json)) }
        return .object(members)
    }

    private static func cell(_ cell: CellReport, _ findings: [Verdict.Finding]) -> Value {
        let own = findings.filter { $0.index == cell.index }
        var members = cell.members + [("title", .string(cell.title))]
        if let error = cell.error {
            members.append(("traceback", .array(error.traceback.map { .string($0) })))
        }
        if !own.isEmpty {
            let list = own.map { finding -> Value in
                ["lines": .array(finding.lines.map { .string($0) }), "what": .string(finding.what)]
            }
            members.append(("differences", .array(list)))
        }
        return .object(members)
    }
}

extension CellReport {
    /// What became of the cell, as events and reports tell it.
    package var members: [(String, Value)] {
        var members: [(String, Value)] = [("cell", .number(number)), ("index", .number(index))]
        if let id { members.append(("cell_id", .string(id))) }
        members += [("duration", duration.json), ("status", .string(outcome.status))]
        switch outcome {
        case .raised(let error, let isAllowed):
            members.append(("allowed", .bool(isAllowed)))
            let line = error.line.map { Value.number($0) } ?? .null
            members.append(("error", ["line": line, "name": .string(error.name), "value": .string(error.value)]))
        case .timedOut(let limit, let fate):
            members.append(("limit", limit.json))
            let (word, failure): (String, KernelFailure?) =
                switch fate {
                case .survived: ("survived", nil)
                case .killed: ("killed", nil)
                case .failed(let failure): ("died", failure)
                }
            members.append(("kernel", .string(word)))
            if let failure { members.append(("message", .string("\(failure)"))) }
        case .kernelFailed(let failure): members.append(("message", .string("\(failure)")))
        case .exited(let status): members.append(("exit_status", .number(status)))
        default: break
        }
        return members
    }
}

extension Duration {
    /// The time in seconds, to the microsecond.
    package var json: Value { .number((inSeconds * 1e6).rounded() / 1e6) }
}

extension RunOutcome {
    /// What is known of the kernel's death, where it was that.
    fileprivate var death: PostMortem? {
        guard case .kernelFailed(.died(let death)) = self else { return nil }
        return death
    }
}

extension PostMortem {
    fileprivate var json: Value {
        let (cause, number): (String, Int32?) =
            switch self.cause {
            case .exited(let status): ("exited", status)
            case .signalled(let number): ("signalled", number)
            default: ("unknown", nil)
            }
        return [
            "cause": .string(cause), "last_lines": .array(lastLines.map { .string($0) }), "lifetime": lifetime.json,
            "number": number.map { .number(Int($0)) } ?? .null, "peak_memory": .number(peakMemory),
        ]
    }
}
