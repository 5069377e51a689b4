import GalleyCLinux
import Glibc

/// The observable state of a process: descriptors, threads, children, files and settings.
struct ProcessState {
    var descriptors = ProcFileSystem.names("/proc/self/fd").count
    /// The names of the threads, except those of Swift's pool, whose number varies.
    var threads: [String]
    var poolThreads: Int
    var children = ProcFileSystem.descendants.count
    var files: [String]
    /// The working directory, the environment, the signal actions, and the signal masks of the threads.
    var state: [String: String] = ProcFileSystem.state

    /// - Parameter folders: The folders in which no files may be left.
    init(_ folders: [String]) {
        files = folders.flatMap(ProcFileSystem.names)
        let names = ProcFileSystem.names("/proc/self/task").map { ProcFileSystem.title("/proc/self/task/\($0)") }
            .sorted()
        threads = names.filter { !Self.isOfPool($0) }
        poolThreads = names.count(where: Self.isOfPool)
    }

    /// The maximum number of idle pool threads: one per processor, and those that wait for timers and files.
    static let poolSize = sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 2

    private static func isOfPool(_ name: String) -> Bool { name.hasSuffix("-qos") || name.hasSuffix("overcommit") }

    /// Whether the process has at most as many resources as before.
    func isBack(to before: ProcessState) -> Bool {
        descriptors <= before.descriptors && threads.count <= before.threads.count && poolThreads <= Self.poolSize
            && children <= before.children
            && files.isEmpty
    }
}

/// The state of this process in /proc and in the allocator.
enum ProcFileSystem {
    static func names(_ folder: String) -> [String] {
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        let own = unsafe "\(dirfd(open))"
        var names: [String] = []
        // Safe because each name is copied before the next call.
        while let name = unsafe clinux_next_name(open).map({ unsafe String(cString: $0) }) {
            // The folder itself is open while it is listed.
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

    /// The resident memory in bytes.
    static var residentMemory: Int {
        let line = text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// The bytes that the allocator reports as allocated and not freed.
    static var allocatedMemory: Int {
        var (start, size): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        guard let symbol = unsafe dlsym(nil, "malloc_info"), let stream = unsafe open_memstream(&start, &size) else {
            return 0
        }
        // Safe because the type is that of the function's declaration.
        let tell = unsafe unsafeBitCast(
            symbol, to: (@convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32).self)
        _ = unsafe tell(0, stream)
        unsafe fclose(stream)
        defer { unsafe free(start) }
        let text = unsafe start.map { unsafe String(cString: $0) } ?? ""
        // The totals are at the end. Free memory is in "fast" and "rest", separately mapped memory in "mmap".
        func total(_ type: String) -> Int {
            let line = text.split(separator: "\n").last { $0.contains("type=\"\(type)\"") }
            return line?.split(separator: "\"").dropLast().last.flatMap { Int($0) } ?? 0
        }
        return total("current") - total("fast") - total("rest") + total("mmap")
    }

    /// Returns the allocator's free memory to the system.
    static func trimMemory() {
        // The function's header is not part of the Glibc module.
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else { return }
        // Safe because the type is that of the function's declaration.
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

    /// Returns the name of a thread.
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
            // The kernel fills only the first eight bytes of the mask.
            let blocked = unsafe withUnsafeBytes(of: &action.sa_mask) { unsafe Array($0.prefix(8)) }
            state["action at signal \(number)"] = "\(handler) \(action.sa_flags) \(blocked)"
        }
        for thread in names("/proc/self/task") {
            let lines = text("/proc/self/task/\(thread)/status")?.split(separator: "\n") ?? []
            state["signals blocked in thread \(thread)"] = lines.first { $0.hasPrefix("SigBlk:") }.map(String.init)
        }
        return state
    }

    /// Returns the keys of the changed values, except for threads that started or ended.
    static func changes(from before: [String: String], to after: [String: String]) -> [String] {
        Set(before.keys).union(after.keys).sorted().filter { key in
            let isThread = key.hasPrefix("signals blocked")
            return isThread && (before[key] == nil || after[key] == nil) ? false : before[key] != after[key]
        }
    }
}
