import Glibc
import GalleyReports

/// Where a person reads how it goes: lines that stay and, at a terminal, a few below them that change with the time.
struct LiveTerminal {
    /// Whoever reads what is said must not keep a run waiting.
    private let writer = BackgroundWriter(STDERR_FILENO, limit: 64_000_000) {
        Array("galley: \($0) bytes are left out here, because they were not read in time\n".utf8)
    }
    /// Whether somebody watches.
    let isLive: Bool
    /// Lines that are going to be written together.
    private var waiting = ""
    /// How many of the lines at the end are going to change.
    private var changing = 0

    init(isLive: Bool) { self.isLive = isLive }

    /// Adds a line that stays.
    mutating func write(_ line: String) {
        waiting += line + "\n"
        // Somebody who watches sees each line at once. A reader that is woken for each would take the kernel's time.
        if isLive || waiting.utf8.count > 4096 { flush() }
    }

    /// Writes the lines that wait.
    mutating func flush() {
        guard !waiting.isEmpty else { return }
        clear()
        writer.write(waiting.utf8)
        waiting = ""
    }

    /// Shows lines below all others, in the place of those that were shown so last; nothing where nobody watches.
    mutating func show(_ lines: [String]) {
        guard isLive else { return }
        flush()
        let (columns, rows) = Terminal.size
        let room = lines.suffix(max(1, rows - 1)).map { $0.prefix(columns: columns - 1) }
        let rest = changing > room.count ? "\u{1B}[J" : ""
        writer.write((up + room.map { "\u{1B}[K" + $0 }.joined(separator: "\n") + rest).utf8)
        changing = room.count
    }

    /// Takes the changing lines away.
    mutating func clear() {
        if changing > 0 { writer.write((up + (changing == 1 ? "\u{1B}[K" : "\u{1B}[J")).utf8) }
        changing = 0
    }

    /// The way to the beginning of the changing lines.
    private var up: String { "\r" + (changing > 1 ? "\u{1B}[\(changing - 1)A" : "") }

    /// Waits until everything was read; returns whether it was.
    func finish() async -> Bool { await writer.finish() }
}

/// Has somebody look at the time five times a second, until there is nobody any more.
func ticker<Watcher: AnyObject & Sendable>(
    for watcher: Watcher, _ look: @escaping @Sendable (Watcher) -> Void
) -> Task<Void, Never> {
    Task { [weak watcher] in
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            guard let watcher else { return }
            look(watcher)
        }
    }
}

/// Text that comes in pieces, as whole lines: one that writes over itself is seen once, as it ends.
struct LineBuffer {
    /// What the end of has not come yet.
    private var rest = ""

    private static let limit = 100_000

    /// Whether a line has begun.
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

    /// Returns the line that has no end, if there is one.
    mutating func end() -> [String] {
        defer { rest = "" }
        return rest.isEmpty ? [] : [rest]
    }
}

extension Character {
    /// Whether a terminal goes on to the next line.
    fileprivate var isEndOfLine: Bool { self == "\n" || self == "\r\n" }
}
