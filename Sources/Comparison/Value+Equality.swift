import GalleyJSON

extension Value {
    /// Whether two values are equal, regardless of the order of members and the notation of numbers.
    ///
    /// - Parameter sanitizers: The sanitizers that are applied to strings first.
    func means(_ other: Value, after sanitizers: SanitizerRun) -> Bool {
        guard kind == other.kind else { return false }
        switch kind {
        case .null: return true
        case .bool: return bool == other.bool
        case .number: return number?.normal == other.number?.normal
        case .string:
            let (one, other) = (string ?? "", other.string ?? "")
            return sanitizers.sanitized(one).utf8.elementsEqual(sanitizers.sanitized(other).utf8)
        case .array:
            let (one, other) = (elements, other.elements)
            return one.count == other.count && zip(one, other).allSatisfy { $0.means($1, after: sanitizers) }
        case .object:
            let (one, other) = (byKey, other.byKey)
            return one.count == other.count
                && one.allSatisfy { key, value in other[key].map { value.means($0, after: sanitizers) } ?? false }
        }
    }

    /// Returns the value with its strings sanitized.
    func sanitized(by sanitizers: SanitizerRun) -> Value {
        switch kind {
        case .string: .string(sanitizers.sanitized(string ?? ""))
        case .array: .array(elements.map { $0.sanitized(by: sanitizers) })
        case .object: .object(members.map { ($0.key, $0.value.sanitized(by: sanitizers)) })
        default: self
        }
    }

    /// The members by the bytes of their keys; of members with the same key, the last one counts.
    private var byKey: [[UInt8]: Value] {
        Dictionary(members.map { (Array($0.key.utf8), $0.value) }) { _, last in last }
    }
}

extension Number {
    /// A notation that equal numbers share; integers keep all their digits.
    fileprivate var normal: String {
        if description.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D }) {
            return description == "-0" ? "0" : description
        }
        let number = double
        // A whole number that `Double` and `Int` both represent exactly is an integer in any notation.
        if abs(number) <= 0x1p53, number == number.rounded() { return String(Int(number)) }
        return number.isInfinite ? description : number.description
    }
}
