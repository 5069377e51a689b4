import GalleyJupyterProtocol

/// Detects whether the system has killed processes because memory ran out.
struct OutOfMemoryMonitor: Sendable {
    private let group: Int
    private let machine: Int
    private let limit: Int?

    /// Records the current counts.
    init(limit: Int?) {
        group = Self.groupCount
        machine = Self.machineCount
        // The kernel's guard also treats zero and negative values as no limit.
        self.limit = limit.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Returns how a lack of memory ended the program, as far as the system reports it.
    func outOfMemoryCause(_ ending: GuardedProcess.Ending) -> PostMortem.OutOfMemoryCause? {
        if ending.cause == .signalled(9) {
            if Self.groupCount > group { return .groupLimit }
            if Self.machineCount > machine { return .machine }
        }
        // A program that cannot allocate memory can end with an exception, an abort or a segmentation fault.
        if let limit, ending.cause != .exited(0), ending.peakMemory > limit / 2 { return .kernelLimit(bytes: limit) }
        return nil
    }

    /// The number of out-of-memory kills in the control group of this process.
    private static var groupCount: Int {
        SystemResources.groupFolder.map { SystemResources.count("oom_kill", in: $0 + "/memory.events") } ?? 0
    }

    private static var machineCount: Int { SystemResources.count("oom_kill", in: "/proc/vmstat") }
}
