import GalleyExecution
package import GalleyJSON
import GalleyJupyterProtocol
import GalleyParameters

// The JSON form of reports, which `report.schema.json` describes.

extension BatchReport: Codable {
    /// Decodes a report that this version or an older one has written.
    public init(from decoder: any Decoder) throws {
        self = try Value.read(decoder) { json throws(ReportFormatError) in try Self(json: json) }
    }

    /// Encodes the report.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// The report as JSON.
    package var json: Value {
        let failed = jobs.count { if case .leftOut = $0.result { false } else { !$0.isSuccess } }
        let good = jobs.count(where: \.isSuccess)
        return [
            "counts": [
                "failed": .number(failed), "left_out": .number(jobs.count - failed - good),
                "succeeded": .number(good), "total": .number(jobs.count),
            ],
            "duration": duration.json, "galley": .string(version), "notebooks": .array(jobs.map(\.json)),
            "schema": .number(Report.schema), "started": .string(started.description),
            "stop": .text(stop?.description), "stopped_by": stop?.json ?? .null,
        ]
    }

    private init(json: Value) throws(ReportFormatError) {
        try Report.checkSchema(of: json)
        jobs = try json.list("notebooks") { json throws(ReportFormatError) in try JobReport(json: json) }
        (started, duration) = (try json.time("started"), try json.duration("duration"))
        if let reason = json.found("stopped_by"), !reason.isNull { stop = try StopReason(reason: reason) }
    }
}

extension JobReport: Codable {
    /// Decodes a report that this version or an older one has written.
    public init(from decoder: any Decoder) throws {
        self = try Value.read(decoder) { json throws(ReportFormatError) in try Self(json: json) }
    }

    /// Encodes the report.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// The report of the run as JSON, with the additions of the batch.
    fileprivate var json: Value {
        var json = (run ?? Report(outcome: .succeeded, cells: [], duration: span)).json
        if let source = run?.notebook, source != name { json["source"] = .string(source) }
        (json["notebook"], json["started"]) = (.string(name), .string((run?.started ?? started).description))
        (json["begin"], json["end"], json["waited"]) = (begin.json, end.json, waited.json)
        json["failed_attempts"] = .array(ofStrings: failedAttempts)
        json["warnings"] = .array(ofStrings: warnings)
        if !parameters.isEmpty { json["parameters"] = ParameterValue.map(parameters).portableJSON }
        if !distinguishingParameters.isEmpty {
            json["distinguishing_parameters"] = .array(ofStrings: distinguishingParameters)
        }
        switch result {
        case .ran: break
        case .failed(let error):
            if run != nil { json["run_status"] = json["status"] }
            (json["status"], json["message"]) = ("failed", .string("\(error)"))
        case .leftOut: json["status"] = "left-out"
        }
        return json
    }

    fileprivate init(json: Value) throws(ReportFormatError) {
        var run = json
        if let source = json.found("source") { run["notebook"] = source }
        let result: JobResult =
            switch try json.text("status") {
            case "failed": .failed(try RecordedError(run))
            case "left-out": .leftOut
            default: .ran(try Report(json: run))
            }
        self.init(try json.text("notebook"), result)
        started = try json.time("started")
        failedAttempts = try json.texts("failed_attempts")
        (begin, end, waited) = (try json.duration("begin"), try json.duration("end"), try json.duration("waited"))
        warnings = try json.texts("warnings")
        if case .map(let map)? = json.found("parameters").flatMap({ ParameterValue(portableJSON: $0) }) {
            parameters = map
        }
        if json.found("distinguishing_parameters") != nil {
            distinguishingParameters = try json.texts("distinguishing_parameters")
        }
    }
}

/// An error that was read from a report, which keeps only its description.
struct RecordedError: Error, CustomStringConvertible {
    let description: String
    /// The report of the run whose result could not be saved; nil if the notebook did not run.
    let report: Report?

    init(_ json: Value) throws(ReportFormatError) {
        description = try json.text("message")
        guard let status = json.found("run_status") else {
            report = nil
            return
        }
        var json = json
        json["status"] = status
        report = try Report(json: json)
    }
}
