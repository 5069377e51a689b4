import JSON
import Notebook

/// The outputs of one cell, or of one widget, while they come in.
///
/// Text of one stream that comes in parts is one output. A place in the area is good until the area is cleared; its
/// generation tells.
struct OutputArea: Sendable {
    private var pieces: [Piece] = []
    private var clearsBeforeNext = false
    /// How often it was cleared.
    private(set) var generation = 0
    /// How many bytes are kept, where that is limited; how many came in, and how many were cut.
    private let limit: Int?
    private var size = 0
    private var cut = 0
    private let collapsesProgress: Bool

    private enum Piece: Sendable {
        case text(Output.Stream, StreamText)
        case output(Output)
    }

    init(limit: Int? = nil, collapsesProgress: Bool = false) {
        self.limit = limit
        self.collapsesProgress = collapsesProgress
    }

    /// Begins with outputs that are there already.
    init(_ outputs: [Output]) {
        self.init()
        pieces = outputs.map { .output($0) }
    }

    /// Removes everything, now or when the next output comes.
    mutating func clear(waits: Bool) {
        if waits {
            clearsBeforeNext = true
        } else {
            pieces = []
            (size, cut) = (0, 0)
            generation += 1
            clearsBeforeNext = false
        }
    }

    private mutating func makeRoom() {
        if clearsBeforeNext { clear(waits: false) }
    }

    /// Adds text at the end.
    mutating func write(_ text: String, to stream: Output.Stream) {
        makeRoom()
        let kept = admitted(text)
        guard !kept.isEmpty || text.isEmpty else { return }
        var written = takeLastText(of: stream) ?? StreamText(collapses: collapsesProgress)
        written.write(kept)
        pieces.append(.text(stream, written))
    }

    /// Takes the output at the end away, where it is text of this stream, so that it can be added to without a copy.
    private mutating func takeLastText(of stream: Output.Stream) -> StreamText? {
        switch pieces.last {
        case .text(stream, let text)?:
            pieces.removeLast()
            return text
        case .output(let output)? where output.kind == .stream(stream):
            pieces.removeLast()
            var written = StreamText(collapses: collapsesProgress)
            written.write(output.text ?? "")
            return written
        default: return nil
        }
    }

    /// Adds an output at the end; returns its place, nil where there was no room for it.
    mutating func add(_ output: Output) -> Int? {
        makeRoom()
        if case .error = output.kind {
            // What went wrong is never cut.
        } else if limit != nil, !isAdmitted(output.json) {
            return nil
        }
        pieces.append(.output(output))
        return pieces.count - 1
    }

    /// Replaces what is displayed at a place.
    mutating func replace(at place: Int, _ data: MimeBundle, metadata: Value) {
        guard pieces.indices.contains(place), case .output(var output) = pieces[place] else { return }
        if limit != nil, !isAdmitted(data.json) { return }
        output.data = data
        output.metadata = metadata
        pieces[place] = .output(output)
    }

    /// The outputs as the notebook holds them.
    func outputs() -> [Output] {
        var outputs = pieces.map { piece in
            switch piece {
            case .text(let stream, let text): Output.stream(stream, text.text)
            case .output(let output): output
            }
        }
        guard cut > 0, let limit else { return outputs }
        var line =
            "[galley: the output of this cell is cut here. It may have \(limit.inBytes); \(cut.inBytes) more came]\n"
        if case .stream(.stderr)? = outputs.last?.kind, let text = outputs.last?.text {
            line = text + (text.hasSuffix("\n") ? "" : "\n") + line
            outputs.removeLast()
        }
        return outputs + [.stream(.stderr, line)]
    }

    /// Returns the outputs, and keeps them in that form alone: they take half of the memory.
    mutating func settle() -> [Output] {
        let cutNow = cut
        cut = 0
        let outputs = outputs()
        pieces = outputs.map { .output($0) }
        cut = cutNow
        return cut > 0 ? self.outputs() : outputs
    }

    private mutating func isAdmitted(_ json: Value) -> Bool {
        let count = json.canonicalText.count
        guard let limit, size + count > limit else {
            size += count
            return true
        }
        cut += count
        return false
    }

    /// The part of a text that there is room for.
    private mutating func admitted(_ text: String) -> String {
        guard let limit else { return text }
        let room = max(0, limit - size)
        let count = text.utf8.count
        size += min(count, room)
        guard count > room else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: room)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        let kept = String(text[..<end])
        cut += count - kept.utf8.count
        return kept
    }
}

/// Text that is written to a stream.
private struct StreamText: Sendable {
    private var plain = ""
    private var terminal: TerminalText?

    init(collapses: Bool) {
        if collapses { terminal = TerminalText() }
    }

    mutating func write(_ text: String) {
        if terminal != nil { terminal?.write(text) } else { plain += text }
    }

    var text: String { terminal?.text ?? plain }
}

extension Int {
    /// The number of bytes, in the unit that suits it.
    var inBytes: String {
        switch self {
        case ..<1000: "\(self) bytes"
        case ..<1_000_000: "\(self / 1000).\(self / 100 % 10) kB"
        default: "\(self / 1_000_000).\(self / 100_000 % 10) MB"
        }
    }
}
