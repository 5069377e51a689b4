import GalleyCLinux
import Glibc
import GalleyZeroMQTransport

/// What this machine has to give, or as much of it as the group of processes that this one belongs to may take.
package enum SystemResources {
    /// How many processors there are.
    package static var processors: Int {
        var count = allowedProcessors ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        // A container is given so much of a processor's time within each period.
        let quota =
            numbers("/sys/fs/cgroup\(unifiedGroup ?? "")/cpu.max")
            ?? numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").flatMap { quota in
                numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us").map { quota + $0 }
            }
        if let quota, quota.count == 2, quota[0] > 0, quota[1] > 0 {
            count = min(count, (quota[0] + quota[1] - 1) / quota[1])
        }
        return max(1, count)
    }

    /// How many processors this process may run on, which the system writes as `0-3,8`.
    private static var allowedProcessors: Int? {
        let line = FileSystem.text("/proc/self/status")?.split(separator: "\n").first {
            $0.hasPrefix("Cpus_allowed_list:")
        }
        return line?.split(separator: "\t").last?.split(separator: ",").reduce(0) { count, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return count + (ends.last ?? 0) - (ends.first ?? 1) + 1
        }
    }

    /// How many files this process may have open.
    package static var openFiles: Int {
        var limit = rlimit()
        // Safe because the call fills a variable of its own kind.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(min(limit.rlim_cur, 1 << 20))
    }

    /// How many threads the run of a notebook takes at most, those among them that serve all runs.
    private static let threadsNeeded = 10

    /// Why no notebook can be run here at all, in a sentence; nil where nothing is known that speaks against it.
    ///
    /// The library of tasks does not say so: where it gets no thread, it waits for one without end.
    package static var shortage: String? {
        var limit = rlimit()
        // Each thread would keep so much of a small allowance for itself that none is left for the next.
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            clinux_use_one_malloc_arena()
        }
        guard !canStartThreads(threadsNeeded) else { return nil }
        return
            "the system does not allow the \(threadsNeeded) threads that a run takes. Raise the limit of processes (ulimit -u) or of memory (ulimit -v)"
    }

    /// How many bytes of memory are left; nil where the system does not tell.
    package static var availableMemory: Int? {
        let machine = FileSystem.text("/proc/meminfo").map { _ in count("MemAvailable:", in: "/proc/meminfo") * 1024 }
        return [machine, groupMemory].compactMap(\.self).min()
    }

    /// How much the group has left; what it merely keeps of files can be taken from it.
    private static var groupMemory: Int? {
        let groups = [
            unifiedGroup.map { "/sys/fs/cgroup" + $0 }, "/sys/fs/cgroup", memoryGroup, "/sys/fs/cgroup/memory",
        ]
        return groups.compactMap { group -> Int? in
            guard let group else { return nil }
            for (limit, usage, files) in [
                ("memory.max", "memory.current", "inactive_file"),
                ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
            ] {
                guard let limit = numbers("\(group)/\(limit)")?.first, limit < 1 << 60,
                    let usage = numbers("\(group)/\(usage)")?.first
                else { continue }
                return max(0, limit - usage + count(files, in: group + "/memory.stat"))
            }
            return nil
        }.min()
    }

    /// The folder of the group in the one hierarchy that newer systems have; nil where there is none.
    static var groupFolder: String? { unifiedGroup.map { "/sys/fs/cgroup" + $0 } }

    // "0::/path" is the one group of the unified hierarchy, "4:memory:/path" that of memory in the older one.
    private static var unifiedGroup: String? { group { $0.hasPrefix("0::") } }
    private static var memoryGroup: String? {
        group { $0.split(separator: ":").dropFirst().first == "memory" }.map { "/sys/fs/cgroup/memory" + $0 }
    }

    private static func group(where isWanted: (Substring) -> Bool) -> String? {
        FileSystem.text("/proc/self/cgroup")?.split(separator: "\n").first(where: isWanted)
            .flatMap { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init) }
    }

    /// The number behind a word at the beginning of a line; 0 where there is none.
    static func count(_ name: String, in file: String) -> Int {
        let line = FileSystem.text(file)?.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The numbers in a file; nil where there is none, or where one of them is no number.
    private static func numbers(_ file: String) -> [Int]? {
        guard let words = FileSystem.text(file)?.split(whereSeparator: \.isWhitespace) else { return nil }
        let numbers = words.compactMap { Int($0) }
        return numbers.count == words.count && !numbers.isEmpty ? numbers : nil
    }

    /// How many bytes of memory those have to themselves that descend from a program under a guard; nil where the system
    /// does not tell.
    static func memory(underWatcher process: Int) -> Int? {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        var sum: Int?
        // Its child is the guard, which is no part of it either.
        var waiting = children(of: process).flatMap(children)
        while let next = waiting.popLast() {
            if let pages = numbers("/proc/\(next)/statm"), pages.count > 2 {
                sum = (sum ?? 0) + max(0, pages[1] - pages[2]) * page
            }
            waiting += children(of: next)
        }
        return sum
    }

    private static func children(of process: Int) -> [Int] {
        let tasks = "/proc/\(process)/task"
        return FileSystem.names(in: tasks).flatMap { numbers("\(tasks)/\($0)/children") ?? [] }
    }
}
