import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyReports

/// What the program's end tells those who started it.
enum ExitStatus {
    static let success: Int32 = 0
    static let cellError: Int32 = 1
    static let usage: Int32 = 2
    static let storage: Int32 = 3
    static let noKernel: Int32 = 4
    static let kernelDied: Int32 = 5
    static let limit: Int32 = 124
    /// There is nothing of what was asked for.
    static let nothing: Int32 = 1
    /// What was asked for takes rights that somebody else has.
    static let notAllowed: Int32 = 3
    static func signal(_ number: Int32) -> Int32 { 128 + number }
}

extension ExitStatus {
    /// The status that tells how a run ended.
    static func of(_ outcome: RunOutcome) -> Int32 {
        switch outcome {
        case .succeeded, .exited(status: 0): success
        case .raised: cellError
        case .exited(let status):
            (1...127).contains(status) && !taken.contains(Int32(status)) ? Int32(status) : cellError
        case .timedOut: limit
        case .kernelFailed: kernelDied
        case .stopped(.signal(let number)): signal(number)
        default: cellError
        }
    }

    private static let taken = [cellError, usage, storage, noKernel, kernelDied, limit]

    /// The status that tells why there was no run, or none that could be saved.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case is PlanError: usage
        case is any KernelFault: noKernel
        default: storage
        }
    }

    /// The status that tells what became of a notebook.
    static func of(_ jobReport: JobReport) -> Int32 {
        switch jobReport.result {
        case .ran(let report): report.outcome.isSuccess && !jobReport.findings.isEmpty ? cellError : of(report.outcome)
        case .failed(let error): of(error)
        default: success
        }
    }

    /// The status that tells how several notebooks ended: that of the worst end, the first of those that are as bad.
    static func of(_ jobReports: [JobReport], stop: StopReason?) -> Int32 {
        if case .signal(let number) = stop { return signal(number) }
        return jobReports.max { rank($0) < rank($1) }.map { of($0) } ?? success
    }

    /// Whether one end is worse than another, by the statuses alone.
    static func isWorse(_ status: Int32, than other: Int32) -> Bool { rank(status) > rank(other) }

    /// The worse, the higher: what never began costs less than what was begun in vain, and nothing is worse than a result
    /// that is lost.
    private static func rank(_ jobReport: JobReport) -> Int {
        if case .failed(let error) = jobReport.result, error is UnsavedRun { return 7 }
        return rank(of(jobReport))
    }

    private static func rank(_ status: Int32) -> Int {
        switch status {
        case success: 0
        case usage: 1
        case storage: 2
        case noKernel: 3
        case limit: 5
        case kernelDied: 6
        case 128...: 8
        default: 4
        }
    }
}
