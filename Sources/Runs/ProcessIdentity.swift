import GalleyCLinux
import Glibc
package import GalleyStorage

/// A process, identified so that a later process with the same ID is not mistaken for it.
package struct ProcessIdentity: Hashable, Sendable {
    /// The process ID.
    package let number: Int
    /// The start time in clock ticks since the machine started.
    package let began: Int
    /// The boot ID of the machine and the PID namespace of the container.
    package let machine: String

    package init(number: Int, began: Int, machine: String) {
        self.number = number
        self.began = began
        self.machine = machine
    }

    /// Returns the identity of this process.
    package static func current() -> ProcessIdentity {
        ProcessIdentity(of: Int(getpid())) ?? ProcessIdentity(number: Int(getpid()), began: 0, machine: here)
    }

    /// Finds a process of this machine by its ID; nil if there is none.
    init?(of number: Int) {
        guard let life = Self.life(of: number) else { return nil }
        self.init(number: number, began: life.began, machine: Self.here)
    }

    /// The boot ID and the PID namespace of this process.
    static let here: String = {
        let boot =
            LocalFile.readSmallFile("/proc/sys/kernel/random/boot_id").map { String(decoding: $0, as: UTF8.self) } ?? ""
        var link = [CChar](repeating: 0, count: 64)
        // Safe because the array is passed with its own length.
        let count = unsafe readlink("/proc/self/ns/pid", &link, link.count)
        let space = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return boot.filter { !$0.isWhitespace } + "/" + space
    }()

    /// Whether the process runs in another container on this machine, so that it is not visible from here.
    package var isInOtherContainer: Bool {
        func parts(_ machine: String) -> [Substring] { machine.split(separator: "/", maxSplits: 1) }
        return parts(machine).first == parts(Self.here).first && parts(machine).last != parts(Self.here).last
    }

    /// Whether the process still runs.
    package var isAlive: Bool {
        guard machine == Self.here, number > 0, systemNumber > 0, let now = Self.life(of: number) else { return false }
        return now.began == began && !now.isOver
    }

    /// The effective user ID of the process.
    package var user: UInt32? {
        // "Uid:" and four numbers; the second is the effective user ID. The owner of the process's folder can be root
        // instead.
        let line = LocalFile.readSmallFile("/proc/\(number)/status").flatMap { bytes in
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Uid:") }
        }
        return line?.split(separator: "\t").dropFirst(2).first.flatMap { UInt32($0) }
    }

    /// Whether a process with this ID exists that this user may not inspect.
    package var isHidden: Bool {
        guard machine == Self.here, systemNumber > 0, Self.life(of: number) == nil else { return false }
        return kill(systemNumber, 0) != 0 && errno == EPERM
    }

    /// Whether this process can identify processes, which requires `/proc`.
    package static var canIdentifyProcesses: Bool { life(of: Int(getpid())) != nil }

    /// The descendants of the process, and the processes in the session that it started.
    var descendants: [ProcessIdentity] {
        var found: Set = [number]
        let all = LocalFile.names(in: "/proc").compactMap { Int($0) }.compactMap { other in
            Self.fields(of: other).map { (number: other, parent: Int($0[1]), session: Int($0[3])) }
        }
        var count = 0
        while found.count > count {
            count = found.count
            for other in all where other.session == number || other.parent.map(found.contains) == true {
                found.insert(other.number)
            }
        }
        return found.subtracting([number]).compactMap { ProcessIdentity(of: $0) }
    }

    private static func life(of process: Int) -> (began: Int, isOver: Bool)? {
        // The start time is the twenty-second field.
        guard let fields = fields(of: process), let began = Int(fields[19]) else { return nil }
        return (began, ["Z", "X"].contains(fields[0]))
    }

    /// Returns the fields of a process's `stat` file after its name: state, parent, group, session and more.
    private static func fields(of process: Int) -> [String]? {
        // "number (name) state ...", where the name can contain any character.
        guard let bytes = LocalFile.readSmallFile("/proc/\(process)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        return fields.count > 19 ? fields : nil
    }
}

extension ProcessIdentity {
    /// The process ID; 0 if the number from a file is not a valid one.
    private var systemNumber: pid_t { pid_t(exactly: number) ?? 0 }

    /// Sends a signal to the process; returns false if the process has ended.
    package func signal(_ signal: Int32) throws(Errno) -> Bool {
        let handle = clinux_open_process(systemNumber)
        defer { if handle >= 0 { close(handle) } }
        // This check follows the opening, so the handle cannot refer to another process.
        guard isAlive else { return false }
        // Linux before 5.3 has no pidfds.
        let result = handle >= 0 ? clinux_signal_process(handle, signal) : kill(systemNumber, signal)
        if result == 0 { return true }
        if errno == ESRCH { return false }
        throw Errno(rawValue: errno)
    }

    /// Waits until the process has ended.
    package func waitForEnd() { _ = waitForEnd(within: nil) }

    /// Waits for at most `limit` until the process has ended; returns whether it has.
    package func waitForEnd(within limit: Duration?) -> Bool {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let handle = clinux_open_process(systemNumber)
        defer { if handle >= 0 { close(handle) } }
        while isAlive {
            if let deadline, ContinuousClock.now >= deadline { return false }
            var item = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            // Safe because one item is passed. Without a handle, the call only pauses.
            _ = unsafe poll(&item, 1, handle >= 0 && limit == nil ? -1 : 20)
        }
        return true
    }
}
