package import GalleyJSON
import GalleyJupyterProtocol

// The JSON form of reports. `report.schema.json` describes it.

extension Report {
    /// The schema version. It grows only with a change that readers of older versions would misread.
    package static let schema = 1

    /// The report in JSON.
    package var json: Value {
        var members: [(String, Value)] = [
            ("cell", .number(failingCell?.number)), ("cells", .array(cells.map(\.json))),
            ("duration", duration.json), ("file_line", .number(fileLine)),
            ("kept_kernel", keptKernel?.json ?? .null), ("kernel", .text(kernel)), ("message", .text(message)),
            ("notebook", .string(notebook)),
            ("result", .text(result)), ("results", .array(results.map { .object($0.members) })),
            ("schema", .number(Self.schema)), ("started", .string(started.description)),
            ("status", .string(outcome.status)), ("user", .text(user)),
            ("warnings", .array(ofStrings: warnings)),
        ]
        if !files.isEmpty { members.append(("files", .array(files.map(\.json)))) }
        if let postMortem { members.append(("post_mortem", postMortem.json)) }
        switch outcome {
        case .timedOut(let limit): members.append(("limit", limit.json))
        case .lostOutput(let loss): members.append(("loss", loss.json))
        case .stopped(let reason): members.append(("stopped_by", reason.json))
        default: break
        }
        return .object(members)
    }
}

extension CellReport {
    fileprivate var json: Value {
        var members = members + [("title", .string(title))]
        if let error { members.append(("traceback", .array(ofStrings: error.traceback))) }
        if let printed {
            let lines = Value.array(ofStrings: printed.lines)
            members.append(("printed", ["earlier_lines": .number(printed.earlierCount), "lines": lines]))
        }
        if let excerpt {
            let lines = Value.array(ofStrings: excerpt.lines)
            members.append(
                (
                    "source",
                    [
                        "first_line": .number(excerpt.firstLine), "line_count": .number(excerpt.lineCount),
                        "lines": lines,
                    ]
                ))
        }
        return .object(members)
    }

    /// The members of the cell's JSON object in events and reports.
    package var members: [(String, Value)] {
        var members: [(String, Value)] = [("cell", .number(number)), ("index", .number(index))]
        if let id { members.append(("cell_id", .string(id))) }
        members += [
            ("duration", duration.json), ("execution_count", .number(executionCount)),
            ("output_size", .number(outputSize)), ("outputs", .number(outputCount)),
            ("status", .string(outcome.status)),
        ]
        switch outcome {
        case .raised(let error, let isAllowed):
            members.append(("allowed", .bool(isAllowed)))
            members.append(
                ("error", ["line": .number(error.line), "name": .string(error.name), "value": .string(error.value)]))
        case .timedOut(let limit, let fate):
            members.append(("limit", limit.json))
            switch fate {
            case .survived: members.append(("kernel", "survived"))
            case .killed: members.append(("kernel", "killed"))
            case .failed(let failure): members += [("kernel", "died")] + failure.members
            }
        case .kernelFailed(let failure): members += failure.members
        case .lostOutput(let loss): members.append(("loss", loss.json))
        case .exited(let status):
            members.append(("exit_status", .number(status)))
            if let exitMessage { members.append(("exit_message", .string(exitMessage))) }
        case .stopped(let reason): members.append(("stopped_by", reason.json))
        default: break
        }
        return members
    }
}

extension KernelFailure {
    fileprivate var members: [(String, Value)] {
        let failure: Value =
            switch self {
            case .died(let end): ["kind": "died", "post_mortem": end.json]
            case .untrustworthy(let reason): ["kind": "untrustworthy", "reason": .string(reason)]
            case .disconnected(let reason): ["kind": "disconnected", "reason": .string(reason)]
            }
        return [("failure", failure), ("message", .string("\(self)"))]
    }
}

extension PostMortem {
    fileprivate var json: Value {
        let (cause, number): (String, Int32?) =
            switch self.cause {
            case .exited(let status): ("exited", status)
            case .signalled(let number): ("signalled", number)
            case .unknown: ("unknown", nil)
            }
        let memory: Value =
            switch self.memory {
            case .groupLimit: ["kind": "group-limit"]
            case .machine: ["kind": "machine"]
            case .kernelLimit(let bytes): ["bytes": .number(bytes), "kind": "kernel-limit"]
            case nil: .null
            }
        return [
            "cause": .string(cause), "last_lines": .array(ofStrings: lastLines), "lifetime": lifetime.json,
            "memory": memory, "number": .number(number.map(Int.init)), "peak_memory": .number(peakMemory),
        ]
    }
}

extension KeptKernel {
    /// The kernel in JSON, for events and reports.
    package var json: Value { .object(members) }

    /// The members of the JSON object.
    package var members: [(String, Value)] {
        var members: [(String, Value)] = [
            ("connection_file", .string(connectionFile)), ("process", .number(process)),
        ]
        if let server { members.append(("server", .string(server))) }
        if let id { members.append(("kernel_id", .string(id))) }
        return members
    }
}

extension OutputLoss {
    /// The loss in JSON.
    fileprivate var json: Value {
        switch self {
        case .rateLimit(let notice): ["kind": "rate-limit", "notice": .string(notice)]
        case .connection(let duration, let isReplyMissing):
            ["kind": "connection", "reply_missing": .bool(isReplyMissing), "seconds": duration.json]
        }
    }
}

extension StopReason {
    /// The reason in JSON.
    package var json: Value {
        switch self {
        case .signal(let number): ["kind": "signal", "signal": .number(Int(number))]
        case .cancelled: ["kind": "cancelled"]
        case .requested(let reason): ["kind": "requested", "reason": .string(reason)]
        }
    }
}

extension ExceededLimit {
    /// The limit in JSON, for records, events and reports.
    package var json: Value { ["kind": .string(kind.rawValue), "seconds": .number(duration.inSeconds)] }
}

extension Duration {
    /// The duration in seconds, rounded to the microsecond.
    package var json: Value { .number((clampedToClock.inSeconds * 1e6).rounded() / 1e6) }
}
