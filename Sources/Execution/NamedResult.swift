public import GalleyJSON
public import GalleyNotebook

/// A value that a cell hands back under a name.
///
/// A cell hands back a value with an output that carries a name, in one of two forms:
///
/// - an output with `{"galley": {"name": "…"}}` in its metadata: `display(figure, metadata={"galley": {"name": "plot"}})`
/// - what `glue` of the Python package scrapbook displays: `sb.glue("rmse", 0.25)`
public struct NamedResult: Sendable {
    /// The name.
    public let name: String
    /// The number of the cell among the code cells, counted from 1.
    public let cell: Int
    /// The index of the cell among all cells, counted from 0.
    public let index: Int
    /// The value; nil if it is too large, or if the output has no form that is a value.
    ///
    /// It is the data of `glue`, or of an output the data of the type `application/json`, otherwise the text of the
    /// type `text/plain`.
    public package(set) var value: Value?
    /// The displayed data by MIME type; nil if it is too large, or if nothing was displayed.
    public package(set) var data: MimeBundle?
    /// The name of the encoding that `glue` used for the value, such as `json`; nil for other outputs.
    public package(set) var encoder: String?
    /// The size of the output's data in bytes.
    public package(set) var size: Int

    /// Creates a result that was read from JSON.
    init(name: String, cell: Int, index: Int, size: Int) {
        (self.name, self.cell, self.index, self.size) = (name, cell, index, size)
    }

    /// Creates the result that an output of a cell hands back; returns nil if the output has no name.
    init?(_ output: Output, of cell: PlannedCell) {
        guard let name = output.resultName else { return nil }
        self.init(name: name, cell: cell.number, index: cell.index, size: output.data?.json.size ?? 0)
        let glued = output.gluedData
        encoder = glued?["encoder"]?.string
        guard size <= NamedResults.sizeLimit else { return }
        // Compact values do not keep the whole message in memory.
        if let glued {
            value = glued["data"]?.compacted
        } else {
            let bundle = MimeBundle(json: (output.whole["data"] ?? [:]).compacted)
            data = bundle
            value = bundle.json["application/json"] ?? bundle.text("text/plain").map { .string($0) }
        }
    }

    /// Returns this result with the displayed data of another output of `glue` for the same value.
    fileprivate func adding(_ other: NamedResult) -> NamedResult {
        var result = self
        (result.data, result.size) = (other.data, size + other.size)
        return result
    }
}

/// The values that the cells of a run handed back, in the order of the notebook.
///
///     let report = try await execute("report.ipynb")
///     if let value = report.results["rmse"]?.value?.double { print(value) }
///     for result in report.results { print(result.name, result.cell) }
///
/// The results come from the outputs in the executed notebook. Of several outputs with the same name, the last one
/// counts. If an output is updated, its result is updated too. If an output is cleared, there is no result.
///
/// Results of up to 1 MB have a value, as long as all values together take up to 4 MB. Larger ones have only a name and
/// a size: their outputs are in the notebook.
public struct NamedResults: RandomAccessCollection, Sendable {
    private var results: [NamedResult] = []

    /// The maximum size of a result with a value.
    static let sizeLimit = 1_000_000
    /// The maximum size of all values.
    private static let totalLimit = 4_000_000

    /// Always zero.
    public var startIndex: Int { 0 }

    /// The number of results.
    public var endIndex: Int { results.count }

    /// The result at a position.
    public subscript(position: Int) -> NamedResult { results[position] }

    /// The result with this name; nil if there is none.
    public subscript(name: String) -> NamedResult? { results.last { $0.name == name } }

    /// Creates an empty collection.
    package init() {}

    /// Creates the collection of the results that outputs hand back.
    ///
    /// - Parameter outputs: The results of all outputs, in the order of the notebook.
    init(_ outputs: [NamedResult]) {
        var latest: [String: NamedResult] = [:]
        var order: [String: Int] = [:]
        for (position, result) in outputs.enumerated() {
            // For a value that is also displayed, `glue` displays two outputs.
            let glued = latest[result.name].flatMap { $0.index == result.index && $0.encoder != nil ? $0 : nil }
            latest[result.name] = result.encoder == nil ? glued?.adding(result) ?? result : result
            order[result.name] = position
        }
        results = latest.values.sorted { order[$0.name] ?? 0 < order[$1.name] ?? 0 }
        var rest = Self.totalLimit
        for index in results.indices {
            let hasValue = results[index].value != nil || results[index].data != nil
            if hasValue, results[index].size <= rest {
                rest -= results[index].size
            } else {
                (results[index].value, results[index].data) = (nil, nil)
            }
        }
    }
}

extension NamedResult {
    /// The members of the result's JSON object in events and reports.
    package var members: [(String, Value)] {
        let optional: [(String, Value?)] = [
            ("data", data?.json), ("encoder", encoder.map { .string($0) }), ("value", value),
        ]
        return [("cell", .number(cell)), ("index", .number(index)), ("name", .string(name)), ("size", .number(size))]
            + optional.compactMap { key, value in value.map { (key, $0) } }
    }

    init(json: Value) throws(ReportFormatError) {
        self.init(
            name: try json.text("name"), cell: try json.int("cell"), index: try json.int("index"),
            size: try json.int("size"))
        (value, encoder) = (json.found("value"), json.found("encoder")?.string)
        data = json.found("data").map { MimeBundle(json: $0) }
    }
}

extension NamedResults {
    /// Reads the results of a report; none if the report has no such member.
    init(json: Value) throws(ReportFormatError) {
        if json.found("results") == nil { return }
        results = try json.list("results") { json throws(ReportFormatError) in try NamedResult(json: json) }
    }
}

extension Output {
    /// The name of the result that the output hands back; nil if it has none, or one of more than 1000 bytes.
    var resultName: String? {
        guard let name = gluedData?["name"]?.string ?? metadata.resultName else { return nil }
        return (1...1000).contains(name.utf8.count) ? name : nil
    }

    /// The object that `glue` stores: the name, the data, the encoder and the version.
    fileprivate var gluedData: Value? {
        data?.json.members.first { $0.key.hasPrefix("application/scrapbook.scrap.") }?.value
    }
}

extension Value {
    /// The name in the metadata of an output that hands back a result; nil if there is none.
    fileprivate var resultName: String? {
        if let name = self["galley"]?["name"]?.string { return name }
        guard let glued = self["scrapbook"], glued["display"]?.bool == true else { return nil }
        return glued["name"]?.string
    }

    /// The metadata of an updated output: those of the update, and the output's own name if the update has none.
    func keepingResultName(of old: Value) -> Value {
        guard self["galley"] == nil, kind == .object, let named = old["galley"] else { return self }
        var metadata = self
        metadata["galley"] = named
        return metadata
    }
}
