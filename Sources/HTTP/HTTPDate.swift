/// Dates in header fields, as seconds since the beginning of 1970.
package enum HTTPDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Reads a date by the rules for cookies, which accept all formats that servers use; nil if it is none.
    package static func seconds(_ text: String) -> Int? {
        var time: (Int, Int, Int)?
        var day: Int?
        var month: Int?
        var year: Int?
        // Letters and colons belong to words. All else separates them.
        let words = text.utf8.prefix(256).split { byte in
            !(byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: ":") || byte >= 0x80)
        }
        for word in words {
            let word = Substring(word).lowercased()
            if time == nil, let found = Self.time(word) {
                time = found
            } else if day == nil, let number = leadingNumber(word, digits: 1...2) {
                day = number
            } else if month == nil, let index = months.firstIndex(of: String(word.prefix(3))) {
                month = index + 1
            } else if year == nil, let number = leadingNumber(word, digits: 2...4) {
                year = number
            }
        }
        guard let time, let day, let month, var year else { return nil }
        if 70...99 ~= year { year += 1900 } else if 0...69 ~= year { year += 2000 }
        guard 1...31 ~= day, year >= 1601, time.0 < 24, time.1 < 60, time.2 < 60 else { return nil }
        return days(year, month, day) * 86_400 + time.0 * 3600 + time.1 * 60 + time.2
    }

    private static func time(_ word: String) -> (Int, Int, Int)? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hours = leadingNumber(String(parts[0]), digits: 1...2),
            parts[0].utf8.allSatisfy(\.isASCIIDigit),
            let minutes = leadingNumber(String(parts[1]), digits: 1...2), parts[1].utf8.allSatisfy(\.isASCIIDigit),
            let seconds = leadingNumber(String(parts[2]), digits: 1...2)
        else { return nil }
        return (hours, minutes, seconds)
    }

    /// The number that a word begins with, if it has this many digits.
    private static func leadingNumber(_ word: String, digits: ClosedRange<Int>) -> Int? {
        let number = word.utf8.prefix { $0.isASCIIDigit }
        return digits.contains(number.count) ? Int(Substring(number)) : nil
    }

    /// The days from the beginning of 1970 to a date of the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // The year begins in March here, so that a leap day is its last.
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
