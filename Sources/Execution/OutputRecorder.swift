import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook

/// Builds the executed notebook from the messages of a run.
///
/// The recorder does no I/O. It adds an output to the cell whose request it belongs to, even after that cell has ended.
/// An output without a known request goes to the current cell.
struct OutputRecorder: Sendable {
    private var notebook: Notebook
    private let settings: RunSettings
    private let ignoresForeignOutputs: Bool
    private var records: [Int: Record] = [:]
    /// The cells by the message IDs of their execute requests.
    private var cells: [String: Int] = [:]
    private var displays = DisplayIndex()
    private var widgets: Widgets
    /// The cell that runs now, or ran last.
    private var current: Int?
    /// Cells whose records are not yet in the notebook.
    private var unwritten: Set<Int> = []
    /// Cells with outputs that hand back results and were added or changed since the last call of
    /// `takeNewlyNamedOutputs`.
    private var newlyNamed: Set<Int> = []
    /// A number that grows with each change.
    private(set) var revision = 0

    /// The outputs, execution count and times of one cell.
    private struct Record: Sendable {
        var area: OutputArea
        var count: Int?
        var times: [(key: String, time: String)] = []
    }

    /// Creates a recorder, and removes the outputs and times of `cells` from the notebook.
    init(_ notebook: Notebook, clearing cells: [Int], settings: RunSettings, ignoresForeignOutputs: Bool) {
        self.notebook = notebook
        (self.settings, self.ignoresForeignOutputs) = (settings, ignoresForeignOutputs)
        widgets = Widgets(settings)
        for index in cells {
            self.notebook.cells[index].removeOutputs()
            self.notebook.cells[index].removeTiming()
        }
    }

    /// Stores the kernel's language in the notebook's metadata.
    mutating func note(_ info: KernelInfo) {
        guard let language = info.language?.withReadableNumbers else { return }
        let old = notebook.metadata["language_info"]
        // If only the JSON formatting differs, the notebook keeps its own.
        if old?.canonicalText.bytes != language.canonicalText.bytes { notebook.metadata["language_info"] = language }
    }

    /// Begins a cell, or begins it again.
    ///
    /// - Parameter source: The source to save in the notebook; nil to keep its own.
    mutating func begin(_ cell: Int, saving source: String?, with request: Message) {
        current = cell
        displays.forget(cell, upTo: .max)
        if let source { notebook.cells[cell].source = source }
        cells[request.header.id] = cell
        let area = OutputArea(limit: settings.outputBound, collapsesProgress: settings.collapsesProgress)
        records[cell] = Record(area: area)
        touch(cell)
    }

    private mutating func touch(_ cell: Int) {
        unwritten.insert(cell)
        revision += 1
    }

    /// Processes a message.
    ///
    /// - Returns: The output or the comm message, and its cell.
    mutating func receive(_ message: Message) -> (cell: Int, what: IOPubMessage)? {
        if let reply = message.executeReply {
            guard let cell = cells[message.parent?.id ?? ""] else { return nil }
            note(message, as: "shell.execute_reply", of: cell)
            if records[cell]?.count == nil { records[cell]?.count = reply.count }
            return nil
        }
        guard let iopubMessage = message.iopubMessage else { return nil }
        let own = message.parent.flatMap { cells[$0.id] }
        if own == nil, message.parent != nil, ignoresForeignOutputs { return nil }
        switch iopubMessage {
        case .state(let state):
            if let own, state == .busy || state == .idle {
                note(message, as: state == .busy ? "iopub.status.busy" : "iopub.status.idle", of: own)
            }
            return nil
        case .input(let count):
            guard let own else { return nil }
            if let count { records[own]?.count = count }
            note(message, as: "iopub.execute_input", of: own)
            return nil
        case .comm(let comm):
            widgets.receive(comm)
            revision += 1
        case .update(let display):
            update(display)
        case .stream, .display, .result, .error, .clear:
            receive(iopubMessage, of: message.parent, in: own ?? current)
        }
        return (own ?? current).map { ($0, iopubMessage) }
    }

    private mutating func receive(_ iopubMessage: IOPubMessage, of parent: Header?, in cell: Int?) {
        if case .result(_, let count?) = iopubMessage, let cell { records[cell]?.count = count }
        if let display = iopubMessage.display { update(display) }
        if widgets.captureOutput(iopubMessage, of: parent) {
            revision += 1
            return
        }
        guard let cell, let generation = records[cell]?.area.generation else { return }
        touch(cell)
        defer { if records[cell]?.area.generation != generation { displays.forget(cell, upTo: generation) } }
        switch iopubMessage {
        case .clear(let waits): records[cell]?.area.clear(waits: waits)
        case .stream(let name, let text): records[cell]?.area.write(text, to: Output.Stream(name: name))
        default:
            guard let output = Output(iopubMessage), let place = records[cell]?.area.add(output) else { break }
            noteNames(of: cell)
            if let id = iopubMessage.display?.id, let generation = records[cell]?.area.generation {
                displays.add(DisplayLocation(cell: cell, place: place, generation: generation), under: id)
            }
        }
    }

