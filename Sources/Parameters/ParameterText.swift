package import GalleyJSON

extension ParameterValue {
    /// The value of a JSON document; nil if a name stands twice in one object.
    package init?(json: GalleyJSON.Value) {
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
                guard let value = ParameterValue(json: element) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object:
            var map = ParameterMap()
            for (name, member) in json.members {
                guard map[name] == nil, let value = ParameterValue(json: member) else { return nil }
                map[name] = value
            }
            self = .map(map)
        }
    }

    /// The value in JSON.
    package var json: GalleyJSON.Value {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): Number(value.description).map { .number($0) } ?? .string(value.description)
        case .double(let value): .number(value)
        case .string(let text): .string(text)
        case .list(let values): .array(values.map(\.json))
        case .map(let map): .object(map.members.map { ($0.name, $0.value.json) })
        }
    }
}
