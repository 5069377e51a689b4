import GalleyJSON
import GalleyNotebook

/// The outputs of one running cell, or of one output widget.
///
/// Consecutive texts of the same stream form one output. The position of an output is valid until the area is cleared,
/// which increments `generation`.
struct OutputArea: Sendable {
    private var pieces: [Piece] = []
    private var clearsBeforeNext = false
    /// The number of times that the area was cleared.
    private(set) var generation = 0
    /// The maximum number of bytes to keep; nil for no limit.
    private let limit: Int?
    private var size = 0
    /// The bytes of errors, which do not count toward the limit.
    private var errorSize = 0
    /// The bytes of errors that are kept regardless of the limit.
    private static let errorLimit = 1_000_000
    /// The size below which an output is stored in compact form.
    private static let smallSize = 4096
    private var cut = 0
    private var isFull = false
    private let collapsesProgress: Bool
    /// The positions of the outputs that hand back results.
    private var named: Set<Int> = []
    /// Those of them that were added or changed since the last call of `takeNewlyNamedOutputs`.
    private var newlyNamed: Set<Int> = []

    private enum Piece: Sendable {
        case text(Output.Stream, StreamText)
        case output(Output, size: Int)
    }

    init(limit: Int? = nil, collapsesProgress: Bool = false) {
        self.limit = limit
        self.collapsesProgress = collapsesProgress
    }

    /// Creates an area that contains outputs.
    init(_ outputs: [Output], limit: Int?, collapsesProgress: Bool) {
        self.init(limit: limit, collapsesProgress: collapsesProgress)
        pieces = outputs.map { .output($0, size: $0.json.size) }
    }

    /// Removes all outputs, now or when the next output arrives.
    mutating func clear(waits: Bool) {
        if waits {
            clearsBeforeNext = true
        } else {
            pieces = []
            (named, newlyNamed) = ([], [])
            (size, errorSize, cut, isFull) = (0, 0, 0, false)
            generation += 1
            clearsBeforeNext = false
        }
    }

    private mutating func makeRoom() {
        if clearsBeforeNext { clear(waits: false) }
    }

    /// Appends text to a stream.
    mutating func write(_ text: String, to stream: Output.Stream) {
        makeRoom()
        guard !isFull || text.isEmpty else { return cut += text.utf8.count }
        var written = takeLastText(of: stream) ?? StreamText(collapses: collapsesProgress)
        let before = written.size
        written.write(text)
        // Text that a program has overwritten is not kept and does not count.
        size += written.size - before
        if let limit, size > limit {
            cut += written.cut(size - limit)
            (size, isFull) = (limit, true)
        }
        // Empty text is kept while there is room, because it can hold the start of an escape sequence.
        if written.size > 0 || !isFull { pieces.append(.text(stream, written)) }
    }

    /// Removes and returns the last output if it is text of this stream, so that appending does not copy it.
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

    /// Appends an output; returns its position, or nil if it exceeds the limit.
    mutating func add(_ output: Output) -> Int? {
        makeRoom()
        let bytes = output.json.size
        // Errors are kept despite the limit, up to `errorLimit` bytes.
        if output.kind == .error, errorSize + bytes <= max(limit ?? .max, Self.errorLimit) {
            errorSize += bytes
        } else if let limit, isFull || size + bytes > limit {
            cut += bytes
            isFull = true
            return nil
        } else {
            size += bytes
        }
        // A cell can have a million small outputs.
        let kept = bytes < Self.smallSize ? Output(json: output.json.compacted) : output
        pieces.append(.output(kept, size: bytes))
        noteName(of: kept, at: pieces.count - 1)
        return pieces.count - 1
    }

    /// Replaces the data and metadata of the output at a position.
    mutating func replace(at place: Int, _ data: MimeBundle, metadata: Value) {
        guard pieces.indices.contains(place), case .output(var output, let oldSize) = pieces[place] else { return }
        output.data = data
        output.metadata = metadata.keepingResultName(of: output.metadata)
        let bytes = output.json.size
        if let limit, size - oldSize + bytes > limit { return cut += bytes }
        size += bytes - oldSize
        pieces[place] = .output(output, size: bytes)
        noteName(of: output, at: place)
    }

