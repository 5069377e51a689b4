import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook

/// What the messages of a run amount to: a notebook whose cells hold what they left behind.
///
/// It knows neither socket nor clock. Whatever belongs to a cell is put there, also when it comes after the cell is over;
/// what says of no cell that it belongs to it is put where the run is.
struct OutputRecorder: Sendable {
    private var notebook: Notebook
    private let settings: RunSettings
    private let ignoresForeignOutputs: Bool
    private var records: [Int: Record] = [:]
    /// The cells by the identifiers of the requests that ran them.
    private var cells: [String: Int] = [:]
    private var displays = DisplayIndex()
    private var widgets: Widgets
    /// The cell that runs, or ran last.
    private var current: Int?
    /// Cells whose records are not in the notebook yet.
    private var unwritten: Set<Int> = []
    /// Grows with each change.
    private(set) var revision = 0

    /// What one cell left behind.
    private struct Record: Sendable {
        var area: OutputArea
        var count: Int?
        var times: [(key: String, time: String)] = []
    }

    /// Begins with a notebook in which nothing stands of an earlier run but what is not part of this one.
    init(_ notebook: Notebook, clearing cells: [Int], settings: RunSettings, ignoresForeignOutputs: Bool) {
        self.notebook = notebook
        (self.settings, self.ignoresForeignOutputs) = (settings, ignoresForeignOutputs)
        widgets = Widgets(settings)
        for index in cells {
            self.notebook.cells[index].removeOutputs()
            self.notebook.cells[index].removeTiming()
        }
    }

    /// The notebook's metadata tell what language it is in.
    mutating func note(_ info: KernelInfo) {
        guard let language = info.language?.withReadableNumbers else { return }
        let old = notebook.metadata["language_info"]
        // The same in another spelling is the file's own business.
        if old?.canonicalText.bytes != language.canonicalText.bytes { notebook.metadata["language_info"] = language }
    }

    /// Begins a cell, or begins it again; with another source than the notebook has, if that is to be saved.
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

    /// Takes note of a message.
    ///
    /// - Returns: What it puts out, and the cell that it belongs to.
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
            return nil
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
            if let id = iopubMessage.display?.id, let generation = records[cell]?.area.generation {
                displays.add(DisplayLocation(cell: cell, place: place, generation: generation), under: id)
            }
        }
    }

    /// Replaces what is displayed under an identifier, in whichever cells that is.
    private mutating func update(_ display: IOPubMessage.Display) {
        for cell in displays.update(display) { touch(cell) }
        // What an update takes counts at once where that is limited.
        if settings.outputBound != nil { writeUpdates() }
    }

    /// Writes to the cells what displays look like now.
    private mutating func writeUpdates() {
        for (display, places) in displays.takeUpdates() {
            let data = MimeBundle(sent: display.data)
            for place in places where records[place.cell]?.area.generation == place.generation {
                records[place.cell]?.area.replace(at: place.place, data, metadata: display.metadata)
            }
        }
    }

    private mutating func note(_ message: Message, as key: String, of cell: Int) {
        guard settings.keepsTiming else { return }
        let time = message.header.date.flatMap { Timestamp($0) } ?? .now()
        records[cell]?.times.removeAll { $0.key == key }
        records[cell]?.times.append((key, time.description))
        touch(cell)
    }

    /// Adds to a cell what ended it, where the kernel could not say that itself.
    mutating func add(_ error: Output, to cell: Int) {
        _ = records[cell]?.area.add(error)
        touch(cell)
    }

    /// What a cell has put out.
    mutating func outputs(of cell: Int) -> [Output] {
        writeUpdates()
        return records[cell]?.area.outputs() ?? []
    }

    /// Notes in a report how much its cell has put out by now.
    mutating func measure(_ report: inout CellReport) {
        writeUpdates()
        guard let record = records[report.index] else { return }
        report.executionCount = record.count
        (report.outputCount, report.outputSize) = record.area.extent
    }

    /// Whether a cell holds an error that the kernel told of.
    func hasError(in cell: Int) -> Bool { records[cell]?.area.holdsError ?? false }

    /// Returns what the kernel is to be told of its widgets.
    mutating func widgetMessages(from session: Session) -> [Message] { widgets.widgetMessages(from: session) }

    /// Returns the notebook as it is now, the cell that runs included.
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
