/// Finds the formulas of Markdown in time proportional to its size.
struct FormulaScanner {
    private let bytes: [UInt8]
    private var place = 0
    /// The index of the next empty line, at which formulas and code spans end.
    private var blankLine = 0
    /// The indexes of backtick runs by their length, from the last to the first.
    private var backticks: [Int: [Int]] = [:]
    /// The ends that do not follow before an index, so that no later opening searches for them again.
    private var missing: [Ending: Int] = [:]
    private var failures = 0

    private enum Ending: Hashable {
        /// A single sign; with space before it if there is space after the opening sign.
        case dollar(isSpaced: Bool)
        case dollars, parenthesis, bracket
        case environment(ArraySlice<UInt8>)
    }

    /// The number of environments without an end that are searched for in one paragraph.
    private static let mostFailures = 50

    /// The number of characters before a fence: spaces, quotes and list markers.
    private static let longestIndentation = 200

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var index = bytes.count
        while let end = bytes[..<index].lastIndex(of: UInt8(ascii: "`")) {
            let start = bytes[..<end].lastIndex { $0 != UInt8(ascii: "`") }.map { $0 + 1 } ?? 0
            backticks[end + 1 - start, default: []].append(start)
            index = start
        }
        blankLine = blankLine(from: 0)
    }

    /// Returns the range of the next formula with its delimiters; nil at the end.
    mutating func next() -> Range<Int>? {
        while place < bytes.count {
            if place >= blankLine {
                blankLine = blankLine(from: place + 1)
                failures = 0
            }
            let start = place
            switch bytes[place] {
            case UInt8(ascii: "`"), UInt8(ascii: "~"): skipCode()
            case UInt8(ascii: "$"), UInt8(ascii: "\\"):
                guard let (ending, body) = opening() else {
                    place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
                    break
                }
                if let end = end(of: ending, from: body) {
                    place = end
                    return start..<end
                }
                place = body
            default: place += 1
            }
        }
        return nil
    }

    /// Returns the index of the line end before the next empty line.
    private func blankLine(from start: Int) -> Int {
        var index = start
        while let line = bytes[min(index, bytes.count)...].firstIndex(of: 10) {
            let text = bytes[(line + 1)...].firstIndex { !$0.isBlank || $0 == 10 } ?? bytes.count
            if text == bytes.count || bytes[text] == 10 { return line }
            index = line + 1
        }
        return bytes.count
    }

    private func has(_ text: StaticString, at index: Int) -> Bool {
        bytes[min(index, bytes.count)...].starts(with: text.description.utf8)
    }
}

// MARK: - Code

extension FormulaScanner {
    private mutating func skipCode() {
        let sign = bytes[place]
        let length = bytes[place...].prefix { $0 == sign }.count
        let before = bytes[..<place].suffix(Self.longestIndentation)
        let indentation = before.lastIndex(of: 10).map { before[($0 + 1)...] } ?? before
        if length >= 3, indentation.count < Self.longestIndentation,
            indentation.allSatisfy({ " \t>-*+.)0123456789".utf8.contains($0) })
        {
            return skipFencedCode(sign, length)
        }
        place += length
        guard sign == UInt8(ascii: "`") else { return }
        while let next = backticks[length]?.last, next < place { backticks[length]?.removeLast() }
        guard let end = backticks[length]?.last, end < blankLine else { return }
        place = end + length
    }

    private mutating func skipFencedCode(_ sign: UInt8, _ length: Int) {
        place += length
        let info = bytes[place...].prefix { $0 != 10 }
        // Backticks within a line are a code span, not a fence.
        if sign == UInt8(ascii: "`"), info.contains(sign) { return }
        while let line = bytes[place...].firstIndex(of: 10) {
            let text = bytes[(line + 1)...].drop { " \t>".utf8.contains($0) }
            let fence = text.prefix { $0 == sign }
            place = fence.endIndex
            if fence.count >= length, bytes[place...].prefix(while: { $0 != 10 }).allSatisfy(\.isBlank) { return }
        }
        place = bytes.count
    }
}

// MARK: - Delimiters

extension FormulaScanner {
    /// Returns the ending that belongs to the delimiter at the current index, and the index after the delimiter.
    private func opening() -> (Ending, body: Int)? {
        if has("$$", at: place) { return (.dollars, place + 2) }
        if has("$", at: place) {
            return canOpen(place) ? (.dollar(isSpaced: bytes[place + 1].isBlank), place + 1) : nil
        }
        if has("\\\\(", at: place) { return (.parenthesis, place + 3) }
        if has("\\\\[", at: place) { return (.bracket, place + 3) }
        guard has("\\begin{", at: place), let brace = bytes[place...].prefix(60).firstIndex(of: UInt8(ascii: "}"))
        else {
            return nil
        }
        let name = bytes[(place + 7)..<brace]
        guard name.allSatisfy({ $0.isLetter || $0 == UInt8(ascii: "*") }) else { return nil }
        return (.environment(name), brace + 1)
    }

    private mutating func end(of ending: Ending, from body: Int) -> Int? {
        if let end = missing[ending], body <= end { return nil }
        if case .environment = ending, failures >= Self.mostFailures { return nil }
        var braces = 0
        // An end within braces counts if no other follows.
        var inner: Int?
        var index = body
        while index < min(blankLine, bytes.count) {
            if let end = endOf(ending, at: index, body) {
                if braces == 0 { return end }
                inner = end
                index = end
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "{"): braces += 1
            case UInt8(ascii: "}"): braces = max(0, braces - 1)
            case UInt8(ascii: "\\"): index += 1
            default: break
            }
            index += 1
        }
        if inner == nil {
            missing[ending] = blankLine
            failures += 1
        }
        return inner
    }

    private func endOf(_ ending: Ending, at index: Int, _ body: Int) -> Int? {
        switch ending {
        case .dollar(let isSpaced):
            guard bytes[index] == UInt8(ascii: "$"), index > body, bytes[index - 1].isBlank == isSpaced else {
                return nil
            }
            // A double sign does not end a formula after a single one, and a sign before digits is a price.
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            return next == bytes[index] || bytes[index - 1] == bytes[index] || next.isDigit ? nil : index + 1
        case .dollars: return has("$$", at: index) ? index + 2 : nil
        case .parenthesis: return has("\\\\)", at: index) ? index + 3 : nil
        case .bracket: return has("\\\\]", at: index) ? index + 3 : nil
        case .environment(let name):
            guard has("\\end{", at: index), bytes[(index + 5)...].starts(with: name),
                has("}", at: index + 5 + name.count)
            else { return nil }
            return index + 6 + name.count
        }
    }

    /// Whether a single sign can open a formula. Space after it means a formula only if the sign follows no amount.
    private func canOpen(_ index: Int) -> Bool {
        guard index + 1 < bytes.count else { return false }
        if !bytes[index + 1].isBlank { return true }
        let before = bytes[..<index].suffix(2).last { !$0.isBlank }
        return before?.isDigit != true
    }
}
