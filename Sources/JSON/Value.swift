/// One JSON value: as it was read, or made since.
///
/// A value that was read stays text until somebody asks for a part of it, and writes itself back byte for byte. An array
/// or object that is changed remembers where each of its untouched items stood, and only the change is written anew.
/// Copies share everything until one of them is changed.
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

    /// The six kinds of values.
    public enum Kind: String, Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool
        /// A number, whole or not.
        case number
        /// Text.
        case string
        /// Values in an order.
        case array
        /// Values by keys, in an order too.
        case object

        /// The kind of value whose text begins with this byte.
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

    /// What kind of value it is.
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

    /// Makes `true` or `false`.
    public static func bool(_ value: Bool) -> Value { Value(.bool(value)) }

    /// Makes a number.
    package static func number(_ value: Number) -> Value { Value(.number(value)) }

    /// Makes a whole number.
    public static func number(_ value: Int) -> Value { Value(.number(Number(value))) }

    /// Makes a whole number, or null.
    package static func number(_ value: Int?) -> Value { value.map { .number($0) } ?? .null }

    /// Makes a number spelled as Python spells it.
    public static func number(_ value: Double) -> Value { Value(.number(Number(value))) }

    /// Makes a string.
    public static func string(_ value: some StringProtocol) -> Value { Value(.string(String(value))) }

    /// Makes a string, or null.
    package static func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }

    /// Makes an array.
    public static func array(_ elements: some Sequence<Value>) -> Value {
        Value(.container(Container(isObject: false, items: elements.map { Item(value: $0) })))
    }

    /// Makes an array of strings; a long one takes little more memory than its text.
    package static func array(ofStrings strings: some Collection<some StringProtocol>) -> Value {
        if strings.count > 16 {
            var text = [UInt8(ascii: "[")]
            // Quotes, a comma and an escaped line end for each: growing would take twice the memory.
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

    /// Makes an object; of members with the same key the last one counts.
    public static func object(_ members: some Sequence<(String, Value)>) -> Value {
        Value(.container(Container(isObject: true, items: members.map { Item(newKey: $0.0, value: $0.1) })))
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes a string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes a whole number.
    public init(integerLiteral value: Int) { self = .number(value) }
    /// Makes a number spelled as Python spells it.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// Makes `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes `null`.
    public init(nilLiteral: ()) { self = .null }
    /// Makes an array.
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    /// Makes an object with its members in this order.
    public init(dictionaryLiteral elements: (String, Value)...) { self = .object(elements) }
}

// MARK: - Reading plain values

extension Value {
    /// Whether it is `null`.
    public var isNull: Bool { kind == .null }

    /// The truth value, nil where it is none.
    public var bool: Bool? {
        switch form {
        case .text(let fragment) where kind == .bool: fragment.first == UInt8(ascii: "t")
        case .bool(let value): value
        default: nil
        }
    }

    /// The number, nil where it is none.
    package var number: Number? {
        switch form {
        case .text(let fragment) where kind == .number: Number(trusting: fragment.source.bytes[fragment.range])
        case .number(let number): number
        default: nil
        }
    }

    /// The whole number, nil where it is none or does not fit.
    public var int: Int? { number?.int }

    /// The number, as exact as a floating-point number can be; nil where it is none.
    public var double: Double? { number?.double }

    /// The characters of a string, nil where it is none; a lone surrogate is shown as U+FFFD.
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
    /// The elements of an array; empty where it is none.
    ///
    /// Reading them costs a walk over the text. Somebody who wants many keeps what is returned.
    public var elements: [Value] {
        guard kind == .array else { return [] }
        switch form {
        case .text(let fragment): return ItemIterator(fragment).map { Value(.text($0.value)) }
        case .container(let container): return container.items.map(\.value)
        default: return []
        }
    }

    /// Whether it is an array all of whose elements are of one kind.
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

    /// The members of an object in their order, repeated keys included; empty where it is none.
    public var members: Members { Members(self) }

    /// Walks over the members of an object.
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
    /// About how many bytes it takes as text, its layout left out.
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
    /// The member of an object with this key, the last where the key is repeated; nil where there is none.
    ///
    /// Setting a value replaces that member or adds a new one, where the document sorts its keys at the sorted place;
    /// setting nil removes every member with the key. What is no object becomes one when a value is set.
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
                // Nothing was set in what is no object: it stays what it was.
                form = container.items.isEmpty ? old ?? .container(container) : .container(container)
            }
            yield &value
        }
    }

    /// The element of an array at `index`, which has to be one of its own.
    ///
    /// The first change to an array that was read costs a walk over it; from then on access takes constant time.
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

    /// Replaces a range of an array's elements by others; the range has to be one of its own.
    ///
    /// What is no array has no elements, and becomes one.
    package mutating func replaceElements(_ range: Range<Int>, with elements: some Sequence<Value>) {
        var container = kind == .array ? takeContainer() : Container(isObject: false, items: [])
        container.items.replaceSubrange(range, with: elements.map { Item(value: $0) })
        form = .container(container)
    }

    /// Adds an element at the end of an array; what is no array becomes one.
    public mutating func append(_ element: Value) {
        let count = kind == .array ? self.count : 0
        replaceElements(count..<count, with: CollectionOfOne(element))
    }

    /// Makes access to the items of this array or object take constant time, without changing what is written.
    package mutating func prepareForChanges() {
        if kind == .array || kind == .object { form = .container(takeContainer()) }
    }

    /// Takes the items out, so that they can be changed without being copied; the caller puts them back.
    private mutating func takeContainer() -> Container {
        defer { form = .null }
        switch form {
        case .text(let fragment): return Container(fragment)
        case .container(let container): return container
        default: preconditionFailure("only arrays and objects have items")
        }
    }
}
