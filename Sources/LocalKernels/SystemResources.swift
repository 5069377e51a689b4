import GalleyCLinux
import GalleyConcurrency
import Glibc

/// The resources of this machine, within the limits of this process's control group.
package enum SystemResources {
    /// The number of available processors.
    package static var processors: Int {
        var count = allowedProcessors ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        // A container gets a quota of processor time in each period.
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

    /// The number of processors that this process may run on. The system lists them as `0-3,8`.
    private static var allowedProcessors: Int? {
        let line = FileSystem.text("/proc/self/status")?.split(separator: "\n").first {
            $0.hasPrefix("Cpus_allowed_list:")
        }
        return line?.split(separator: "\t").last?.split(separator: ",").reduce(0) { count, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return count + (ends.last ?? 0) - (ends.first ?? 1) + 1
        }
    }

    /// The number of files that this process may open.
    package static var openFiles: Int {
        var limit = rlimit()
        // Safe because the call fills a variable of its own type.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(min(limit.rlim_cur, 1 << 20))
    }

    /// The number of threads that a run needs at most, including those that all runs share.
    private static let threadsNeeded = 10

    /// The reason why no notebook can run on this machine; nil if no obstacle is known.
    ///
    /// Swift's concurrency runtime reports no error: if it cannot create a thread, it waits forever.
    package static var shortage: String? {
        var limit = rlimit()
        // With a small limit, the memory that glibc reserves for each thread would leave none for the next thread.
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            clinux_use_one_malloc_arena()
        }
        guard !canStartThreads(threadsNeeded) else { return nil }
        return
            "the system does not allow the \(threadsNeeded) threads that a run needs. Raise the limit on processes (RLIMIT_NPROC) or on memory (RLIMIT_AS)"
    }

    /// The available memory in bytes; nil if the system does not report it.
    package static var availableMemory: Int? {
        let machine = FileSystem.text("/proc/meminfo").map { _ in count("MemAvailable:", in: "/proc/meminfo") * 1024 }
        return [machine, groupMemory].compactMap(\.self).min()
    }

    /// The memory that the control group has left. Inactive file cache counts as free, because the system can reclaim
    /// it.
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

    /// The folder of the process's cgroup v2 control group; nil if there is none.
    static var groupFolder: String? { unifiedGroup.map { "/sys/fs/cgroup" + $0 } }

    // "0::/path" is the group in cgroup v2, "4:memory:/path" the memory group in cgroup v1.
    private static var unifiedGroup: String? { group { $0.hasPrefix("0::") } }
    private static var memoryGroup: String? {
        group { $0.split(separator: ":").dropFirst().first == "memory" }.map { "/sys/fs/cgroup/memory" + $0 }
    }

    private static func group(where isWanted: (Substring) -> Bool) -> String? {
        FileSystem.text("/proc/self/cgroup")?.split(separator: "\n").first(where: isWanted)
            .flatMap { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init) }
    }

    /// Returns the number after a word at the beginning of a line; 0 if there is none.
    static func count(_ name: String, in file: String) -> Int {
        let line = FileSystem.text(file)?.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// Returns the numbers in a file; nil if there are none or one of the words is not a number.
    private static func numbers(_ file: String) -> [Int]? {
        guard let words = FileSystem.text(file)?.split(whereSeparator: \.isWhitespace) else { return nil }
        let numbers = words.compactMap { Int($0) }
        return numbers.count == words.count && !numbers.isEmpty ? numbers : nil
    }

    /// Returns the memory, in bytes, that the descendants of a guard do not share with other processes; nil if the
    /// system does not report it.
    static func memory(underWatcher process: Int) -> Int? {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        var sum: Int?
        // The watcher's child is the guard, which does not count either.
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
