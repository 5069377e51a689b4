extension Value: Codable {
    /// A coding key with any name.
    private struct MemberKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Decodes a value.
    public init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: MemberKey.self) {
            self = .object(try members.allKeys.map { ($0.stringValue, try members.decode(Value.self, forKey: $0)) })
        } else if var elements = try? decoder.unkeyedContainer() {
            var values: [Value] = []
            while !elements.isAtEnd { values.append(try elements.decode(Value.self)) }
            self = .array(values)
        } else {
            let plain = try decoder.singleValueContainer()
            if plain.decodeNil() {
                self = .null
            } else if let bool = try? plain.decode(Bool.self) {
                self = .bool(bool)
            } else if let int = try? plain.decode(Int.self) {
                self = .number(int)
            } else if let double = try? plain.decode(Double.self) {
                self = .number(double)
            } else {
                self = .string(try plain.decode(String.self))
            }
        }
    }

    /// Encodes the value.
    public func encode(to encoder: any Encoder) throws {
        switch kind {
        case .object:
            var members = encoder.container(keyedBy: MemberKey.self)
            for (key, value) in self.members { try members.encode(value, forKey: MemberKey(stringValue: key)) }
        case .array:
            var elements = encoder.unkeyedContainer()
            for value in self.elements { try elements.encode(value) }
        default:
            var plain = encoder.singleValueContainer()
            if let bool {
                try plain.encode(bool)
            } else if let int {
                try plain.encode(int)
            } else if let number {
                try plain.encode(number.double)
            } else if let string {
                try plain.encode(string)
            } else {
                try plain.encodeNil()
            }
        }
    }
}
