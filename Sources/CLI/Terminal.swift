import Glibc

/// Where a person, or whatever called the program, reads what it says.
///
/// Standard output carries what was asked for: a list, a notebook. Everything else goes to standard error.
enum Terminal {
    static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
    static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }
    static func complain(unended text: String) { write(text, to: STDERR_FILENO) }

    /// Whether a person watches what is complained.
    static var isWatched: Bool { isatty(STDERR_FILENO) == 1 && !isDumb }

    /// Whether colours are welcome there.
    static var hasColours: Bool { isWatched && variable("NO_COLOR") == nil }

    private static var isDumb: Bool { variable("TERM") == "dumb" }

    private static func variable(_ name: String) -> String? {
        // Safe because the string is copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many characters a line of it has.
    static var width: Int {
        var size = winsize()
        // Safe because the call fills a variable of its own kind.
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // Safe because the buffer is passed with its own length.
            let count = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&item, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}

extension String {
    /// The text as it may be shown: nothing in it moves the cursor, rings, or changes what a terminal does. Colours stay
    /// where they are welcome.
    func shown(withColours: Bool = false) -> String {
        var shown = String.UnicodeScalarView()
        var rest = unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" {
                var sequence = String.UnicodeScalarView([scalar])
                guard rest.first == "[" else {
                    _ = rest.popFirst()
                    continue
                }
                while let next = rest.popFirst() {
                    sequence.append(next)
                    if next != "[", (0x40...0x7E).contains(next.value) { break }
                }
                if withColours, sequence.last == "m" { shown += sequence }
            } else if scalar == "\n" || scalar == "\t" || !scalar.isControl {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// The text on one line of limited length.
    func shownOnOneLine(_ length: Int = 60) -> String {
        let line = shown().split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= length ? line : line.prefix(max(0, length - 1)) + "…"
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character, or one that turns around the direction of what follows it.
    fileprivate var isControl: Bool {
        properties.generalCategory == .control || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }
}