    private mutating func noteName(of output: Output, at place: Int) {
        if output.resultName == nil {
            named.remove(place)
            newlyNamed.remove(place)
        } else {
            named.insert(place)
            newlyNamed.insert(place)
        }
    }

    /// The outputs that hand back results.
    var namedOutputs: [Output] { outputs(at: named) }

    /// Whether outputs that hand back results were added or changed since the last call of `takeNewlyNamedOutputs`.
    var hasNewlyNamedOutputs: Bool { !newlyNamed.isEmpty }

    /// Returns the outputs that hand back results and were added or changed since the last call.
    mutating func takeNewlyNamedOutputs() -> [Output] {
        defer { newlyNamed = [] }
        return outputs(at: newlyNamed)
    }

    private func outputs(at places: Set<Int>) -> [Output] {
        places.sorted().compactMap { if case .output(let output, _) = pieces[$0] { output } else { nil } }
    }

    /// Returns the outputs in the form of the notebook file.
    func outputs() -> [Output] { withLineAboutCut(kept) }

    /// Returns the outputs, and stores text only in that form, which halves the memory.
    mutating func compactOutputs() -> [Output] {
        let outputs = kept
        for (index, output) in outputs.enumerated() {
            if case .text(_, let text) = pieces[index] { pieces[index] = .output(output, size: text.size) }
        }
        return withLineAboutCut(outputs)
    }

    /// The number of outputs and their size in bytes.
    var extent: (count: Int, size: Int) { (pieces.count + (cut > 0 ? 1 : 0), size + errorSize) }

    /// Whether the outputs include an error.
    var holdsError: Bool {
        pieces.contains { if case .output(let output, _) = $0 { output.kind == .error } else { false } }
    }

    /// The last lines of the text; nil if there is none.
    var printed: PrintedLines? {
        var printed = PrintedLines()
        if let lineAboutCut { printed.prepend(lineAboutCut) }
        for piece in pieces.reversed() {
            switch piece {
            case .text(_, let text): printed.prepend(text.text)
            case .output(let output, _): if let text = output.text { printed.prepend(text) }
            }
        }
        return printed.lines.isEmpty ? nil : printed
    }

    private var kept: [Output] {
        pieces.map { piece in
            switch piece {
            case .text(let stream, let text): .stream(stream, text.text)
            case .output(let output, _): output
            }
        }
    }

    /// The line that replaces the text beyond the limit; nil if there is none.
    private var lineAboutCut: String? {
        guard cut > 0, let limit else { return nil }
        return
            "[galley: the output of this cell was truncated here. The limit is \(limit.formattedByteCount); \(cut.formattedByteCount) more were discarded]\n"
    }

    private func withLineAboutCut(_ kept: [Output]) -> [Output] {
        var outputs = kept
        guard var line = lineAboutCut else { return outputs }
        if case .stream(.stderr)? = outputs.last?.kind, let text = outputs.last?.text {
            line = text + (text.hasSuffix("\n") ? "" : "\n") + line
            outputs.removeLast()
        }
        return outputs + [.stream(.stderr, line)]
    }
}

/// Text of a stream.
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

    /// Removes at least `count` bytes from the end, in whole characters; returns the number of removed bytes.
    mutating func cut(_ count: Int) -> Int {
        let text = text
        let size = text.utf8.count
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, size - count))
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        // No more text is appended, so the cursor position is no longer needed.
        (plain, terminal) = (String(text[..<end]), nil)
        return size - plain.utf8.count
    }
}

extension Int {
    /// The number of bytes with a suitable unit, such as `10.0 kB`.
    package var formattedByteCount: String {
        switch self {
        case ..<1000: "\(self) bytes"
        case ..<1_000_000: "\(self / 1000).\(self / 100 % 10) kB"
        default: "\(self / 1_000_000).\(self / 100_000 % 10) MB"
        }
    }
}
