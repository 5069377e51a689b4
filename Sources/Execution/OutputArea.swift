import GalleyJSON
import GalleyNotebook

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
    /// The bytes of errors, which do not count for the limit.
    private var errorSize = 0
    /// So many bytes of errors are kept in any case.
    private static let errorLimit = 1_000_000
    /// Outputs of fewer bytes are kept as compact as they can be.
    private static let smallSize = 4096
    private var cut = 0
    private var isFull = false
    private let collapsesProgress: Bool

    private enum Piece: Sendable {
        case text(Output.Stream, StreamText)
        case output(Output, size: Int)
    }

    init(limit: Int? = nil, collapsesProgress: Bool = false) {
        self.limit = limit
        self.collapsesProgress = collapsesProgress
    }

    /// Begins with outputs that are there already.
    init(_ outputs: [Output], limit: Int?, collapsesProgress: Bool) {
        self.init(limit: limit, collapsesProgress: collapsesProgress)
        pieces = outputs.map { .output($0, size: $0.json.size) }
    }

    /// Removes everything, now or when the next output comes.
    mutating func clear(waits: Bool) {
        if waits {
            clearsBeforeNext = true
        } else {
            pieces = []
            (size, errorSize, cut, isFull) = (0, 0, 0, false)
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
        guard !isFull || text.isEmpty else { return cut += text.utf8.count }
        var written = takeLastText(of: stream) ?? StreamText(collapses: collapsesProgress)
        let before = written.size
        written.write(text)
        // What a program writes over itself is not kept, and does not count.
        size += written.size - before
        if let limit, size > limit {
            cut += written.cut(size - limit)
            (size, isFull) = (limit, true)
        }
        // What shows nothing yet may be the beginning of what shows something.
        if written.size > 0 || !isFull { pieces.append(.text(stream, written)) }
    }

    /// Takes the output at the end away, where it is text of this stream, so that it can be added to without a copy.
    private mutating func takeLastText(of stream: Output.Stream) -> StreamText? {
        switch pieces.last {
        case .text(stream, let text)?:
            pieces.removeLast()
            return text
        case .output(let output, _)? where output.kind == .stream(stream):
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
        let bytes = output.json.size
        // What went wrong is not cut, unless somebody makes a flood of it.
        if output.kind == .error, errorSize + bytes <= max(limit ?? .max, Self.errorLimit) {
            errorSize += bytes
        } else if let limit, isFull || size + bytes > limit {
            cut += bytes
            isFull = true
            return nil
        } else {
            size += bytes
        }
        // There can be a million of them.
        let kept = bytes < Self.smallSize ? Output(json: output.json.compacted) : output
        pieces.append(.output(kept, size: bytes))
        return pieces.count - 1
    }

    /// Replaces what is displayed at a place.
    mutating func replace(at place: Int, _ data: MimeBundle, metadata: Value) {
        guard pieces.indices.contains(place), case .output(var output, let oldSize) = pieces[place] else { return }
        output.data = data
        output.metadata = metadata
        let bytes = output.json.size
        if let limit, size - oldSize + bytes > limit { return cut += bytes }
        size += bytes - oldSize
        pieces[place] = .output(output, size: bytes)
    }

    /// The outputs as the notebook holds them.
    func outputs() -> [Output] { withLineAboutCut(kept) }

    /// Returns the outputs, and keeps text in that form alone: it takes half of the memory.
    mutating func compactOutputs() -> [Output] {
        let outputs = kept
        for (index, output) in outputs.enumerated() {
            if case .text(_, let text) = pieces[index] { pieces[index] = .output(output, size: text.size) }
        }
        return withLineAboutCut(outputs)
    }

    /// How many outputs there are, and how many bytes they have.
    var extent: (count: Int, size: Int) { (pieces.count + (cut > 0 ? 1 : 0), size + errorSize) }

    /// Whether there is an error among them.
    var holdsError: Bool {
        pieces.contains { if case .output(let output, _) = $0 { output.kind == .error } else { false } }
    }

    private var kept: [Output] {
        pieces.map { piece in
            switch piece {
            case .text(let stream, let text): .stream(stream, text.text)
            case .output(let output, _): output
            }
        }
    }

    private func withLineAboutCut(_ kept: [Output]) -> [Output] {
        var outputs = kept
        guard cut > 0, let limit else { return outputs }
        var line =
            "[galley: the output of this cell is cut here. It may have \(limit.formattedByteCount); \(cut.formattedByteCount) more came]\n"
        if case .stream(.stderr)? = outputs.last?.kind, let text = outputs.last?.text {
            line = text + (text.hasSuffix("\n") ? "" : "\n") + line
            outputs.removeLast()
        }
        return outputs + [.stream(.stderr, line)]
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

    /// The number of bytes.
    var size: Int { terminal?.size ?? plain.utf8.count }

    /// Cuts so many bytes off the end, or as many as make whole characters; returns their number.
    mutating func cut(_ count: Int) -> Int {
        let text = text
        let size = text.utf8.count
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, size - count))
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        // Nothing is going to be added, so that where the cursor was does not matter any more.
        (plain, terminal) = (String(text[..<end]), nil)
        return size - plain.utf8.count
    }
}

extension Int {
    /// The number of bytes, in the unit that suits it.
    var formattedByteCount: String {
        switch self {
        case ..<1000: "\(self) bytes"
        case ..<1_000_000: "\(self / 1000).\(self / 100 % 10) kB"
        default: "\(self / 1_000_000).\(self / 100_000 % 10) MB"
        }
    }
}
