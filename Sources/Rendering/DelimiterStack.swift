/// Matches the delimiter runs of Markdown text to form emphasis.
struct DelimiterStack {
    private var runs: [Run] = []

    /// A delimiter run: adjacent `*`, `_` or `~` characters of one kind.
    struct Run {
        let piece: Int
        let sign: UInt8
        let length: Int
        var remaining: Int
        let canOpen: Bool
        let canClose: Bool
    }

    /// The number of runs that are not matched yet.
    var count: Int { runs.count }

    mutating func push(_ run: Run) { runs.append(run) }

    private mutating func removeAll(from bottom: Int) { runs.removeSubrange(min(bottom, runs.count)...) }

    /// Matches the runs at and above index `bottom` of the stack, and removes them from it.
    mutating func match(from bottom: Int, in pieces: inout [MarkdownInline.Piece]) {
        defer { removeAll(from: bottom) }
        /// The runs that can still be closed. Below the index in `floors`, no run fits a closer of that kind.
        var open: [Run] = []
        var floors: [Kind: Int] = [:]
        for var closer in runs[min(bottom, runs.count)...] {
            while closer.canClose, closer.remaining > 0 {
                let kind = Kind(closer)
                let floor = min(floors[kind] ?? 0, open.count)
                guard let index = open[floor...].lastIndex(where: { Self.fits($0, closer) }) else {
                    floors[kind] = open.count
                    break
                }
                open.removeSubrange((index + 1)...)
                let used = Self.pair(&open[index], &closer, in: &pieces)
                if used == 0 { break }
                if open[index].remaining == 0 { open.removeLast() }
                for (kind, floor) in floors where floor > open.count { floors[kind] = open.count }
            }
            if closer.canOpen, closer.remaining > 0 { open.append(closer) }
        }
    }

    /// The properties of a closing run that decide which opening runs fit.
    private struct Kind: Hashable {
        let sign: UInt8
        let canOpen: Bool
        let length: Int

        init(_ run: Run) {
            (sign, canOpen) = (run.sign, run.canOpen)
            length = sign == UInt8(ascii: "~") ? run.length : run.length % 3
        }
    }

    private static func fits(_ opener: Run, _ closer: Run) -> Bool {
        guard opener.sign == closer.sign else { return false }
        if opener.sign == UInt8(ascii: "~") { return opener.length == closer.length }
        // CommonMark's rule of three: `*a**b*` is one emphasis.
        let isMixed = opener.canClose || closer.canOpen
        return !isMixed || (opener.length + closer.length) % 3 != 0 || opener.length % 3 == 0 && closer.length % 3 == 0
    }

    private static func pair(_ opener: inout Run, _ closer: inout Run, in pieces: inout [MarkdownInline.Piece]) -> Int {
        guard case .signs(var first) = pieces[opener.piece], case .signs(var last) = pieces[closer.piece] else {
            return 0
        }
        let isStruck = opener.sign == UInt8(ascii: "~")
        let used = isStruck ? opener.length : min(opener.remaining, closer.remaining) >= 2 ? 2 : 1
        let tag = isStruck ? "del" : used == 2 ? "strong" : "em"
        first.opening = Array("<\(tag)>".utf8) + first.opening
        last.closing += "</\(tag)>".utf8
        first.count -= used
        last.count -= used
        opener.remaining -= used
        closer.remaining -= used
        pieces[opener.piece] = .signs(first)
        pieces[closer.piece] = .signs(last)
        return used
    }
}

extension DelimiterStack.Run {
    /// Derives from the neighboring characters whether a run can open or close emphasis.
    init(piece: Int, sign: UInt8, length: Int, before: ArraySlice<UInt8>, after: ArraySlice<UInt8>) {
        let (previous, next) = (Neighbour(endOf: before), Neighbour(startOf: after))
        let opens = next != .space && (next != .punctuation || previous != .letter)
        let closes = previous != .space && (previous != .punctuation || next != .letter)
        let isWord = sign == UInt8(ascii: "_")
        self.init(
            piece: piece, sign: sign, length: length, remaining: length,
            canOpen: opens && (!isWord || !closes || previous == .punctuation),
            canClose: closes && (!isWord || !opens || next == .punctuation))
    }

    private enum Neighbour {
        case space, punctuation, letter

        init(endOf text: ArraySlice<UInt8>) {
            let tail = text.suffix(4)
            let start = tail.lastIndex { $0 & 0xC0 != 0x80 } ?? tail.startIndex
            self.init(String(decoding: tail[start...], as: UTF8.self).unicodeScalars.first)
        }

        init(startOf text: ArraySlice<UInt8>) {
            self.init(String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first)
        }

        private init(_ scalar: Unicode.Scalar?) {
            guard let scalar, !scalar.properties.isWhitespace else {
                self = .space
                return
            }
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
                self = .punctuation
            default: self = .letter
            }
        }
    }
}
