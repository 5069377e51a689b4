/// Whether a kernel is kept when the run is over, and goes on without Galley.
@nonexhaustive
public enum KernelKeeping: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is ended.
    case never
    /// It is kept if the run does not succeed.
    case afterFailure = "after-failure"
    /// It is kept.
    case always

    /// Whether the kernel of a run is kept.
    package func keeps(afterSuccess isSuccess: Bool) -> Bool {
        switch self {
        case .never: false
        case .afterFailure: !isSuccess
        case .always: true
        }
    }
}

/// A kernel that goes on after its run: clients find it by its connection file, such as `jupyter console --existing FILE`.
public struct KeptKernel: Hashable, Sendable {
    /// The path of the connection file.
    public var connectionFile: String
    /// The number of its process; nil if that is not known.
    public var process: Int?
    /// The processes that clean up after it.
    package var keepers: [Int] = []

    /// Names a kernel.
    public init(connectionFile: String, process: Int? = nil) {
        (self.connectionFile, self.process) = (connectionFile, process)
    }

    package init(connectionFile: String, process: Int, keepers: [Int]) {
        (self.connectionFile, self.process, self.keepers) = (connectionFile, process, keepers)
    }
}
