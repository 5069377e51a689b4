package import GalleyJSON

extension ParameterValue {
    /// The value in a sentence or a name: a text as it is, and other values as Python prints them, but maps and lists as
    /// JSON.
    package var text: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): value.description
        case .double(let value) where !value.isFinite: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
        case .double(let value): Number(value).description
        case .string(let text): text
        case .list, .map: String(decoding: Document(reported, style: .line).text.bytes, as: UTF8.self)
        }
    }

    /// The value in a report. Numbers that JSON does not have are texts.
    package var reported: GalleyJSON.Value {
        switch self {
        case .double(let value) where !value.isFinite: .string(text)
        case .list(let values): .array(values.map(\.reported))
        case .map(let map): map.reported
        default: json
        }
    }
}

extension ParameterMap {
    /// The parameters in a report.
    package var reported: GalleyJSON.Value { .object(members.map { ($0.name, $0.value.reported) }) }

    /// The names and values for people: `region=eu, year=2024`.
    package var text: String { members.map { "\($0.name)=\($0.value.text)" }.joined(separator: ", ") }
}

extension JSONStyle {
    /// One line, as Python writes it.
    fileprivate static let line: JSONStyle = {
        var style = JSONStyle.canonical
        (style.indentation, style.lineEnd, style.spaceAfterComma, style.sortsKeys) = (nil, "", " ", false)
        return style
    }()
}
