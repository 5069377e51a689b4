import GalleyCLinux
import Glibc
package import GalleyStorage

/// A process, so described that another one which gets its number later is not taken for it.
package struct ProcessIdentity: Hashable, Sendable {
    /// Its number.
    package let number: Int
    /// When it began, in the system's own count.
    package let began: Int
    /// The machine, since it was last started, and the container.
    package let machine: String

    package init(number: Int, began: Int, machine: String) {
        self.number = number
        self.began = began
        self.machine = machine
    }

    /// Returns the mark of this process.
    package static func current() -> ProcessIdentity {
        ProcessIdentity(of: Int(getpid())) ?? ProcessIdentity(number: Int(getpid()), began: 0, machine: here)
    }

    /// Finds the mark of a process of this machine; nil where there is none of that number.
    init?(of number: Int) {
        guard let life = Self.life(of: number) else { return nil }
        self.init(number: number, began: life.began, machine: Self.here)
    }

    /// The machine that this process runs on.
    static let here: String = {
        let boot =
            LocalFile.readSmallFile("/proc/sys/kernel/random/boot_id").map { String(decoding: $0, as: UTF8.self) } ?? ""
        var link = [CChar](repeating: 0, count: 64)
        // Safe because the array is passed with its own length.
        let count = unsafe readlink("/proc/self/ns/pid", &link, link.count)
        let space = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return boot.filter { !$0.isWhitespace } + "/" + space
    }()

    /// Whether it was started by another container, whose processes cannot be seen from here.
    package var isInOtherContainer: Bool {
        func parts(_ machine: String) -> [Substring] { machine.split(separator: "/", maxSplits: 1) }
        return parts(machine).first == parts(Self.here).first && parts(machine).last != parts(Self.here).last
    }

    /// Whether it is still there.
    package var isAlive: Bool {
        guard machine == Self.here, number > 0, systemNumber > 0, let now = Self.life(of: number) else { return false }
        return now.began == began && !now.isOver
    }

    /// The user that it runs as.
    package var user: UInt32? {
        // "Uid:" and four numbers, of which the second counts. The folder of the process can belong to root all the same.
        let line = LocalFile.readSmallFile("/proc/\(number)/status").flatMap { bytes in
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Uid:") }
        }
        return line?.split(separator: "\t").dropFirst(2).first.flatMap { UInt32($0) }
    }

    /// Whether there is a process of that number of which this one may see nothing.
    package var isHidden: Bool {
        guard machine == Self.here, systemNumber > 0, Self.life(of: number) == nil else { return false }
        return kill(systemNumber, 0) != 0 && errno == EPERM
    }

    /// Whether processes can be told from one another here, which takes the file system that shows them.
    package static var canIdentifyProcesses: Bool { life(of: Int(getpid())) != nil }

    /// The processes that descend from it, or are in the session that it has begun.
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
        // The time is the twenty-second field.
        guard let fields = fields(of: process), let began = Int(fields[19]) else { return nil }
        return (began, ["Z", "X"].contains(fields[0]))
    }

    /// What the system says of a process behind its name: state, parent, group, session and more.
    private static func fields(of process: Int) -> [String]? {
        // "number (name) state ...", where the name may hold anything.
        guard let bytes = LocalFile.readSmallFile("/proc/\(process)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        return fields.count > 19 ? fields : nil
    }
}

extension ProcessIdentity {
    /// What a file says need not be a number that a process can have.
    private var systemNumber: pid_t { pid_t(exactly: number) ?? 0 }

    /// Sends it a signal; returns false where it is gone.
    package func signal(_ signal: Int32) throws(Errno) -> Bool {
        let handle = clinux_open_process(systemNumber)
        defer { if handle >= 0 { close(handle) } }
        // Looked at after it was opened, it cannot become another one any more.
        guard isAlive else { return false }
        // Before Linux 5.3 there is no such thing.
        let result = handle >= 0 ? clinux_signal_process(handle, signal) : kill(systemNumber, signal)
        if result == 0 { return true }
        if errno == ESRCH { return false }
        throw Errno(rawValue: errno)
    }

    /// Waits until it is gone.
    package func waitForEnd() { _ = waitForEnd(within: nil) }

    /// Waits until it is gone, for so long at most; returns whether it is.
    package func waitForEnd(within limit: Duration?) -> Bool {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let handle = clinux_open_process(systemNumber)
        defer { if handle >= 0 { close(handle) } }
        while isAlive {
            if let deadline, ContinuousClock.now >= deadline { return false }
            var item = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            // Safe because one item is passed. Without a handle it is a pause.
            _ = unsafe poll(&item, 1, handle >= 0 && limit == nil ? -1 : 20)
        }
        return true
    }
}
