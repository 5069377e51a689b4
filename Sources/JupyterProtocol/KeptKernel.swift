/// Whether a kernel is kept after the run, and continues without Galley.
@nonexhaustive
public enum KernelKeeping: String, Hashable, Sendable, Codable, CaseIterable {
    /// The kernel ends with the run.
    case never
    /// The kernel is kept if the run does not succeed.
    case afterFailure = "after-failure"
    /// The kernel is kept.
    case always

    /// Whether the kernel is kept after a run that succeeded or failed.
    package func keeps(afterSuccess isSuccess: Bool) -> Bool {
        switch self {
        case .never: false
        case .afterFailure: !isSuccess
        case .always: true
        }
    }
}

/// A kernel that continues after its run. Clients such as `jupyter console` connect with its connection file.
public struct KeptKernel: Hashable, Sendable {
    /// The path of the connection file.
    public var connectionFile: String
    /// The process ID; nil if unknown.
    public var process: Int?
    /// The process IDs of the processes that clean up after the kernel.
    package var keepers: [Int] = []

    /// Creates a description of a kept kernel.
    public init(connectionFile: String, process: Int? = nil) {
        (self.connectionFile, self.process) = (connectionFile, process)
    }

    package init(connectionFile: String, process: Int, keepers: [Int]) {
        (self.connectionFile, self.process, self.keepers) = (connectionFile, process, keepers)
    }
}
