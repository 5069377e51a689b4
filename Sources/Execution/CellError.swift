/// An error that a cell raised.
public struct CellError: Hashable, Sendable {
    /// What it is called, such as `ValueError`.
    public let name: String
    /// What it says.
    public let value: String
    /// How it came to it, with the colors of a terminal.
    public let traceback: [String]
    /// The line of the cell that it was raised in, counted from 1, where the traceback tells.
    public let line: Int?

    /// Puts the facts together.
    package init(name: String, value: String, traceback: [String], line: Int?) {
        (self.name, self.value, self.traceback, self.line) = (name, value, traceback, line)
    }

    /// Puts the facts together; the line is looked up in the traceback.
    ///
    /// - Parameter count: The number of the request, by which tracebacks call the cell.
    package init(name: String, value: String, traceback: [String], count: Int?) {
        self.name = name.beginning(Self.limit)
        self.value = value.beginning(Self.limit)
        self.traceback = Self.shortened(traceback)
        line = count.flatMap { Self.line(in: traceback, of: $0) }
    }

    /// How it came to it, in plain text.
    public var plainTraceback: String { traceback.joined(separator: "\n").withoutEscapes }

    /// The most that a report keeps of a text, in bytes. The notebook keeps all of it.
    private static let limit = 65_536

    /// The beginning and the end of a traceback.
    private static func shortened(_ traceback: [String]) -> [String] {
        guard traceback.reduce(0, { $0 + $1.utf8.count }) > limit else { return traceback }
        let lines = traceback.map { $0.beginning(limit / 16) }
        return lines.count <= 16
            ? lines : lines.prefix(4) + ["... \(lines.count - 15) pieces are left out here ..."] + lines.suffix(11)
    }

    /// IPython heads what it shows of a cell with `Cell In[3], line 2`, older versions with `Input In [3], in <cell
    /// line: 2>`.
    private static func line(in traceback: [String], of count: Int) -> Int? {
        let whole = traceback.joined(separator: "\n")
        // What is longer than this says at its beginning where it comes from, and then at length what it is.
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
    /// As much of the beginning as has room in so many bytes.
    fileprivate func beginning(_ size: Int) -> String {
        utf8.count <= size ? self : String(decoding: utf8.prefix(size), as: UTF8.self) + "…"
    }
}
