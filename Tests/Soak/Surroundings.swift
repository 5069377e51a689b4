import GalleyCLinux
import Glibc

/// What a process has and is, as far as somebody who runs notebooks in it can notice.
struct Surroundings {
    var descriptors = Process.names("/proc/self/fd").count
    /// What the threads are called but for those of Swift's pool, of which more or fewer wait for work at any time.
    var threads: [String]
    var poolThreads: Int
    var children = Process.descendants.count
    var files: [String]
    /// The folder that it works in, its variables, what becomes of each signal, and which its threads do not hear.
    var state: [String: String] = Process.state

    /// - Parameter folders: Where files may be that nobody needs any more.
    init(_ folders: [String]) {
        files = folders.flatMap(Process.names)
        let names = Process.names("/proc/self/task").map { Process.title("/proc/self/task/\($0)") }.sorted()
        threads = names.filter { !Self.isOfPool($0) }
        poolThreads = names.count(where: Self.isOfPool)
    }

    /// How many may wait for work, besides those that wait for time and for files.
    static let poolSize = sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 2

    private static func isOfPool(_ name: String) -> Bool { name.hasSuffix("-qos") || name.hasSuffix("overcommit") }

    /// Whether as much as before is there, and no more.
    func isBack(to before: Surroundings) -> Bool {
        descriptors <= before.descriptors && threads.count <= before.threads.count && poolThreads <= Self.poolSize
            && children <= before.children
            && files.isEmpty
    }
}

/// What the system tells of this process.
enum Process {
    static func names(_ folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        let own = unsafe "\(dirfd(open))"
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open).map({ unsafe String(cString: $0) }) {
            // The folder itself is open as long as it is looked at.
            if !(folder == "/proc/self/fd" && name == own) { names.append(name) }
        }
        return names
    }

    static func text(_ path: String) -> String? {
        guard let file = unsafe fopen(path, "re") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        // Safe because the array is passed with its own length.
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The number of bytes that the line of a status file tells.
    static var residentMemory: Int {
        let line = text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// The number of bytes that were allocated and not freed, as the allocator itself tells.
    static var allocatedMemory: Int {
        var (start, size): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        guard let symbol = unsafe dlsym(nil, "malloc_info"), let stream = unsafe open_memstream(&start, &size) else {
            return 0
        }
        // Safe because that is what the function is declared as.
        let tell = unsafe unsafeBitCast(
            symbol, to: (@convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32).self)
        _ = unsafe tell(0, stream)
        unsafe fclose(stream)
        defer { unsafe free(start) }
        let text = unsafe start.map { unsafe String(cString: $0) } ?? ""
        // Totals come last; what is free is in "fast" and "rest", what was mapped by itself in "mmap".
        func total(_ type: String) -> Int {
            let line = text.split(separator: "\n").last { $0.contains("type=\"\(type)\"") }
            return line?.split(separator: "\"").dropLast().last.flatMap { Int($0) } ?? 0
        }
        return total("current") - total("fast") - total("rest") + total("mmap")
    }

    /// Gives back to the system what the allocator merely keeps.
    static func trimMemory() {
        // It is in a header that is not among those of the Glibc module.
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
        // Safe because that is what the function is declared as.
        _ = unsafe unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    static var descendants: [Int] {
        var (found, waiting): ([Int], [String]) = ([], ["self"])
        while let next = waiting.popLast() {
            for task in names("/proc/\(next)/task") {
                let children = (text("/proc/\(next)/task/\(task)/children") ?? "").split(separator: " ")
                found += children.compactMap { Int($0) }
                waiting += children.map(String.init)
            }
        }
        return found
    }

    /// What a thread is called.
    static func title(_ path: String) -> String { (text(path + "/comm") ?? "?").filter { $0 != "\n" } }

    static var state: [String: String] {
        var state: [String: String] = [:]
        if let folder = unsafe getcwd(nil, 0) {
            state["folder"] = unsafe String(cString: folder)
            unsafe free(folder)
        }
        let mask = umask(0)
        umask(mask)
        state["mask for new files"] = "\(mask)"
        var entry = unsafe environ
        while let variable = unsafe entry.pointee {
            let text = unsafe String(cString: variable)
            state["variable \(text.prefix { $0 != "=" })"] = text
            unsafe entry += 1
        }
        for number in 1..<65 as Range<Int32> {
            var action = sigaction()
            guard unsafe sigaction(number, nil, &action) == 0 else { continue }
            let handler = unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
            // Of the mask the system fills as much as it has signals.
            let blocked = unsafe withUnsafeBytes(of: &action.sa_mask) { unsafe Array($0.prefix(8)) }
            state["action at signal \(number)"] = "\(handler) \(action.sa_flags) \(blocked)"
        }
        for thread in names("/proc/self/task") {
            let lines = text("/proc/self/task/\(thread)/status")?.split(separator: "\n") ?? []
            state["signals blocked in thread \(thread)"] = lines.first { $0.hasPrefix("SigBlk:") }.map(String.init)
        }
        return state
    }

    /// What of the state has changed; threads may have come and gone.
    static func changes(from before: [String: String], to after: [String: String]) -> [String] {
        Set(before.keys).union(after.keys).sorted().filter { key in
            let isThread = key.hasPrefix("signals blocked")
            return isThread && (before[key] == nil || after[key] == nil) ? false : before[key] != after[key]
        }
    }
}
