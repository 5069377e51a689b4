import GalleyExecution
import Glibc
import GalleyReports

/// A receiver of text: a file, or in tests a string.
protocol TextOutput: Sendable {
    /// Adds text, to be written as soon as possible.
    func write(_ text: some Collection<UInt8>)
    /// Waits until everything is written; returns whether it was.
    func finish(within readerTimeout: Duration?) async -> Bool
}

extension BackgroundWriter: TextOutput {}

/// Standard error: lines that stay and, at a terminal, a status below them that is redrawn.
struct LiveTerminal {
    /// Whether the status is shown.
    let isLive: Bool
    private let output: any TextOutput
    private let size: @Sendable () -> (columns: Int, lines: Int)
    private let time: RunClock
    /// Lines that are not written yet.
    private var waiting = ""
    private var status: [String] = []
    /// The widths of the status lines on the screen.
    private var shownWidths: [Int] = []
    /// When the screen was last changed.
    private var lastDraw: Duration?

    /// More frequent changes cannot be seen, and would take CPU time from the kernel.
    private static let interval = Duration.milliseconds(50)

    init(
        isLive: Bool, time: RunClock, to output: any TextOutput = standardError,
        size: @escaping @Sendable () -> (columns: Int, lines: Int) = { Terminal.size }
    ) {
        (self.isLive, self.time, self.output, self.size) = (isLive, time, output, size)
    }

    /// A slow reader must not block the run.
    private static let standardError = BackgroundWriter(STDERR_FILENO, limit: 64_000_000) {
        Array("galley: \($0) bytes are left out here, because they were not read in time\n".utf8)
    }

    /// The number of columns.
    var columns: Int { size().columns }

    /// Whether the last change is long enough ago for another one.
    var isDue: Bool { lastDraw.map { time.now() - $0 >= Self.interval } ?? true }

    /// Adds a line that stays.
    mutating func write(_ line: String) {
        waiting += line + "\n"
        if isLive ? isDue : waiting.utf8.count > 4096 { flush() }
    }

    /// Replaces the status below the lines; it appears with the next flush. Does nothing without a live terminal.
    mutating func setStatus(_ lines: [String]) { if isLive { status = lines } }

    /// Removes the status at once.
    mutating func clear() {
        status = []
        flush()
    }

    /// Writes the waiting lines, and draws the status anew.
    mutating func flush() {
        let text = isLive ? redraw() : waiting
        waiting = ""
        if !text.isEmpty { output.write(text.utf8) }
    }

    /// Returns the text that replaces the old status by the waiting lines and the new status.
    private mutating func redraw() -> String {
        let (columns, rows) = size()
        lastDraw = time.now()
        let visible = status.suffix(max(1, rows - 1)).map { String($0.prefix(columns: columns - 1)) }
        // A terminal that has become narrower has wrapped the lines.
        let oldRows = shownWidths.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        var text = oldRows == 0 ? "" : "\r" + (oldRows > 1 ? "\u{1B}[\(oldRows - 1)A" : "")
        let erasesAll = oldRows > 0 && (!waiting.isEmpty || visible.isEmpty || oldRows != shownWidths.count)
        if erasesAll { text += visible.isEmpty && oldRows == 1 ? "\u{1B}[K" : "\u{1B}[J" }
        text += waiting + visible.map { "\u{1B}[K" + $0 }.joined(separator: "\n")
        if !erasesAll, oldRows > visible.count { text += "\u{1B}[J" }
        shownWidths = visible.map(\.columns)
        return text
    }

    /// Waits until everything is written; returns whether it was.
    func finish() async -> Bool { await output.finish(within: nil) }
}

/// Calls a closure five times a second until its object is released.
func ticker<Watcher: AnyObject & Sendable>(
    for watcher: Watcher, _ time: RunClock, _ update: @escaping @Sendable (Watcher) -> Void
) -> Task<Void, Never> {
    Task { [weak watcher] in
        while (try? await time.sleep(time.now() + .milliseconds(200))) != nil {
            guard let watcher else { return }
            update(watcher)
        }
    }
}
