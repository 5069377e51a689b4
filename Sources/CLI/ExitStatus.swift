import GalleyExecution
import Galley
import GalleyJupyterProtocol
import GalleyParameters
import GalleyReports

/// The exit statuses of the program.
enum ExitStatus {
    static let success: Int32 = 0
    static let cellError: Int32 = 1
    static let usage: Int32 = 2
    static let storage: Int32 = 3
    static let noKernel: Int32 = 4
    static let kernelDied: Int32 = 5
    static let outputLost: Int32 = 123
    static let limit: Int32 = 124
    /// `galley runs --running` has found no run.
    static let nothing: Int32 = 1
    /// The command needs the rights of another user.
    static let notAllowed: Int32 = 3
    static func signal(_ number: Int32) -> Int32 { 128 + number }
}

extension ExitStatus {
    /// The exit statuses of a run with their meanings, in Markdown.
    static let meanings = [
        ("\(success)", "The notebook ran. Errors that were allowed do not count."),
        ("\(cellError)", "A cell raised an error."),
        ("\(usage)", "The command line is wrong, or names a cell or a parameter that the notebook does not have."),
        ("\(storage)", "The notebook could not be read, or the result could not be written."),
        ("\(noKernel)", "The kernel was not found or did not start."),
        ("\(kernelDied)", "The kernel died."),
        ("\(outputLost)", "Outputs of a cell did not arrive from a server, without `--allow-lost-output`."),
        ("\(limit)", "A time limit was reached."),
        ("\(signal(0))+n", "Signal n ended the run: \(signal(2)) for Ctrl-C, \(signal(15)) for SIGTERM."),
        ("n", "A cell called `sys.exit(n)`, for n from 6 to 127, except 123 and 124."),
    ]
}

extension ExitStatus {
    /// The status of an outcome of a run.
    static func of(_ outcome: RunOutcome) -> Int32 {
        switch outcome {
        case .succeeded, .exited(status: 0): success
        case .raised: cellError
        case .exited(let status):
            (1...127).contains(status) && !taken.contains(Int32(status)) ? Int32(status) : cellError
        case .timedOut: limit
        case .kernelFailed: kernelDied
        case .lostOutput: outputLost
        case .stopped(.signal(let number)): signal(number)
        default: cellError
        }
    }

    private static let taken = [cellError, usage, storage, noKernel, kernelDied, outputLost, limit]

    /// The status of an error, because of which there was no run or no saved result.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case is PlanError, is ParameterError: usage
        case is any KernelFault: noKernel
        default: storage
        }
    }

    /// The status of a notebook.
    static func of(_ jobReport: JobReport) -> Int32 {
        switch jobReport.result {
        case .ran(let report): report.outcome.isSuccess && !jobReport.findings.isEmpty ? cellError : of(report.outcome)
        case .failed(let error): of(error)
        default: success
        }
    }

    /// The status of several notebooks: that of the worst end, and of the first of equally bad ends.
    static func of(_ jobReports: [JobReport], stop: StopReason?) -> Int32 {
        if case .signal(let number) = stop { return signal(number) }
        return jobReports.max { rank($0) < rank($1) }.map { of($0) } ?? success
    }

    /// Whether one end is worse than another, by the statuses alone.
    static func isWorse(_ status: Int32, than other: Int32) -> Bool { rank(status) > rank(other) }

    /// A number that is higher for a worse end. A notebook that never ran is better than one that failed, and a lost result is
    /// the worst.
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
