extension ParameterMatrix.Axis {
    /// Reads an axis such as `region=eu,us`, `year=2024..2026` or `day=2024-01-01..2024-01-31`.
    ///
    /// Values have the types of words on a command line. A value in double quotes is text, and can contain commas; two
    /// quotes in it stand for one.
    ///
    /// - Throws: ``ParameterMatrixError``, also if a range alone has more values than the limit of runs.
    public init(parsing text: String) throws(ParameterMatrixError) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw .invalidAxis(text, problem: "write a name, an equals sign and values, such as region=eu,us")
        }
        self.init(String(text[..<equals]), [])
        var rest = text[text.index(after: equals)...].unicodeScalars
        while true {
            values += try Self.takeValues(&rest, of: text)
            guard !rest.isEmpty else { return }
            guard rest.removeFirst() == "," else {
                throw .invalidAxis(text, problem: "a comma must follow the closing quote")
            }
        }
    }

    /// Removes a value or a range from the start of a text.
    private static func takeValues(
        _ rest: inout Substring.UnicodeScalarView, of text: String
    ) throws(ParameterMatrixError) -> [ParameterValue] {
        if rest.first == "\"" {
            guard let quoted = rest.takeQuoted() else { throw .invalidAxis(text, problem: "a quote is not closed") }
            return [.string(quoted)]
        }
        let word = String(rest.prefix { $0 != "," })
        rest = rest.dropFirst(word.unicodeScalars.count)
        guard !word.isEmpty else {
            throw .invalidAxis(text, problem: "a value is missing; write \"\" for an empty text")
        }
        return try range(word, of: text) ?? [ParameterValue(word: word)]
    }

    /// Returns the values of a range of integers or of days; nil if the word is no range, such as `../data`.
    private static func range(_ word: String, of text: String) throws(ParameterMatrixError) -> [ParameterValue]? {
        guard let dots = word.firstRange(of: "..") else { return nil }
        let (first, last) = (word[..<dots.lowerBound], word[dots.upperBound...])
        if let first = CalendarDay(first), let last = CalendarDay(last) {
            return try bounds(first.number, last.number, of: text).map { .string(CalendarDay($0).description) }
        }
        guard let first = ParameterInteger(first)?.int, let last = ParameterInteger(last)?.int else {
            guard first.utf8.first?.isDigit == true, last.utf8.last?.isDigit ?? true else { return nil }
            throw .invalidAxis(
                text,
                problem: "'\(word)' is no range of integers or days, such as 1..9; if it is a text, write it in quotes")
        }
        return try bounds(first, last, of: text).map { .integer(ParameterInteger($0)) }
    }

    private static func bounds(
        _ first: Int, _ last: Int, of text: String
    ) throws(ParameterMatrixError) -> ClosedRange<Int> {
        guard first <= last else {
            throw .invalidAxis(text, problem: "the range ends before it begins; write the smaller end first")
        }
        let (distance, overflow) = last.subtractingReportingOverflow(first)
        guard !overflow, distance < ParameterMatrix.limit else {
            throw .tooManyRuns(overflow || distance == .max ? .max : distance + 1)
        }
        return first...last
    }
}

extension Substring.UnicodeScalarView {
    /// Removes a text in double quotes from the start, and returns it; nil if the quote is not closed.
    ///
    /// Two quotes within the text stand for one.
    mutating func takeQuoted() -> String? {
        var (text, rest) = ("", dropFirst())
        while let quote = rest.firstIndex(of: "\"") {
            text.unicodeScalars += rest[..<quote]
            rest = rest[quote...].dropFirst()
            guard rest.first == "\"" else {
                self = rest
                return text
            }
            text.unicodeScalars.append(rest.removeFirst())
        }
        return nil
    }
}

/// A day of the Gregorian calendar, written as `2024-01-31`.
private struct CalendarDay: CustomStringConvertible {
    /// The days since January 1, 1970.
    let number: Int

    init(_ number: Int) { self.number = number }

    /// Reads a day; nil if there is no such day.
    init?(_ text: Substring) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy(\.isDigit) }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month)
        else { return nil }
        // Years begin in March, so that a leap day comes last.
        let march = month > 2 ? year : year - 1
        number =
            march * 365 + march / 4 - march / 100 + march / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 719_469
        if description != text { return nil }
    }

    var description: String {
        // A cycle of 400 years always has 146,097 days.
        let days = number + 719_468
        let (cycle, day) = (days / 146_097, days % 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let parts = [
            (year + cycle * 400 + (month <= 2 ? 1 : 0), 4), (month, 2), (dayOfYear - (153 * shifted + 2) / 5 + 1, 2),
        ]
        return parts.map { String(repeating: "0", count: max(0, $1 - String($0).count)) + String($0) }
            .joined(separator: "-")
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
