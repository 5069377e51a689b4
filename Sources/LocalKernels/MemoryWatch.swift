import JupyterProtocol

/// Notices whether the system has ended processes for lack of memory.
struct MemoryWatch: Sendable {
    private let group: Int
    private let machine: Int
    private let limit: Int?

    /// Takes note of how often it has happened so far.
    init(limit: Int?) {
        group = Self.groupCount
        machine = Self.machineCount
        self.limit = limit
    }

    /// Says what lack of memory has to do with an ending, as far as the system tells.
    func verdict(_ ending: GuardedProcess.Ending) -> PostMortem.MemoryVerdict? {
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
        // "0::/path" is the one group of the unified hierarchy.
        let line = Files.text("/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::") }
        return count("oom_kill", in: "/sys/fs/cgroup\(line?.dropFirst(3) ?? "")/memory.events")
    }

    private static var machineCount: Int { count("oom_kill", in: "/proc/vmstat") }

    private static func count(_ name: String, in file: String) -> Int {
        let line = Files.text(file)?.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
}
