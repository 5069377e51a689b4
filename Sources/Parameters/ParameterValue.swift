/// A value that a notebook takes.
///
/// It keeps what was written: integers of any size, the order of a map, and text as it is.
@nonexhaustive
public enum ParameterValue: Hashable, Sendable {
    /// No value: `None`, `NULL`, `nothing`.
    case null
    /// True or false.
    case bool(Bool)
    /// An integer of any size.
    case integer(ParameterInteger)
    /// A floating-point number, which can be infinite or not a number.
    case double(Double)
    /// A text.
    case string(String)
    /// Values in order.
    case list([ParameterValue])
    /// Values by name, in order.
    case map(ParameterMap)
}

/// An integer of any size, as its decimal digits.
public struct ParameterInteger: Hashable, Sendable, CustomStringConvertible {
    /// The digits without leading zeros, after a minus sign for a negative number.
    public let description: String

    /// The integer of these digits, with an optional sign; nil if the text is something else.
    public init?(_ text: some StringProtocol) {
        let sign = text.first == "-" ? "-" : ""
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        let significant = digits.drop { $0 == "0" }
        description = significant.isEmpty ? "0" : sign + significant
    }

    /// The integer of a machine word.
    public init(_ value: Int) { description = String(value) }

    /// The value in a machine word; nil if it does not fit.
    public var int: Int? { Int(description) }

    /// Whether the number fits into this many bits, as two's complement.
    package func fits(bits: Int) -> Bool {
        guard let int else { return false }
        return bits >= 64 || int >> (bits - 1) == 0 || int >> (bits - 1) == -1
    }
}

/// Values by name, in the order in which they were written.
///
/// Two maps are equal if they have the same members, in any order, because JSON in Swift does not keep it.
public struct ParameterMap: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// The names and values.
    public private(set) var members: [Member] = []
    /// The places of the names in ``members``.
    private var indices: [String: Int] = [:]

    /// A name and its value.
    public struct Member: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value.
        public var value: ParameterValue
    }

    /// Creates an empty map.
    public init() {}

    /// Creates a map with these members. A name that is repeated has its last value.
    public init(dictionaryLiteral elements: (String, ParameterValue)...) {
        for (name, value) in elements { self[name] = value }
    }

    /// The value of a name; nil if there is none.
    ///
    /// Setting a value keeps the place of a name that is there, and otherwise adds the name at the end.
    public subscript(name: String) -> ParameterValue? {
        get { indices[name].map { members[$0].value } }
        set {
            switch (indices[name], newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil):
                members.remove(at: index)
                indices = Dictionary(uniqueKeysWithValues: zip(members.map(\.name), members.indices))
            case (nil, let value?): _ = insert(value, for: name)
            case (nil, nil): break
            }
        }
    }

    /// Adds a value at the end; returns false if the name has a value.
    mutating func insert(_ value: ParameterValue, for name: String) -> Bool {
        guard indices[name] == nil else { return false }
        indices[name] = members.count
        members.append(Member(name: name, value: value))
        return true
    }

    /// The names, in order.
    public var names: [String] { members.map(\.name) }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// Adds the members of another map, which replace those of the same name.
    public mutating func merge(_ other: ParameterMap) {
        for member in other.members { self[member.name] = member.value }
    }
}

extension ParameterMap {
    /// Whether both maps have the same members, in any order.
    public static func == (one: ParameterMap, other: ParameterMap) -> Bool {
        Set(one.members) == Set(other.members)
    }

    /// Hashes the members, in any order.
    public func hash(into hasher: inout Hasher) { hasher.combine(Set(members)) }
}

extension ParameterValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// Creates a text.
    public init(stringLiteral text: String) { self = .string(text) }
    /// Creates an integer.
    public init(integerLiteral value: Int) { self = .integer(ParameterInteger(value)) }
    /// Creates a floating-point number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Creates true or false.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Creates a list.
    public init(arrayLiteral elements: ParameterValue...) { self = .list(elements) }
    /// Creates a map.
    public init(dictionaryLiteral elements: (String, ParameterValue)...) {
        var map = ParameterMap()
        for (name, value) in elements { map[name] = value }
        self = .map(map)
    }
    /// Creates the value for nothing.
    public init(nilLiteral: ()) { self = .null }
}

extension ParameterValue {
    /// The value of a word on a command line, with papermill's rules: `True`, `False` and `None`, then integers and
    /// numbers as Python reads them, then text.
    public init(word: String) {
        switch word {
        case "True": self = .bool(true)
        case "False": self = .bool(false)
        case "None": self = .null
        default:
            let number = word.trimmed
            if let integer = number.withoutUnderscores.flatMap({ ParameterInteger($0) }) {
                self = .integer(integer)
            } else if let double = number.withoutUnderscores.flatMap({ Self.double($0) }) {
                self = .double(double)
            } else {
                self = .string(word)
            }
        }
    }

    /// Returns the number that Python's `float` reads; nil if it refuses the text.
    static func double(_ text: String) -> Double? {
        let unsigned = text.drop { $0 == "+" || $0 == "-" }
        guard text.count - unsigned.count <= 1 else { return nil }
        let sign = text.first == "-" ? -1.0 : 1.0
        switch unsigned.lowercased() {
        case "nan": return .nan
        case "inf", "infinity": return sign * .infinity
        default: break
        }
        // Swift also reads hexadecimal numbers, which Python refuses.
        let isDecimal = unsigned.utf8.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || ".eE+-".utf8.contains($0)
        }
        guard isDecimal, unsigned.utf8.contains(where: { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            return nil
        }
        // Python reads `5.` and `.5`, which Swift does not all read.
        var spelled = String(unsigned)
        if spelled.hasPrefix(".") { spelled = "0" + spelled }
        spelled = spelled.replacing(".e", with: ".0e").replacing(".E", with: ".0E")
        if spelled.hasSuffix(".") { spelled += "0" }
        return Double(spelled).map { sign * $0 }
    }
}

extension String {
    /// The text without underscores that stand between digits; nil if there is another underscore.
    fileprivate var withoutUnderscores: String? {
        guard contains("_") else { return self }
        let characters = Array(self)
        for (index, character) in characters.enumerated() where character == "_" {
            guard index > 0, index + 1 < characters.count, characters[index - 1].isNumber,
                characters[index + 1].isNumber
            else { return nil }
        }
        return replacing("_", with: "")
    }
}
