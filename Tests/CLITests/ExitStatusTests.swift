import Foundation
import Galley
import GalleyExecution
import GalleyStorage
import Testing

@testable import GalleyCLI

@Suite struct `The exit status of an error` {
    private struct NoKernel: KernelFault { let isTransient = false }
    private struct NoPlace: StorageFault { let isTransient = true }
    private struct Other: Error {}

    @Test func `The protocol of an error decides the exit status`() {
        #expect(ExitStatus.of(NoKernel()) == 4)
        #expect(ExitStatus.of(NoPlace()) == 3)
        #expect(ExitStatus.of(Other()) == 3)
        #expect(ExitStatus.of(PlanError.noSuchCell("x", cells: 1, tags: [])) == 2)
        #expect(ExitStatus.of(UnknownStorage(location: "s3://a")) == 3)
    }

    @Test func `A signal before the only notebook starts gives the signal's exit status`() async throws {
        let arguments = try ExecuteArguments(["a.ipynb"], .execute)
        let stop = StopSignal()
        stop.stop(.signal(SIGINT))
        let report = await Batch([Batch.Job("a.ipynb")]).run(stop: stop)
        guard case .leftOut = report.jobs[0].result else { Issue.record("\(report.jobs[0].result)"); return }
        let tally = RunTally(arguments, RunPaths(arguments))
        let summary = tally.summary(report)
        #expect(summary.status == 130)
        let end = tally.end(summary, problems: [])
        #expect(end.status == 130 && end.outcome == "stopped" && end.message == "the run \(StopReason.signal(SIGINT))")
    }
}
