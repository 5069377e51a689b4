/// A JSON value, either parsed or new.
///
/// A parsed value is kept as text until a part of it is needed, and is written back byte for byte. A changed array or
/// object keeps the text of its unchanged items. Copies share their storage until one of them is changed.
public struct Value: Sendable {
    var form: Form

    enum Form: Sendable {
        case text(Fragment)
        case null
        case bool(Bool)
        case number(Number)
        case string(String)
        case container(Container)
    }

    init(_ form: Form) { self.form = form }

    /// The six kinds of JSON values.
    public enum Kind: String, Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool
        /// An integer or a floating-point number.
        case number
        /// A string.
        case string
        /// An ordered list of values.
        case array
        /// Values by key, in order.
        case object

        /// Creates the kind of a value from the first byte of its text.
        init(first: UInt8) {
            switch first {
            case UInt8(ascii: "{"): self = .object
            case UInt8(ascii: "["): self = .array
            case UInt8(ascii: "\""): self = .string
            case UInt8(ascii: "n"): self = .null
            case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .bool
            default: self = .number
            }
        }
    }

    /// The kind of the value.
    public var kind: Kind {
        switch form {
        case .text(let fragment): Kind(first: fragment.first)
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .container(let container): container.isObject ? .object : .array
        }
    }
}

// MARK: - Making values

extension Value {
    /// The value `null`.
    public static var null: Value { Value(.null) }

    /// Creates `true` or `false`.
    public static func bool(_ value: Bool) -> Value { Value(.bool(value)) }

    /// Creates a number.
    package static func number(_ value: Number) -> Value { Value(.number(value)) }

    /// Creates an integer.
    public static func number(_ value: Int) -> Value { Value(.number(Number(value))) }

    /// Creates an integer, or null.
    package static func number(_ value: Int?) -> Value { value.map { .number($0) } ?? .null }

    /// Creates a number with Python's spelling.
    public static func number(_ value: Double) -> Value { Value(.number(Number(value))) }

    /// Creates a string.
    public static func string(_ value: some StringProtocol) -> Value { Value(.string(String(value))) }

    /// Creates a string, or null.
    package static func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }

    /// Creates an array.
    public static func array(_ elements: some Sequence<Value>) -> Value {
        Value(.container(Container(isObject: false, items: elements.map { Item(value: $0) })))
    }

    /// Creates an array of strings. A long array takes little more memory than its text.
    package static func array(ofStrings strings: some Collection<some StringProtocol>) -> Value {
        if strings.count > 16 {
            var text = [UInt8(ascii: "[")]
            // The extra four bytes per string are for quotes, a comma and an escaped line end. Growing the array would
            // take twice the memory.
            text.reserveCapacity(strings.reduce(2) { $0 + $1.utf8.count + 4 })
            for string in strings {
                if text.count > 1 { text.append(UInt8(ascii: ",")) }
                StringCoding.encode(string.utf8, escapingNonASCII: false, to: &text)
            }
            text.append(UInt8(ascii: "]"))
            if let source = try? SourceText(text, depthLimit: 1) { return Value(.text(source.root)) }
        }
        return .array(strings.map { .string($0) })
    }

    /// Creates an object. Of members with the same key, the last one counts.
    public static func object(_ members: some Sequence<(String, Value)>) -> Value {
        Value(.container(Container(isObject: true, items: members.map { Item(newKey: $0.0, value: $0.1) })))
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Creates a string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Creates an integer.
    public init(integerLiteral value: Int) { self = .number(value) }
    /// Creates a number with Python's spelling.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// Creates `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Creates `null`.
    public init(nilLiteral: ()) { self = .null }
    /// Creates an array.
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    /// Creates an object with its members in this order.
    public init(dictionaryLiteral elements: (String, Value)...) { self = .object(elements) }
}

// MARK: - Reading plain values

extension Value {
    /// Whether the value is `null`.
    public var isNull: Bool { kind == .null }

    /// The Boolean; nil if the value is not one.
    public var bool: Bool? {
        switch form {
        case .text(let fragment) where kind == .bool: fragment.first == UInt8(ascii: "t")
        case .bool(let value): value
        default: nil
        }
    }

    /// The number; nil if the value is not one.
    package var number: Number? {
        switch form {
        case .text(let fragment) where kind == .number: Number(trusting: fragment.source.bytes[fragment.range])
        case .number(let number): number
        default: nil
        }
    }

    /// The integer; nil if the value is not an integer or does not fit.
    public var int: Int? { number?.int }

    /// The nearest floating-point number; nil if the value is not a number.
    public var double: Double? { number?.double }

    /// The string, with U+FFFD for lone surrogates; nil if the value is not a string.
    public var string: String? {
        switch form {
        case .text(let fragment) where kind == .string: StringCoding.string(fragment.source.bytes, fragment.range)
        case .string(let string): string
        default: nil
        }
    }
}

// MARK: - Reading arrays and objects

extension Value {
    /// The elements of an array; empty if the value is not an array.
    ///
    /// Each access walks over the text. To read many elements, keep the returned array.
    public var elements: [Value] {
        guard kind == .array else { return [] }
        switch form {
        case .text(let fragment): return ItemIterator(fragment).map { Value(.text($0.value)) }
        case .container(let container): return container.items.map(\.value)
        default: return []
        }
    }

