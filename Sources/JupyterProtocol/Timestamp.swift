import Glibc

/// A time in UTC with microseconds, as in message headers.
public struct Timestamp: Hashable, Sendable {
    /// The microseconds since January 1, 1970.
    public let microseconds: Int

    /// Creates a timestamp from the microseconds since January 1, 1970.
    package init(microseconds: Int) { self.microseconds = microseconds }

    /// Returns the current time.
    package static func now() -> Timestamp {
        var time = timespec()
        // Safe because the call fills a variable of the expected type.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1000)
    }

    /// Returns the timestamp that is later by `duration`.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: microseconds + Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
    }
}

extension Timestamp: CustomStringConvertible {
    /// The protocol's form, such as `2026-01-31T12:00:00.123456Z`.
    public var description: String {
        let (seconds, fraction) = microseconds.dividedRoundingDown(by: 1_000_000)
        let (days, time) = seconds.dividedRoundingDown(by: 86_400)
        let (year, month, day) = Self.date(ofDay: days)
        func padded(_ number: Int, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(fraction, 6))Z"
    }

    /// Parses the forms that kernels send: seconds, fraction and time zone are optional. The default time zone is UTC.
    package init?(_ text: String) {
        var rest = Substring(text)
        guard let year = rest.takeNumber(4), rest.take("-"), let month = rest.takeNumber(2), rest.take("-"),
            let day = rest.takeNumber(2), rest.take("T") || rest.take(" "), let hour = rest.takeNumber(2),
            rest.take(":"), let minute = rest.takeNumber(2), (1...12).contains(month), (1...31).contains(day),
            hour < 24, minute < 60
        else { return nil }
        var micro = (Self.day(year: year, month: month, day: day) * 1440 + hour * 60 + minute) * 60_000_000
        if rest.take(":") {
            guard let second = rest.takeNumber(2), second <= 60 else { return nil }
            micro += second * 1_000_000
            if rest.take(".") || rest.take(",") {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                guard !digits.isEmpty, let fraction = Int((digits + "00000").prefix(6)) else { return nil }
                micro += fraction
                rest = rest.dropFirst(digits.count)
            }
        }
        if !rest.isEmpty, !rest.take("Z") {
            let sign = rest.take("+") ? -1 : rest.take("-") ? 1 : 0
            guard sign != 0, let hours = rest.takeNumber(2) else { return nil }
            _ = rest.take(":")
            micro += sign * (hours * 60 + (rest.takeNumber(2) ?? 0)) * 60_000_000
        }
        guard rest.isEmpty else { return nil }
        microseconds = micro
    }

    /// Returns the days from 1970 to a date. The computation starts years in March, so that a leap day comes last.
    private static func day(year: Int, month: Int, day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(ofDay number: Int) -> (year: Int, month: Int, day: Int) {
        // A cycle of 400 years always has 146,097 days.
        let (era, dayOfEra) = (number + 719_468).dividedRoundingDown(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension Int {
    fileprivate func dividedRoundingDown(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Substring {
    fileprivate mutating func take(_ character: Character) -> Bool {
        guard first == character else { return false }
        removeFirst()
        return true
    }

    fileprivate mutating func takeNumber(_ digits: Int) -> Int? {
        let text = prefix(digits)
        guard text.utf8.count == digits, text.allSatisfy(\.isNumber), let number = Int(text) else { return nil }
        removeFirst(digits)
        return number
    }
}
