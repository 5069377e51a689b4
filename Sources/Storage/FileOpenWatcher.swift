import Glibc

/// Counts the programs that have a file open. An editor opens a file first and writes to it later.
final class FileOpenWatcher {
    private let events: FileDescriptor

    /// The longest wait for a program that has the file open.
    private static let patience = Duration.seconds(1)

    /// Watches the file that a path leads to; nil if the file cannot be watched.
    init?(of path: String) {
        let number = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard number >= 0 else { return nil }
        let events = FileDescriptor(owning: number)
        let mask = UInt32(IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)
        guard unsafe inotify_add_watch(number, path, mask) >= 0 else { return nil }
        self.events = events
    }

    /// Waits, at most one second, until every program that has opened the file since `init` has closed it.
    func waitUntilClosed() {
        let end = ContinuousClock.now + Self.patience
        var count = openedSinceLast
        while count > 0, ContinuousClock.now < end {
            var item = pollfd(fd: events.number, events: Int16(POLLIN), revents: 0)
            // Safe because one item is passed.
            _ = unsafe poll(&item, 1, 50)
            count += openedSinceLast
        }
    }

    /// The number of opens minus the number of closes since the last call.
    private var openedSinceLast: Int {
        var count = 0
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Safe because the array is passed with its own length.
        while case let filled = unsafe read(events.number, &bytes, bytes.count), filled > 0 {
            // Each event has four 4-byte fields (watch, mask, cookie, length of the name), followed by the name.
            var at = 0
            while at + 16 <= filled {
                func number(at place: Int) -> UInt32 {
                    (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
                }
                let mask = number(at: at + 4)
                if mask & UInt32(IN_OPEN) != 0 { count += 1 }
                if mask & UInt32(IN_CLOSE_WRITE | IN_CLOSE_NOWRITE) != 0 { count -= 1 }
                at += 16 + Int(number(at: at + 12))
            }
        }
        return count
    }
}
