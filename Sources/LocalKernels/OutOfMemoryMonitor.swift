import GalleyJupyterProtocol

/// Notices whether the system has ended processes for lack of memory.
struct OutOfMemoryMonitor: Sendable {
    private let group: Int
    private let machine: Int
    private let limit: Int?

    /// Takes note of how often it has happened so far.
    init(limit: Int?) {
        group = Self.groupCount
        machine = Self.machineCount
        // Nothing, and less, is no limit to the guard of the kernel either.
        self.limit = limit.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Says what lack of memory has to do with an ending, as far as the system tells.
    func outOfMemoryCause(_ ending: GuardedProcess.Ending) -> PostMortem.OutOfMemoryCause? {
        if ending.cause == .signalled(9) {
            if Self.groupCount > group { return .groupLimit }
            if Self.machineCount > machine { return .machine }
        }
        // A program that is refused memory ends in its own way: by an exception, an abort, a bad access.
        if let limit, ending.cause != .exited(0), ending.peakMemory > limit / 2 { return .kernelLimit(bytes: limit) }
        return nil
    }

    /// How often the group of processes that this one belongs to has run out of its memory.
    private static var groupCount: Int {
        SystemResources.groupFolder.map { SystemResources.count("oom_kill", in: $0 + "/memory.events") } ?? 0
    }

    private static var machineCount: Int { SystemResources.count("oom_kill", in: "/proc/vmstat") }
}
