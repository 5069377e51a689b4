import GalleyExecution
import Foundation
import GalleyTesting
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import Testing

@Suite struct `A report in JSON` {
    private static let death = PostMortem(
        cause: .signalled(9), memory: .kernelLimit(bytes: 5), peakMemory: 7, lifetime: .milliseconds(1500),
        lastLines: ["Killed"])

    @Sendable private static func answer(_ code: String, _ request: Message) -> [ScriptedKernel.Step] {
        if request.type == "interrupt_request" { return .raising("KeyboardInterrupt", "", about: .code(before: 0)) }
        switch code {
        case "prints": return .running(printing: "hello")
        case "hands back":
            return .running([.named("plot", ["text/plain": "a\nb", "image/png": "iVBO"]), .glue("rmse", 0.25)])
        case "raises": return .failing("ValueError", "bad\u{1B}[31m", count: 4)
        case "allowed": return .failing("Allowed", "fine")
        case "exits": return .failing("SystemExit", "3")
        case "dies": return [.die(death)]
        case "loses": return [.lose(.rateLimit(notice: "exceeded"))] + .running()
        case "loses 3 s": return [.lose(.connection(.seconds(3), isReplyMissing: true))] + .running()
        default: return []
        }
    }

    @Sendable private static func end(_ executor: Executor, _ request: Message) {
        if request.content["code"] != nil { executor.stop(.signal(15)) }
    }

    /// A run whose cells have all possible outcomes.
    private static func reports() async throws -> [Report] {
        var options = RunSettings()
        options.allowedErrors.names = ["Allowed"]
        options.timeout = .seconds(3)
        func report(_ codes: String..., stopping: Bool = false) async throws -> Report {
            var notebook = Notebook(cells: codes)
            if notebook.cells.count > 2 { notebook.cells[2].tags = ["skip-execution"] }
            let ran = try await run(
                notebook, options, eagerly: !stopping, stop: stopping ? Self.end : nil, script: Self.answer)
            var report = Report(outcome: ran.outcome, cells: ran.cells, duration: .milliseconds(2500))
            report.results = ran.results
            (report.notebook, report.kernel, report.user) = ("a.ipynb", "script", "ada")
            (report.result, report.fileLine, report.warnings) = ("b.ipynb", 12, ["odd"])
            return report
        }
        let handingBack = try await report("hands back")
        var requested = try await report("prints")
        requested.outcome = .stopped(.requested("enough"))
        return [
            try await report("prints", "allowed", "skipped", "", "prints"), try await report("raises", "never"),
            try await report("exits"), try await report("dies"), try await report("hangs"),
            try await report("loses 3 s"), try await report("loses"),
            try await report("hangs", stopping: true), requested, handingBack,
        ]
    }

    @Test func `A report is the same after it is encoded and decoded by any coder`() async throws {
        let reports = try await Self.reports()
        #expect(
            reports.map(\.outcome.status) == [
                "succeeded", "raised", "exited", "kernel-died", "timed-out", "output-lost", "output-lost", "stopped",
                "stopped", "succeeded",
            ])
        for report in reports {
            let data = try JSONEncoder().encode(report)
            let read = try JSONDecoder().decode(Report.self, from: data)
            #expect(read.json.canonicalText.bytes == report.json.canonicalText.bytes)
            // The JSON has the requested keys.
            #expect(read.message == report.message)
            #expect(read.started == report.started && read.duration == report.duration)
            #expect("\(read.outcome)" == "\(report.outcome)")
            #expect(read.cells.map { "\($0.outcome)" } == report.cells.map { "\($0.outcome)" })
            #expect(read.postMortem == report.postMortem)
            #expect(read.failingCell?.number == report.failingCell?.number)
        }
        #expect(reports[3].postMortem == Self.death)
        #expect(reports[9].results.map(\.name) == ["plot", "rmse"])
    }

    @Test func `A report can be decoded from keys in another style`() async throws {
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        encoder.keyEncodingStrategy = .convertToSnakeCase
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for report in try await Self.reports() {
            let read = try decoder.decode(Report.self, from: try encoder.encode(report))
            #expect(read.json.canonicalText.bytes == report.json.canonicalText.bytes)
        }
    }

    @Test func `A report of a version without results has none`() async throws {
        var json = try #require(try await Self.reports().last).json
        json["results"] = nil
        let data = Data(json.canonicalText.bytes)
        #expect(try JSONDecoder().decode(Report.self, from: data).results.isEmpty)
    }

    @Test func `A report has the number of outputs and the execution count of each cell`() async throws {
        let cells = try await Self.reports()[0].cells
        #expect(cells.map(\.outputCount) == [1, 1, 0, 0, 1])
        #expect(cells[0].outputSize == 5)
        #expect(cells.map(\.executionCount) == [1, 2, nil, nil, 3])
        #expect(cells.map(\.outcome.status) == ["succeeded", "raised", "skipped", "blank", "succeeded"])
    }

    @Test(arguments: [
        ("schema", "2"), ("schema", "null"), ("started", "\"today\""), ("status", "\"odd\""), ("duration", "-1"),
        ("duration", "1e300"), ("cells", "{}"), ("cells", "[5]"), ("notebook", "null"), ("warnings", "[5]"),
    ])
    func `A report that is invalid is refused with the reason`(key: String, value: String) async throws {
        var json = try await Self.reports()[0].json
        json[key] = try Document(parsing: Array(value.utf8)).root
        let data = Data(json.canonicalText.bytes)
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode(Report.self, from: data) }
        #expect("\(String(describing: error))".contains("'"))
    }
}
