import GalleyConcurrency

/// How long something may take; as long as it wants, where there is no limit.
package struct TimeLimit: Hashable, Sendable {
    /// The time, nil for as long as it wants.
    package let duration: Duration?

    /// No limit.
    package static let none = TimeLimit(nil)

    /// Limits to a time.
    package init(_ duration: Duration?) { self.duration = duration }

    /// Limits to a time; nil means that there is no limit. Nothing, and less, is what is left of a time that is over.
    package init(atMost duration: Duration?) {
        self.init(duration.flatMap { $0 < .endless ? max($0, .nanoseconds(1)) : nil })
    }

    /// Reads a limit as people write it: `600` for seconds, `90s`, `10m`, `1h30m`, `1.5h`, `none`.
    ///
    /// Zero and what is below mean that there is no limit, as they do elsewhere. Nil where it is anything else.
    package init?(parsing text: String) {
        let text = text.lowercased().filter { $0 != " " }
        if ["none", "never", "off"].contains(text) {
            self = .none
            return
        }
        var seconds = 0.0
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = Self.units[String(unit)] else { return nil }
            seconds += number * factor
        }
        self.init(seconds: isNegative ? 0 : seconds)
    }

    /// Limits to so many seconds; none or fewer mean that there is no limit.
    init(seconds: Double) {
        // Somebody who writes thirty years does not mean a limit.
        self.init(seconds > 0 && seconds < Duration.endless.inSeconds ? .microseconds(Int64(seconds * 1e6)) : nil)
    }

    private static let units: [String: Double] = [
        "": 1, "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400,
    ]
}

extension TimeLimit: CustomStringConvertible {
    /// The limit in a few words.
    package var description: String { duration?.inWords ?? "none" }
}

extension Duration {
    /// The time, within what a clock can count.
    package var clampedToClock: Duration { min(max(self, .zero), .endless) }

    /// The time in seconds.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// The time in the unit that suits it: `850 ms`, `2.5 s`, `10 min`, `1 h 30 min`.
    package var inWords: String {
        let milliseconds = Int((inSeconds * 1000).rounded())
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 120_000 || milliseconds % 60_000 != 0, milliseconds < 600_000 {
            let tenths = (milliseconds + 50) / 100
            return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        }
        let minutes = (milliseconds + 30_000) / 60_000
        if minutes < 60 { return "\(minutes) min" }
        return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    }
}

/// A limit that a run has come up against.
public struct ExceededLimit: Hashable, Sendable {
    /// What was limited.
    public let kind: Kind
    /// To what.
    public let duration: Duration

    /// Says what was limited to what.
    package init(kind: Kind, duration: Duration) {
        self.kind = kind
        self.duration = duration
    }

    /// The limits that there are.
    @nonexhaustive
    public enum Kind: String, Hashable, Sendable {
        /// The time of one cell.
        case cell
        /// The time of the whole run.
        case total
        /// The time in which a cell may say nothing.
        case silence
    }
}

extension ExceededLimit: CustomStringConvertible {
    /// What happened, as the end of a sentence that begins with a cell.
    public var description: String {
        switch kind {
        case .cell: "took longer than the limit of \(duration.inWords) for a cell"
        case .total: "was running when the limit of \(duration.inWords) for the whole run was reached"
        case .silence: "said nothing for \(duration.inWords), which is the limit for silence"
        }
    }
}
