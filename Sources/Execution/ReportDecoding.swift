package import GalleyJSON
package import GalleyJupyterProtocol

/// An invalid report in JSON.
package struct ReportFormatError: Error, CustomStringConvertible {
    /// The key whose value is missing or invalid.
    let key: String

    package var description: String { "not a valid report: '\(key)' is missing or invalid" }
}

extension Report: Codable {
    /// Decodes a report that this version or an older one wrote.
    public init(from decoder: any Decoder) throws {
        self = try Value.read(decoder) { json throws(ReportFormatError) in try Self(json: json) }
    }

    /// Encodes the report.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

    /// Reads a report from JSON.
    ///
    /// - Throws: ``ReportFormatError`` if the JSON is not a report, or has a newer schema version.
    package init(json: Value) throws(ReportFormatError) {
        try Self.checkSchema(of: json)
        let cells = try json.list("cells") { json throws(ReportFormatError) in try CellReport(json: json) }
        let decisive = json.found("cell")?.int.flatMap { number in cells.first { $0.number == number } }?.outcome
        let outcome = try RunOutcome(json, decisive)
        self.init(outcome: outcome, cells: cells, duration: try json.duration("duration"))
        started = try json.time("started")
        notebook = try json.text("notebook")
        (result, kernel, user) = (
            json.found("result")?.string, json.found("kernel")?.string, json.found("user")?.string
        )
        fileLine = json.found("file_line")?.int
        keptKernel = json.found("kept_kernel").flatMap { kept in
            if let server = kept.found("server")?.string, let id = kept.found("kernel_id")?.string {
                return KeptKernel(server: server, id: id)
            }
            return kept.found("connection_file")?.string.map {
                KeptKernel(connectionFile: $0, process: kept.found("process")?.int)
            }
        }
        warnings = try json.texts("warnings")
        results = try NamedResults(json: json)
        files = json.found("files")?.elements.compactMap { CollectedFile(json: $0) } ?? []
    }

    /// Checks that a document has a supported schema version.
    package static func checkSchema(of json: Value) throws(ReportFormatError) {
        guard try json.int("schema") <= schema else { throw ReportFormatError(key: "schema") }
    }
}

extension RunOutcome {
    /// - Parameter cell: The outcome of the cell that determined the run's outcome; nil if none did.
    fileprivate init(_ json: Value, _ cell: CellOutcome?) throws(ReportFormatError) {
        let status = try json.text("status")
        self =
            switch (status, cell) {
            case ("succeeded", .exited(let status)?), ("exited", .exited(let status)?): .exited(status: status)
            // The result of a comparison is not part of the run's outcome.
            case ("succeeded", _), ("differs", _): .succeeded
            case ("raised", .raised(let error, _)?): .raised(error)
            case ("timed-out", _): .timedOut(try ExceededLimit(json))
            case ("kernel-died", .kernelFailed(let failure)?): .kernelFailed(failure)
            case ("output-lost", _): .lostOutput(try OutputLoss(json))
            case ("stopped", _): .stopped(try StopReason(json))
            default: throw ReportFormatError(key: "status")
            }
    }
}

extension CellReport {
    fileprivate init(json: Value) throws(ReportFormatError) {
        self.init(
            index: try json.int("index"), number: try json.int("cell"), id: json.found("cell_id")?.string,
            title: try json.text("title"), outcome: try CellOutcome(json), duration: try json.duration("duration"))
        executionCount = json.found("execution_count")?.int
        (outputCount, outputSize) = (try json.int("outputs"), try json.int("output_size"))
        if let source = json.found("source") {
            decodedExcerpt = SourceExcerpt(
                lines: try source.texts("lines"), firstLine: try source.int("first_line"),
                lineCount: try source.int("line_count"), markedLine: error?.line)
        }
        exitMessage = json.found("exit_message")?.string
        if let printed = json.found("printed") {
            self.printed = PrintedLines(
                lines: try printed.texts("lines"), earlierCount: try printed.int("earlier_lines"))
        }
    }
}

extension CellOutcome {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let status = try json.text("status")
        self =
            switch status {
            case "succeeded": .succeeded
            case "raised": .raised(try CellError(json), isAllowed: json.found("allowed")?.bool ?? false)
            case "exited": .exited(status: try json.int("exit_status"))
            case "timed-out": .timedOut(try ExceededLimit(json), try InterruptOutcome(json))
            case "kernel-died": .kernelFailed(try KernelFailure(json))
            case "output-lost": .lostOutput(try OutputLoss(json))
            case "stopped": .stopped(try StopReason(json))
            case "skipped": .skipped
            case "blank": .blank
            case "not-selected": .notSelected
            case "not-reached": .notReached
            default: throw ReportFormatError(key: "status")
            }
    }
}

extension CellError {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let error = try json.member("error")
        self.init(
            name: try error.text("name"), value: try error.text("value"), traceback: try json.texts("traceback"),
            line: error.found("line")?.int)
    }
}

