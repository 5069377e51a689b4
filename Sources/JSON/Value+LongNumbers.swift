extension Value {
    /// Python's default limit for the digits of an integer.
    private static let readableDigits = 4300

    /// Whether the value contains, at any depth, a number with more digits than Python reads.
    package var holdsUnreadableNumber: Bool {
        switch form {
        case .text(let fragment) where fragment.source.outline.longestNumber <= Self.readableDigits: return false
        case .null, .bool, .string: return false
        case .text, .number, .container: break
        }
        return switch kind {
        case .number:
            number.map { $0.description.utf8.drop { $0 == UInt8(ascii: "-") }.count > Self.readableDigits } ?? false
        case .array: elements.contains(where: \.holdsUnreadableNumber)
        case .object: members.contains(where: \.value.holdsUnreadableNumber)
        case .null, .bool, .string: false
        }
    }

    /// The value with each such number replaced by a string of the same characters.
    package var withReadableNumbers: Value {
        guard holdsUnreadableNumber else { return self }
        return switch kind {
        case .array: .array(elements.map(\.withReadableNumbers))
        case .object: .object(members.map { ($0.key, $0.value.withReadableNumbers) })
        case .number: .text(number?.description)
        case .null, .bool, .string: self
        }
    }
}
