package import GalleyJSON

extension ParameterValue {
    /// Reads YAML or JSON, which is nearly a part of YAML.
    ///
    /// - Throws: ``ParameterError/invalidText(line:column:problem:)`` if the text is neither.
    public init(yaml text: String) throws(ParameterError) {
        // A byte order mark before the first of several names would be taken for a document of its own.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        // libyaml refuses some JSON, such as characters of two escapes.
        if let json = try? Document(parsing: Array(text.utf8), depthLimit: 200).root,
            let value = ParameterValue(json: json)
        {
            self = value
        } else {
            self = try YAMLComposer.value(of: text)
        }
    }

    /// The value of a JSON document; nil if a name stands twice in one object.
    package init?(json: GalleyJSON.Value) { self.init(json: json, isPortable: false) }

    /// The value of ``portableJSON``; nil if a name stands twice in one object.
    package init?(portableJSON json: GalleyJSON.Value) { self.init(json: json, isPortable: true) }

    private init?(json: GalleyJSON.Value, isPortable: Bool) {
        switch json.kind {
        case .null: self = .null
        case .bool: self = .bool(json.bool ?? false)
        case .number:
            let text = json.number?.description ?? ""
            if let integer = ParameterInteger(text) {
                self = .integer(integer)
            } else {
                self = .double(json.number?.double ?? .nan)
            }
        case .string: self = .string(json.string ?? "")
        case .array:
            var values: [ParameterValue] = []
            for element in json.elements {
                guard let value = ParameterValue(json: element, isPortable: isPortable) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object:
            if isPortable, json.count == 1, let spelling = json[Self.numberKey]?.string, let number = Number(spelling) {
                self = ParameterInteger(spelling).map { .integer($0) } ?? .double(number.double)
                return
            }
            var map = ParameterMap()
            for (name, member) in json.members {
                guard let value = ParameterValue(json: member, isPortable: isPortable), map.insert(value, for: name)
                else { return nil }
            }
            self = .map(map)
        }
    }

    /// The key of an object that stands for a number which few programs read from JSON.
    private static let numberKey = "$number"

    /// The value in JSON as every program reads it: `{"$number": "NaN"}` stands for `NaN`.
    package var portableJSON: GalleyJSON.Value {
        switch self {
        case .integer(let value) where value.int == nil: [Self.numberKey: .string(value.description)]
        case .double(let value) where !value.isFinite: [Self.numberKey: .string(Number(value).description)]
        case .list(let values): .array(values.map(\.portableJSON))
        case .map(let map): .object(map.members.map { ($0.name, $0.value.portableJSON) })
        default: json
        }
    }

    /// The value in JSON as Python writes it, with `NaN` and `Infinity`.
    package var json: GalleyJSON.Value {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .number(value.number)
        case .double(let value): .number(value)
        case .string(let text): .string(text)
        case .list(let values): .array(values.map(\.json))
        case .map(let map): .object(map.members.map { ($0.name, $0.value.json) })
        }
    }
}

extension ParameterInteger {
    /// The number in JSON.
    fileprivate var number: Number { Number(description) ?? Number(0) }
}