    /// Updates a display in all cells that contain it.
    private mutating func update(_ display: IOPubMessage.Display) {
        for cell in displays.update(display) { touch(cell) }
        // With an output limit, the size of an update counts at once.
        if settings.outputBound != nil { writeUpdates() }
    }

    /// Writes the pending display updates to the cells.
    private mutating func writeUpdates() {
        for (display, places) in displays.takeUpdates() {
            let data = MimeBundle(sent: display.data)
            for place in places where records[place.cell]?.area.generation == place.generation {
                records[place.cell]?.area.replace(at: place.place, data, metadata: display.metadata)
                noteNames(of: place.cell)
            }
        }
    }

    private mutating func noteNames(of cell: Int) {
        if records[cell]?.area.hasNewlyNamedOutputs == true { newlyNamed.insert(cell) }
    }

    private mutating func note(_ message: Message, as key: String, of cell: Int) {
        guard settings.keepsTiming else { return }
        let time = message.header.date.flatMap { Timestamp($0) } ?? .now()
        records[cell]?.times.removeAll { $0.key == key }
        records[cell]?.times.append((key, time.description))
        touch(cell)
    }

    /// Adds an error of Galley's own to the outputs of a cell.
    mutating func add(_ error: Output, to cell: Int) {
        _ = records[cell]?.area.add(error)
        touch(cell)
    }

    /// Returns the outputs of a cell.
    mutating func outputs(of cell: Int) -> [Output] {
        writeUpdates()
        return records[cell]?.area.outputs() ?? []
    }

    /// Updates the execution count, the output count and size, and the last printed lines of a cell's report.
    mutating func measure(_ report: inout CellReport) {
        writeUpdates()
        guard let record = records[report.index] else { return }
        report.executionCount = record.count
        let size = report.outputSize
        (report.outputCount, report.outputSize) = record.area.extent
        if report.needsExplanation, report.printed == nil || report.outputSize != size {
            report.printed = record.area.printed
        }
    }

    /// Returns the outputs of each cell that hand back results, in the order of the notebook.
    mutating func namedOutputs() -> [(cell: Int, outputs: [Output])] {
        writeUpdates()
        return records.keys.sorted().map { ($0, records[$0]?.area.namedOutputs ?? []) }
    }

    /// Returns those of them that were added or changed since the last call.
    mutating func takeNewlyNamedOutputs() -> [(cell: Int, outputs: [Output])] {
        writeUpdates()
        defer { newlyNamed = [] }
        return newlyNamed.sorted().map { ($0, records[$0]?.area.takeNewlyNamedOutputs() ?? []) }
    }

    /// Whether the outputs of a cell include an error.
    func hasError(in cell: Int) -> Bool { records[cell]?.area.holdsError ?? false }

    /// Returns the messages that update the output widgets in the kernel.
    mutating func widgetMessages(from session: Session) -> [Message] { widgets.widgetMessages(from: session) }

    /// Returns the notebook with all outputs so far, including those of the running cell.
    mutating func snapshot(isRunning: Bool) -> Notebook {
        writeUpdates()
        for index in unwritten.sorted() where !isRunning || index != current {
            if let outputs = records[index]?.area.compactOutputs() { write(index, outputs, into: &notebook) }
            unwritten.remove(index)
        }
        var copy = notebook
        if let current, unwritten.contains(current), let record = records[current] {
            write(current, record.area.outputs(), into: &copy)
        }
        if settings.keepsWidgets, let metadata = widgets.metadata { copy.metadata["widgets"] = metadata }
        return copy
    }

    private func write(_ index: Int, _ outputs: [Output], into notebook: inout Notebook) {
        guard let record = records[index] else { return }
        notebook.cells[index].outputs = JSONArray(json: .array(outputs.map(\.json)))
        notebook.cells[index].executionCount = record.count
        if !record.times.isEmpty {
            var timing = notebook.cells[index].metadata["execution"] ?? [:]
            for (key, time) in record.times { timing[key] = .string(time) }
            notebook.cells[index].metadata["execution"] = timing
        }
    }
}
