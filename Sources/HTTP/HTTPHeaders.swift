/// Header fields, in order. Names compare without regard to case.
package struct HTTPHeaders: Sendable {
    /// A field.
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// The fields, in order.
    package private(set) var fields: [Field] = []

    /// Creates an empty list.
    package init() {}

    /// The first value of a name; nil if there is none. Setting it replaces all fields with the name.
    package subscript(name: String) -> String? {
        get { fields.first { Self.areEqual($0.name, name) }?.value }
        set { if let newValue { set(name, newValue) } else { remove(name) } }
    }

    /// Returns all values of a name, in order.
    package func all(_ name: String) -> [String] { fields.filter { Self.areEqual($0.name, name) }.map(\.value) }

    /// Adds a field at the end.
    ///
    /// A field whose name is no token, or whose value contains a line break or NUL, is dropped: it would be more than
    /// one field.
    package mutating func add(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenCharacter), !value.utf8.contains(where: Self.isUnsafe)
        else { return }
        fields.append(Field(name: name, value: value))
    }

    /// Replaces all fields with the name by one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Removes all fields with the name.
    package mutating func remove(_ name: String) { fields.removeAll { Self.areEqual($0.name, name) } }

    static func areEqual(_ one: String, _ other: String) -> Bool { one.lowercased() == other.lowercased() }

    static func isTokenCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }

    private static func isUnsafe(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}

// Values may be secrets.
extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the fields.
    package var description: String { fields.map { "\($0.name): …" }.joined(separator: ", ") }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPHeaders.Field: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the field.
    package var description: String { "\(name): …" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
