/// An error that a cell raised.
public struct CellError: Hashable, Sendable {
    /// The name of the error, such as `ValueError`.
    public let name: String
    /// The error's message.
    public let value: String
    /// The traceback, with ANSI color sequences.
    public let traceback: [String]
    /// The line of the cell that raised the error, counted from 1; nil if the traceback does not name it.
    public let line: Int?

    /// Creates an error whose line is known.
    package init(name: String, value: String, traceback: [String], line: Int?) {
        (self.name, self.value, self.traceback, self.line) = (name, value, traceback, line)
    }

    /// Creates an error and finds its line in the traceback. Long texts are shortened.
    ///
    /// - Parameter count: The execution count, by which tracebacks identify the cell.
    package init(name: String, value: String, traceback: [String], count: Int?) {
        self.name = name.beginning(Self.limit)
        self.value = value.beginning(Self.limit)
        self.traceback = Self.shortened(traceback)
        line = count.flatMap { Self.line(in: traceback, of: $0) }
    }

    /// The traceback without ANSI escape sequences.
    public var plainTraceback: String { traceback.joined(separator: "\n").withoutEscapes }

    /// The name of the error; for a kernel that sends no name, such as a shell's, the exit status or "error".
    package var kind: String { name.isEmpty ? exitStatus.map { "exit status \($0)" } ?? "error" : name }

    /// Returns the predicate of a sentence about the cell, such as "raised KeyError: 'price'".
    ///
    /// - Parameter length: The maximum number of characters of the error's message.
    package func predicate(upTo length: Int) -> String {
        let value = value.terminalSafeLine(length)
        if let exitStatus { return "failed with status \(exitStatus)" }
        if name.isEmpty { return value.isEmpty ? "failed" : "failed: \(value)" }
        return "raised \(name.terminalSafeLine())\(value.isEmpty ? "" : ": \(value)")"
    }

    /// The exit status of a command, which the kernels of shells send in place of an error.
    private var exitStatus: Int? { name.isEmpty ? Int(value) : nil }

    /// The maximum number of bytes of each text in a report. The notebook keeps the whole text.
    private static let limit = 65_536

    /// Returns the beginning and the end of a traceback that exceeds the limit.
    private static func shortened(_ traceback: [String]) -> [String] {
        guard traceback.reduce(0, { $0 + $1.utf8.count }) > limit else { return traceback }
        let lines = traceback.map { $0.beginning(limit / 16) }
        return lines.count <= 16
            ? lines : lines.prefix(4) + ["... \(lines.count - 15) pieces are left out here ..."] + lines.suffix(11)
    }

    /// Finds the line in a traceback's header for the cell.
    ///
    /// IPython writes `Cell In[3], line 2`; older versions write `Input In [3], in <cell line: 2>`.
    private static func line(in traceback: [String], of count: Int) -> Int? {
        let whole = traceback.joined(separator: "\n")
        // A huge traceback names the cell near its beginning; the rest is mostly the error's message.
        let text = (whole.utf8.count > 2_000_000 ? whole.beginning(1_000_000) : whole).withoutEscapes
        for (mark, lead) in [("Cell In[\(count)], line ", ""), ("Input In [\(count)]", "<cell line: ")] {
            guard var place = text.firstRange(of: mark)?.upperBound else { continue }
            if !lead.isEmpty {
                guard let next = text[place...].firstRange(of: lead)?.upperBound else { continue }
                place = next
            }
            if let number = Int(text[place...].prefix(while: \.isNumber)) { return number }
        }
        return nil
    }
}

extension String {
    /// Returns the first `size` bytes, followed by an ellipsis if the string is longer.
    fileprivate func beginning(_ size: Int) -> String {
        utf8.count <= size ? self : String(decoding: utf8.prefix(size), as: UTF8.self) + "…"
    }
}
