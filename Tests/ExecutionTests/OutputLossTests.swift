import GalleyExecution
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Testing

@Suite struct `Lost outputs` {
    private static let limit = OutputLoss.rateLimit(notice: "IOPub data rate exceeded.")

    @Sendable private static func answer(_ code: String, _ request: Message) -> [ScriptedKernel.Step] {
        switch code {
        case "loses": .running([.lose(limit)])
        case "loses and raises":
            .failing("ValueError", "bad").dropLast(2) + [.lose(limit)]
                + .failing("ValueError", "bad").suffix(2)
        case "loses and exits": [.lose(limit)] + .failing("SystemExit", "7")
        case "loses again": [.lose(limit), .lose(.connection(.seconds(9), isReplyMissing: true))] + .running()
        default: .running(printing: "ran")
        }
    }

    @Test func `A cell that loses outputs ends the run, and its outputs say so`() async throws {
        let ran = try await run(Notebook(cells: ["ok", "loses", "never"]), script: Self.answer)
        #expect(ran.outcome == .lostOutput(Self.limit))
        #expect(ran.cells.map(\.outcome) == [.succeeded, .lostOutput(Self.limit), .notReached])
        let errors = ran.notebook.cells[1].outputs.filter { $0.traceback != nil }
        #expect(
            errors.count == 1
                && errors[0].traceback == [
                    "OutputLost: While this cell ran, \(Self.limit). \(Self.limit.remedy ?? "")."
                ])
        let report = Report(outcome: ran.outcome, cells: ran.cells, duration: .seconds(1))
        let message = try #require(report.message)
        #expect(message.hasPrefix("outputs of cell 2 of 3 are lost: the server dropped outputs"))
        #expect(message.contains("iopub_msg_rate_limit=0") && message.contains("iopub_data_rate_limit=0"))
        #expect(!report.isSuccess && report.failingCell?.number == 2)
    }

    @Test func `With allowsLostOutput, the run continues with a warning for each such cell`() async throws {
        var settings = RunSettings()
        settings.allowsLostOutput = true
        let ran = try await run(Notebook(cells: ["loses", "ok", "loses"]), settings, script: Self.answer)
        #expect(ran.outcome == .succeeded)
        #expect(ran.cells.map(\.outcome) == [.succeeded, .succeeded, .succeeded])
        let warnings = ran.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(warnings == ["cell 1: \(Self.limit)", "cell 3: \(Self.limit)"])
    }

    @Test(arguments: [("loses and raises", "raised"), ("loses and exits", "exited")])
    func `An error of the cell counts more than its lost outputs, of which a warning remains`(
        code: String, status: String
    ) async throws {
        let ran = try await run(Notebook(cells: [code]), script: Self.answer)
        #expect(ran.outcome.status == status && ran.cells[0].outcome.status == status)
        #expect(ran.events.contains { if case .warning("cell 1: \(Self.limit)") = $0 { true } else { false } })
    }

    @Test func `An allowed error does not excuse lost outputs`() async throws {
        var settings = RunSettings()
        settings.allowedErrors = .everything
        let ran = try await run(Notebook(cells: ["loses and raises"]), settings, script: Self.answer)
        #expect(ran.outcome == .lostOutput(Self.limit))
    }

    @Test func `The first of several losses is the outcome`() async throws {
        let ran = try await run(Notebook(cells: ["loses again"]), script: Self.answer)
        #expect(ran.outcome == .lostOutput(Self.limit))
    }

    @Test func `Only a loss by the connection is worth a retry`() {
        #expect(!RunOutcome.lostOutput(Self.limit).isTransient)
        #expect(RunOutcome.lostOutput(.connection(.seconds(3), isReplyMissing: false)).isTransient)
    }
}
