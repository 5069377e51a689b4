/// The type of a value in a language whose lists hold values of one type.
indirect enum ValueType: Hashable {
    case null
    case bool
    case integer(IntegerWidth)
    case double
    case string
    case list(ValueType)
    case map(ValueType)
    /// A type, or null.
    case optional(ValueType)
    /// No common type.
    case mixed
    /// The type of what an empty list or map contains.
    case unknown

    /// The type of a value.
    init(_ value: ParameterValue) {
        self =
            switch value {
            case .null: .null
            case .bool: .bool
            case .integer(let value): .integer(value.width)
            case .double: .double
            case .string: .string
            case .list(let values): .list(ValueType(of: values))
            case .map(let map): .map(ValueType(of: map.members.map(\.value)))
            }
    }

    /// The common type of values.
    init(of values: [ParameterValue]) {
        self = values.reduce(.unknown) { ValueType.common($0, ValueType($1)) }
    }

    /// Whether the type is mixed, or has mixed contents.
    var isMixed: Bool {
        switch self {
        case .mixed: true
        case .list(let type), .map(let type), .optional(let type): type.isMixed
        default: false
        }
    }

    /// Returns the type that holds the values of two types, without loss.
    private static func common(_ first: ValueType, _ second: ValueType) -> ValueType {
        switch (first, second) {
        case (.unknown, let type), (let type, .unknown): type
        case _ where first == second: first
        case (.integer(let first), .integer(let second)): .integer(max(first, second))
        case (.integer(.int), .double), (.double, .integer(.int)): .double
        case (.list(let first), .list(let second)): .list(common(first, second))
        case (.map(let first), .map(let second)): .map(common(first, second))
        case (.mixed, _), (_, .mixed): .mixed
        case (.null, let type), (let type, .null): type.orNull
        case (.optional(let first), .optional(let second)), (.optional(let first), let second),
            (let first, .optional(let second)):
            common(first, second).orNull
        default: .mixed
        }
    }

    private var orNull: ValueType {
        switch self {
        case .optional, .mixed, .null: self
        default: .optional(self)
        }
    }
}

/// The size of the machine word that holds an integer.
enum IntegerWidth: Comparable {
    /// 32 bits.
    case int
    /// 64 bits.
    case long
    /// More than 64 bits.
    case big
}

extension ParameterInteger {
    /// The smallest size that holds the number.
    var width: IntegerWidth { fits(bits: 32) ? .int : fits(bits: 64) ? .long : .big }

    /// Whether the number and its neighbors are floating-point numbers.
    var isExactDouble: Bool { fits(bits: 54) }
}

/// A language whose literals depend on the type that the value must have.
protocol TypedLanguage: ParameterLanguage {
    /// Returns the literal of a value as a value of this type.
    func literal(_ value: ParameterValue, as type: ValueType) throws(ParameterError) -> String
}

extension TypedLanguage {
    func literal(_ value: ParameterValue) throws(ParameterError) -> String {
        try literal(value, as: ValueType(value))
    }

    /// Returns the literals of values as values of this type.
    func literals(_ values: [ParameterValue], as type: ValueType, separator: String = ", ")
        throws(ParameterError) -> String
    {
        var literals: [String] = []
        for value in values { literals.append(try literal(value, as: type)) }
        return literals.joined(separator: separator)
    }

    /// Returns the members of a map, each made of its name and the literal of its value as a value of this type.
    func members(
        _ map: ParameterMap, as type: ValueType, separator: String = ", ",
        member: (_ name: String, _ literal: String) -> String
    ) throws(ParameterError) -> String {
        var members: [String] = []
        for value in map.members { members.append(member(value.name, try literal(value.value, as: type))) }
        return members.joined(separator: separator)
    }
}
