import GalleyConcurrency

/// A time limit, or no limit.
package struct TimeLimit: Hashable, Sendable {
    /// The limit; nil for none.
    package let duration: Duration?

    /// No limit.
    package static let none = TimeLimit(nil)

    /// Creates a limit; nil means no limit.
    package init(_ duration: Duration?) { self.duration = duration }

    /// Creates a limit; nil means no limit. Zero or less becomes a limit that is reached at once.
    package init(atMost duration: Duration?) {
        self.init(duration.flatMap { $0 < .endless ? max($0, .nanoseconds(1)) : nil })
    }

    /// Parses a limit: `600` (seconds), `90s`, `10m`, `1h30m`, `1.5h` or `none`.
    ///
    /// Zero and negative values mean no limit, as in other tools. Returns nil for any other text.
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

    /// Creates a limit in seconds; zero or less means no limit.
    init(seconds: Double) {
        // A limit of decades is no limit.
        self.init(seconds > 0 && seconds < Duration.endless.inSeconds ? .microseconds(Int64(seconds * 1e6)) : nil)
    }

    private static let units: [String: Double] = [
        "": 1, "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400,
    ]
}

extension TimeLimit: CustomStringConvertible {
    /// The limit in words, such as `10 min`.
    package var description: String { duration?.inWords ?? "none" }
}

extension Duration {
    /// The duration, clamped to the range that a clock can represent.
    package var clampedToClock: Duration { min(max(self, .zero), .endless) }

    /// The duration in seconds.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// The duration with a suitable unit: `850 ms`, `2.5 s`, `10 min`, `1 h 30 min`.
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

/// A time limit that a run has reached.
public struct ExceededLimit: Hashable, Sendable {
    /// The kind of limit.
    public let kind: Kind
    /// The duration of the limit.
    public let duration: Duration

    /// Creates a limit that was reached.
    package init(kind: Kind, duration: Duration) {
        self.kind = kind
        self.duration = duration
    }

    /// The kinds of time limits.
    @nonexhaustive
    public enum Kind: String, Hashable, Sendable {
        /// The limit of one cell.
        case cell
        /// The limit of the whole run.
        case total
        /// The limit of a cell without output.
        case silence
    }
}

extension ExceededLimit: CustomStringConvertible {
    /// The event as a predicate of a sentence about a cell.
    public var description: String {
        switch kind {
        case .cell: "took longer than the limit of \(duration.inWords) for a cell"
        case .total: "was running when the limit of \(duration.inWords) for the whole run was reached"
        case .silence: "produced no output for \(duration.inWords), which is the idle limit"
        }
    }
}