extension InterruptOutcome {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let fate = try json.text("kernel")
        self =
            switch fate {
            case "survived": .survived
            case "killed": .killed
            case "died": .failed(try KernelFailure(json))
            default: throw ReportFormatError(key: "kernel")
            }
    }
}

extension KernelFailure {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let failure = try json.member("failure")
        let kind = try failure.text("kind")
        self =
            switch kind {
            case "died": .died(try PostMortem(try failure.member("post_mortem")))
            case "untrustworthy": .untrustworthy(try failure.text("reason"))
            case "disconnected": .disconnected(try failure.text("reason"))
            default: throw ReportFormatError(key: "kind")
            }
    }
}

extension OutputLoss {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let loss = try json.member("loss")
        let kind = try loss.text("kind")
        self =
            switch kind {
            case "rate-limit": .rateLimit(notice: try loss.text("notice"))
            case "connection":
                .connection(
                    try loss.duration("seconds"), isReplyMissing: loss.found("reply_missing")?.bool ?? false)
            default: throw ReportFormatError(key: "kind")
            }
    }
}

extension PostMortem {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let word = try json.text("cause")
        let cause: Cause =
            switch word {
            case "exited": .exited(try json.int32("number"))
            case "signalled": .signalled(try json.int32("number"))
            default: .unknown
            }
        let kind = json.found("memory")?["kind"]?.string
        let memory: OutOfMemoryCause? =
            switch kind {
            case "group-limit": .groupLimit
            case "machine": .machine
            case "kernel-limit": .kernelLimit(bytes: try json.member("memory").int("bytes"))
            default: nil
            }
        self.init(
            cause: cause, memory: memory, peakMemory: try json.int("peak_memory"),
            lifetime: try json.duration("lifetime"), lastLines: try json.texts("last_lines"))
    }
}

extension StopReason {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        try self.init(reason: try json.member("stopped_by"))
    }

    /// Reads the reason why a run was stopped.
    package init(reason json: Value) throws(ReportFormatError) {
        let kind = try json.text("kind")
        self =
            switch kind {
            case "signal": .signal(try json.int32("signal"))
            case "cancelled": .cancelled
            case "requested": .requested(try json.text("reason"))
            default: throw ReportFormatError(key: "kind")
            }
    }
}

extension ExceededLimit {
    fileprivate init(_ json: Value) throws(ReportFormatError) {
        let limit = try json.member("limit")
        guard let kind = Kind(rawValue: try limit.text("kind")) else { throw ReportFormatError(key: "kind") }
        self.init(kind: kind, duration: try limit.duration("seconds"))
    }
}

extension Value {
    /// Returns the member with this key, in snake case or camel case: a decoder may convert keys.
    package func found(_ key: String) -> Value? { self[key] ?? self[key.inCamelCase] }

    /// Decodes JSON and converts it with `make`; a format error becomes a `DecodingError`.
    package static func read<Result>(
        _ decoder: any Decoder, _ make: (Value) throws(ReportFormatError) -> Result
    ) throws -> Result {
        let json = try Value(from: decoder)
        do throws(ReportFormatError) {
            return try make(json)
        } catch {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
        }
    }

    package func member(_ key: String) throws(ReportFormatError) -> Value { try found(key).orMissing(key) }
    package func text(_ key: String) throws(ReportFormatError) -> String { try (found(key)?.string).orMissing(key) }
    package func int(_ key: String) throws(ReportFormatError) -> Int { try (found(key)?.int).orMissing(key) }

    fileprivate func int32(_ key: String) throws(ReportFormatError) -> Int32 {
        try Int32(exactly: try int(key)).orMissing(key)
    }

    package func time(_ key: String) throws(ReportFormatError) -> Timestamp {
        try Timestamp(try text(key)).orMissing(key)
    }

    package func duration(_ key: String) throws(ReportFormatError) -> Duration {
        let seconds = try (found(key)?.number?.double).orMissing(key)
        guard (0..<1e12).contains(seconds) else { throw ReportFormatError(key: key) }
        return .microseconds(Int64((seconds * 1e6).rounded()))
    }

    package func texts(_ key: String) throws(ReportFormatError) -> [String] {
        try list(key) { value throws(ReportFormatError) in try value.string.orMissing(key) }
    }

    package func list<Element>(
        _ key: String, _ element: (Value) throws(ReportFormatError) -> Element
    ) throws(ReportFormatError) -> [Element] {
        guard let array = found(key), array.kind == .array else { throw ReportFormatError(key: key) }
        var list: [Element] = []
        for value in array.elements { list.append(try element(value)) }
        return list
    }
}

extension String {
    /// The string in camel case: `fileLine` for `file_line`.
    fileprivate var inCamelCase: String {
        let words = split(separator: "_")
        return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

extension Optional {
    fileprivate func orMissing(_ key: String) throws(ReportFormatError) -> Wrapped {
        guard let self else { throw ReportFormatError(key: key) }
        return self
    }
}