    /// Whether the value is an array whose elements are all of one kind.
    package func isArray(of kind: Kind) -> Bool {
        switch form {
        case .text(let fragment) where fragment.first == UInt8(ascii: "["):
            let bytes = fragment.source.bytes
            var walk = ItemIterator(fragment)
            while let (place, _) = walk.nextPlace() {
                if Kind(first: bytes[Int(place.valueStart)]) != kind { return false }
            }
            return true
        case .container(let container):
            return !container.isObject && container.items.allSatisfy { $0.value.kind == kind }
        default: return false
        }
    }

    /// The members of an object in order, including repeated keys; empty if the value is not an object.
    public var members: Members { Members(self) }

    /// A sequence of the members of an object.
    public struct Members: Sequence, IteratorProtocol {
        private var text: (SourceText, ItemIterator)?
        private var container: (Container, next: Int)?

        init(_ value: Value) {
            switch value.form {
            case .text(let fragment) where fragment.isObject: text = (fragment.source, ItemIterator(fragment))
            case .container(let container) where container.isObject: self.container = (container, 0)
            default: break
            }
        }

        /// Returns the next member.
        public mutating func next() -> (key: String, value: Value)? {
            if let source = text?.0, let (place, value) = text?.1.next() {
                return (StringCoding.string(source.bytes, source.key(at: place)), Value(.text(value)))
            }
            guard let (container, index) = container, index < container.items.count else { return nil }
            self.container?.next += 1
            return (container.key(of: container.items[index]), container.items[index].value)
        }
    }

    /// The number of elements or members.
    public var count: Int {
        switch form {
        case .text(let fragment) where fragment.isContainer: ItemIterator(fragment).reduce(0) { count, _ in count + 1 }
        case .container(let container): container.items.count
        default: 0
        }
    }
}

extension Value {
    /// The approximate length of the value's text in bytes, without formatting.
    package var size: Int {
        switch form {
        case .text(let fragment): fragment.range.count
        case .null, .bool: 4
        case .number(let number): number.description.utf8.count
        case .string(let string): string.utf8.count + 2
        case .container(let container):
            container.items.reduce(2) { size, item in
                size + item.value.size + 1 + (container.isObject ? container.key(of: item).utf8.count + 3 : 0)
            }
        }
    }
}

// MARK: - Changing arrays and objects

extension Value {
    /// The member of an object with this key, or the last one if the key is repeated; nil if there is none.
    ///
    /// Setting a value replaces that member or adds a new one. If the document sorts its keys, a new member is written
    /// in sorted order. Setting nil removes all members with the key. Setting a value on a value that is not an object
    /// replaces it with an object.
    public subscript(key: String) -> Value? {
        get {
            switch form {
            case .text(let fragment) where fragment.isObject:
                var found: Fragment?
                for (place, value) in ItemIterator(fragment) {
                    let source = fragment.source
                    if StringCoding.equals(source.bytes, source.key(at: place), key) { found = value }
                }
                return found.map { Value(.text($0)) }
            case .container(let container) where container.isObject:
                return container.lastIndex(of: key).map { container.items[$0].value }
            default: return nil
            }
        }
        _modify {
            let isObject = kind == .object
            let old = isObject ? nil : form
            var container = isObject ? takeContainer() : Container(isObject: true, items: [])
            let index = container.lastIndex(of: key)
            var value: Value?
            if let index {
                value = container.items[index].value
                container.items[index].value = .null
            }
            defer {
                if let value {
                    if let index {
                        container.items[index].value = value
                    } else {
                        container.items.append(Item(newKey: key, value: value))
                    }
                } else if index != nil {
                    container.removeAll(key)
                }
                // Nil was set on a value that is not an object, so that it stays unchanged.
                form = container.items.isEmpty ? old ?? .container(container) : .container(container)
            }
            yield &value
        }
    }

    /// The element of an array at `index`, which must be valid.
    ///
    /// The first change to a parsed array walks over it. From then on, access takes constant time.
    public subscript(index: Int) -> Value {
        get {
            guard case .container(let container) = form else { return elements[index] }
            precondition(!container.isObject, "only an array has elements")
            return container.items[index].value
        }
        _modify {
            precondition(kind == .array, "only an array has elements")
            var container = takeContainer()
            defer { form = .container(container) }
            yield &container.items[index].value
        }
    }

    /// Replaces a range of an array's elements. The range must be valid.
    ///
    /// A value that is not an array is treated as an empty one and becomes an array.
    package mutating func replaceElements(_ range: Range<Int>, with elements: some Sequence<Value>) {
        var container = kind == .array ? takeContainer() : Container(isObject: false, items: [])
        container.items.replaceSubrange(range, with: elements.map { Item(value: $0) })
        form = .container(container)
    }

    /// Appends an element to an array. A value that is not an array becomes one.
    public mutating func append(_ element: Value) {
        let count = kind == .array ? self.count : 0
        replaceElements(count..<count, with: CollectionOfOne(element))
    }

    /// Makes access to the items of an array or object take constant time. The written text does not change.
    package mutating func prepareForChanges() {
        if kind == .array || kind == .object { form = .container(takeContainer()) }
    }

    /// Takes out the items, so that they can be changed without being copied. The caller puts them back.
    private mutating func takeContainer() -> Container {
        defer { form = .null }
        switch form {
        case .text(let fragment): return Container(fragment)
        case .container(let container): return container
        default: preconditionFailure("only arrays and objects have items")
        }
    }
}
