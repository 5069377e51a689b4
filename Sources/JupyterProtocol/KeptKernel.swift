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

/// A kernel that continues after its run.
///
/// Clients such as `jupyter console` connect to a kernel of this machine with its connection file, and to one of a
/// server with its address and the kernel's ID.
public struct KeptKernel: Hashable, Sendable {
    /// The path of the connection file; empty if the kernel belongs to a server.
    public var connectionFile: String
    /// The address of the server that the kernel belongs to, without secrets; nil for a kernel of this machine.
    public var server: String?
    /// The ID of the kernel on its server.
    public var id: String?
    /// The process ID; nil if unknown.
    public var process: Int?
    /// The process IDs of the processes that clean up after the kernel.
    package var keepers: [Int] = []

    /// Creates a description of a kept kernel.
    public init(connectionFile: String, process: Int? = nil) {
        (self.connectionFile, self.process) = (connectionFile, process)
    }

    /// Creates a description of a kernel on a server.
    public init(server: String, id: String) {
        (connectionFile, self.server, self.id) = ("", server, id)
    }

    package init(connectionFile: String, process: Int, keepers: [Int]) {
        (self.connectionFile, self.process, self.keepers) = (connectionFile, process, keepers)
    }
}
