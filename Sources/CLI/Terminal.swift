import GalleyExecution
import Glibc
import GalleyReports
import GalleyStorage

/// The standard streams of the program.
///
/// Standard output carries the result of a command: a list, a notebook. All messages go to standard error.
enum Terminal {
    /// Prints a line of the result, and ends the program if that fails.
    static func print(_ line: String) {
        if write(Array((line + "\n").utf8), to: STDOUT_FILENO) { return }
        let code = Errno(rawValue: errno)
        // A reader that has closed the pipe needs no error.
        if code.rawValue != EPIPE { reportProblem("galley: standard output: \(code)") }
        exit(ExitStatus.storage)
    }

    /// Prints an error or a warning. Control characters in it are escaped, because it may quote a hostile file.
    static func reportProblem(_ text: String) {
        let lines = text.terminalSafe().split(whereSeparator: \.isNewline).map { CIHost.neutralized(String($0)) }
        write(Array((lines.joined(separator: "\n") + "\n").utf8), to: STDERR_FILENO)
    }

    /// The lines of standard input.
    static func readInput() -> [String] {
        var lines: [String] = []
        while let line = readLine() { lines.append(line) }
        return lines
    }

    /// Opens /dev/null in the place of closed standard streams, so that no other file takes their descriptors.
    static func openMissingStandardStreams() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 { _ = unsafe open("/dev/null", O_RDONLY) }
    }

    /// Whether standard error is a terminal that can move its cursor.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 && !isDumb }

    /// Whether messages have colors.
    static var hasColors: Bool { isInteractive && variable("NO_COLOR") == nil }

    private static var isDumb: Bool { variable("TERM") == "dumb" }

    static func variable(_ name: String) -> String? {
        // Safe because the string is copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The width and height of the terminal, in characters.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        // Safe because the call fills a variable of its own type.
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// The width of help: that of the terminal or of COLUMNS, 80 if both are unknown, and at most 100.
    static var helpColumns: Int {
        if let columns = variable("COLUMNS").flatMap({ Int($0) }), columns > 0 { return min(max(columns, 40), 100) }
        var size = winsize()
        // Safe because the call fills a variable of its own type.
        guard isatty(STDOUT_FILENO) == 1, unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
        else { return 80 }
        return min(max(Int(size.ws_col), 40), 100)
    }

    /// Writes all bytes and waits until they are read; returns false if the reader has gone.
    ///
    /// - Parameter isTooLate: Whether to stop waiting, for a descriptor in nonblocking mode.
    @discardableResult
    static func write(
        _ bytes: [UInt8], to descriptor: Int32, unless isTooLate: () -> Bool = { false }
    ) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Safe because the buffer is passed with its own length.
            let count = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if isTooLate() { return false }
                _ = unsafe poll(&item, 1, 100)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

extension String {
    /// Returns the longest prefix that fits into this many columns of a terminal.
    func prefix(columns: Int) -> Substring {
        var used = 0
        return prefix {
            used += $0.columns
            return used <= columns
        }
    }

    /// The number of columns of a terminal that the text takes.
    var columns: Int { reduce(0) { $0 + $1.columns } }
}

extension Character {
    /// The number of terminal columns that the character takes.
    fileprivate var columns: Int { unicodeScalars.contains(where: \.isWide) ? 2 : 1 }
}

extension Unicode.Scalar {
    /// Whether the scalar takes two columns, as East Asian characters and emoji do.
    fileprivate var isWide: Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: properties.isEmojiPresentation
        }
    }
}
