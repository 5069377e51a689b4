import Glibc
import GalleyReports

/// Standard error: lines that stay and, at a terminal, a status below them that is redrawn.
struct LiveTerminal {
    /// A slow reader must not block the run.
    private let writer = BackgroundWriter(STDERR_FILENO, limit: 64_000_000) {
        Array("galley: \($0) bytes are left out here, because they were not read in time\n".utf8)
    }
    /// Whether the status is shown.
    let isLive: Bool
    /// Lines that are written with the next flush.
    private var waiting = ""
    /// The number of status lines at the end.
    private var changingCount = 0

    init(isLive: Bool) { self.isLive = isLive }

    /// Adds a line that stays.
    mutating func write(_ line: String) {
        waiting += line + "\n"
        // A terminal shows each line at once. Another reader is not woken for each line, which would take CPU time from
        // the kernel.
        if isLive || waiting.utf8.count > 4096 { flush() }
    }

    /// Writes the waiting lines.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        clear()
        writer.write(waiting.utf8)
        waiting = ""
    }

    /// Shows status lines below all others and replaces the previous ones. Does nothing without a live terminal.
    mutating func show(_ lines: [String]) {
        guard isLive else { return }
        flush()
        let (columns, rows) = Terminal.size
        let visible = lines.suffix(max(1, rows - 1)).map { $0.prefix(columns: columns - 1) }
        let rest = changingCount > visible.count ? "\u{1B}[J" : ""
        writer.write((up + visible.map { "\u{1B}[K" + $0 }.joined(separator: "\n") + rest).utf8)
        changingCount = visible.count
    }

    /// Removes the status lines.
    mutating func clear() {
        if changingCount > 0 { writer.write((up + (changingCount == 1 ? "\u{1B}[K" : "\u{1B}[J")).utf8) }
        changingCount = 0
    }

    /// The escape sequence that moves to the first status line.
    private var up: String { "\r" + (changingCount > 1 ? "\u{1B}[\(changingCount - 1)A" : "") }

    /// Waits until everything is written; returns whether it was.
    func finish() async -> Bool { await writer.finish() }
}

/// Calls a closure five times a second until its object is released.
func ticker<Watcher: AnyObject & Sendable>(
    for watcher: Watcher, _ update: @escaping @Sendable (Watcher) -> Void
) -> Task<Void, Never> {
    Task { [weak watcher] in
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            guard let watcher else { return }
            update(watcher)
        }
    }
}

/// Assembles pieces of text into whole lines.
struct LineBuffer {
    /// The beginning of an incomplete line.
    private var rest = ""

    private static let limit = 100_000

    /// Whether no line is incomplete.
    var isEmpty: Bool { rest.isEmpty }

    /// Adds text; returns the lines that are complete.
    mutating func add(_ text: String) -> [String] {
        guard let last = text.lastIndex(where: \.isEndOfLine) else {
            rest += text
            return rest.utf8.count > Self.limit ? end() : []
        }
        let lines = (rest + text[..<last]).split(omittingEmptySubsequences: false, whereSeparator: \.isEndOfLine)
        rest = String(text[text.index(after: last)...])
        return lines.map(String.init)
    }

    /// Returns the incomplete line, if there is one.
    mutating func end() -> [String] {
        defer { rest = "" }
        return rest.isEmpty ? [] : [rest]
    }
}

extension Character {
    /// Whether the character ends a line.
    fileprivate var isEndOfLine: Bool { self == "\n" || self == "\r\n" }
}
