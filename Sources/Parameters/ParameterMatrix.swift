/// The runs of one notebook with different parameters: each row, with each combination of the axes' values.
///
///     let matrix = ParameterMatrix(["region": ["eu", "us"], "year": [2024, 2025]])
///     try matrix.runs().count  // 4
///
/// The runs are in the order of the rows. Within a row, the values of the last axis change first.
public struct ParameterMatrix: Hashable, Sendable {
    /// The parameters that take each of several values.
    public var axes: [Axis]
    /// Parameters that belong together, such as the rows of a table. Rows can have different names.
    public var rows: [ParameterMap]

    /// The maximum number of runs.
    public static let limit = 10_000

    /// A parameter and its values.
    public struct Axis: Hashable, Sendable {
        /// The name of the parameter.
        public var name: String
        /// The values, in the order of the runs.
        public var values: [ParameterValue]

        /// Creates an axis.
        public init(_ name: String, _ values: [ParameterValue]) { (self.name, self.values) = (name, values) }
    }

    /// Creates a matrix. Without axes and rows, it has one run without parameters.
    public init(_ axes: KeyValuePairs<String, [ParameterValue]> = [:], rows: [ParameterMap] = []) {
        self.axes = axes.map { Axis($0.key, $0.value) }
        self.rows = rows
    }

    /// Whether there are neither axes nor rows.
    public var isEmpty: Bool { axes.isEmpty && rows.isEmpty }

    /// Returns the parameters of each run.
    ///
    /// - Throws: ``ParameterMatrixError`` if a name stands twice, an axis has no values, two runs are equal, or there are
    ///   more runs than the ``limit``.
    public func runs() throws(ParameterMatrixError) -> [ParameterMap] {
        try checkNames()
        var count = max(1, rows.count)
        for axis in axes {
            let (product, overflow) = count.multipliedReportingOverflow(by: axis.values.count)
            count = overflow ? .max : product
        }
        guard count <= Self.limit else { throw .tooManyRuns(count) }
        var runs = rows.isEmpty ? [ParameterMap()] : rows
        for axis in axes {
            runs = runs.flatMap { run in
                axis.values.map { value in
                    var run = run
                    run[axis.name] = value
                    return run
                }
            }
        }
        return runs
    }

    private func checkNames() throws(ParameterMatrixError) {
        var names: Set<String> = []
        for axis in axes {
            if axis.values.isEmpty { throw .noValues(axis.name) }
            guard names.insert(axis.name).inserted else { throw .repeatedName(axis.name) }
            if let value = axis.values.firstRepetition?.value { throw .repeatedValue(axis.name, value) }
        }
        if let name = rows.lazy.flatMap(\.names).first(where: names.contains) { throw .repeatedName(name) }
        if let (first, second, _) = rows.firstRepetition { throw .repeatedRow(first: first + 1, second: second + 1) }
    }
}

/// The reason why a matrix has no runs.
@nonexhaustive
public enum ParameterMatrixError: Error, Hashable, Sendable {
    /// There are more runs than the limit. The number is `Int.max` if it does not fit.
    case tooManyRuns(Int)
    /// An axis has no values.
    case noValues(String)
    /// A name stands twice: on two axes, or on an axis and in a row.
    case repeatedName(String)
    /// A value stands twice on an axis.
    case repeatedValue(String, ParameterValue)
    /// Two rows are equal. Rows are counted from 1.
    case repeatedRow(first: Int, second: Int)
    /// The text of an axis is not valid.
    case invalidAxis(String, problem: String)
}

extension ParameterMatrixError: CustomStringConvertible {
    /// The error as a sentence.
    public var description: String {
        switch self {
        case .tooManyRuns(let count):
            let number = count == .max ? "too many" : "\(count)"
            return "the parameters give \(number) runs; the limit is \(ParameterMatrix.limit)"
        case .noValues(let name): return "the parameter '\(name)' has no values; write at least one"
        case .repeatedName(let name): return "the parameter '\(name)' is given twice; give its values in one place"
        case .repeatedValue(let name, let value):
            return "the parameter '\(name)' has the value \(value.text) twice; write each value once"
        case .repeatedRow(let first, let second):
            return "rows \(first) and \(second) have the same parameters; remove one of them"
        case .invalidAxis(let text, let problem): return "'\(text)': \(problem)"
        }
    }
}

extension Array where Element: Hashable {
    /// The first element that is equal to an earlier one, with both indices.
    fileprivate var firstRepetition: (first: Int, second: Int, value: Element)? {
        var indices: [Element: Int] = [:]
        for (index, element) in enumerated() {
            if let first = indices.updateValue(index, forKey: element) { return (first, index, element) }
        }
        return nil
    }
}
