import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

/// The state of a notebook that runs: its current cell, the remaining time, and the lines that its cells print.
struct RunningNotebook {
    /// The number of code cells in the notebook.
    let cellCount: Int
    /// The cell that runs; nil between two cells.
    private(set) var cell: PlannedCell?
    /// The number of cells that have ended.
    private(set) var finishedCount = 0
    private let cellsToRun: [PlannedCell]
    /// When the cell began.
    private var begin = Duration.zero
    /// The time after which a line says that the cell still runs.
    private var nextNotice = Self.firstNotice
    /// The text of standard output and displays, and that of standard error. Each has lines of its own: a kernel can send
    /// the end of a progress bar after text that was printed later.
    private var texts = [StreamedText(), StreamedText()]
    private var bars = WidgetBars()
    /// The cell whose title stands above the output.
    private var titled: PlannedCell?

    /// A cell that has run for this long gets a line in the log, then another each time this has doubled.
    static let firstNotice = Duration.seconds(10)

    init(_ start: RunStart) { (cellCount, cellsToRun) = (start.cells, start.cellsToRun) }

    /// The number of cells to run.
    var plannedCount: Int { cellsToRun.count }

    mutating func start(_ cell: PlannedCell, at now: Duration) {
        (self.cell, begin, nextNotice) = (cell, now, Self.firstNotice)
    }

    /// Ends the current cell; returns the lines that it has not ended.
    mutating func finishCell() -> [Line] {
        cell = nil
        finishedCount += 1
        return endOutput()
    }

    /// How long the current cell has run.
    func elapsed(at now: Duration) -> Duration { now - begin }

    /// Returns how long the current cell has run, each time a line about that is due.
    mutating func takeNotice(at now: Duration) -> (cell: PlannedCell, elapsed: Duration)? {
        guard let cell, elapsed(at: now) >= nextNotice else { return nil }
        while elapsed(at: now) >= nextNotice * 2 { nextNotice *= 2 }
        defer { nextNotice *= 2 }
        return (cell, nextNotice)
    }

    /// Estimates the remaining time from the times of the previous run; nil if the notebook contains none.
    func timeLeft(at now: Duration) -> Duration? {
        let known = cellsToRun.compactMap(\.earlierDuration)
        guard !known.isEmpty else { return nil }
        let usual = known.reduce(.zero, +) / known.count
        func expected(_ cell: PlannedCell) -> Duration { cell.earlierDuration ?? usual }
        var rest = cellsToRun.dropFirst(finishedCount).reduce(.zero) { $0 + expected($1) }
        if let cell { rest -= min(expected(cell), elapsed(at: now)) }
        return rest >= .seconds(1) ? rest : nil
    }
}

// MARK: - Output

extension RunningNotebook {
    /// A line to print.
    enum Line: Equatable {
        /// The title of a cell, above its output.
        case title(number: Int, String)
        /// Output of the cell with this number.
        case output(number: Int, String)
    }

    /// Takes an output; returns the lines that are complete.
    mutating func print(_ message: IOPubMessage, of cell: PlannedCell) -> [Line] {
        if let display = message.display, bars.show(display) { return title(cell) }
        guard let text = message.printedText, !text.isEmpty else { return [] }
        let lines = title(cell)
        let index = if case .stream("stderr", _) = message { 1 } else { 0 }
        return lines + texts[index].add(text).map { .output(number: cell.number, $0) }
    }

    /// Takes a message of a widget.
    mutating func receive(_ comm: IOPubMessage.Comm) { bars.receive(comm) }

    /// The lines of the output that can still change, each of which fits into `columns`.
    func changingLines(columns: Int) -> [String] {
        let lines = texts.flatMap { text in
            // A line that grows changes at its end; an overwritten one shows most at its beginning.
            text.changing.map { text.isOverwritten ? $0 : String($0.suffix(columns)) }
        }
        return (lines + bars.lines).map { $0.terminalSafeLine(columns) }
    }

    /// Returns the title of the cell whose output follows, unless it stands there already.
    private mutating func title(_ cell: PlannedCell) -> [Line] {
        if titled?.index == cell.index { return [] }
        let lines = endOutput()
        titled = cell
        return lines + [.title(number: cell.number, cell.title)]
    }

    /// Ends the output of a cell; returns its last lines.
    mutating func endOutput() -> [Line] {
        guard let number = titled?.number else { return [] }
        titled = nil
        return (texts.indices.flatMap { texts[$0].end() } + bars.end()).map { .output(number: number, $0) }
    }
}

extension IOPubMessage {
    /// The text that `--stream` shows for the message; nil if none.
    fileprivate var printedText: String? {
        switch self {
        case .stream(_, let text): text
        case .display(let display), .result(let display, _): display.data["text/plain"]?.string.map { $0 + "\n" }
        default: nil
        }
    }
}
