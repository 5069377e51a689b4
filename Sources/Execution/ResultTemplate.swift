package import GalleyJupyterProtocol
package import GalleyParameters
import Glibc

/// The location of a result with names in braces, such as `out/{name}-{region}.ipynb`.
///
/// The form is that of Python's `str.format`: `{{` and `}}` stand for braces, `{limits[low]}` for a member, `{month:02}`
/// for an integer with leading zeros, and `{pm.current_datetime_utc:%Y-%m-%d}` for a day.
package struct ResultTemplate: Hashable, Sendable {
    private let parts: [Part]

    private enum Part: Hashable {
        case text(String)
        case field(Field)
    }

    private struct Field: Hashable {
        let text: String
        /// The name, and the names or indices of the members.
        let path: [String]
        let format: String
    }

    /// Whether a location contains braces, and so is a template.
    package static func isTemplate(_ text: String) -> Bool { text.contains { $0 == "{" || $0 == "}" } }

    /// Returns the template whose location is the text.
    package static func escaping(_ text: String) -> String {
        text.replacing("{", with: "{{").replacing("}", with: "}}")
    }

    /// Parses a template.
    package init(_ text: String) throws(ResultTemplateError) {
        var parts: [Part] = []
        var (rest, literal) = (text[...], "")
        while let character = rest.popFirst() {
            if "{}".contains(character), rest.first == character {
                literal.append(rest.removeFirst())
            } else if character == "}" {
                throw .singleBrace("}")
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw .singleBrace("{") }
                parts += [.text(literal), .field(try Self.field(String(rest[..<end])))]
                (literal, rest) = ("", rest[end...].dropFirst())
            } else {
                literal.append(character)
            }
        }
        self.parts = parts + [.text(literal)]
    }

    /// The parameters and other names that the template contains.
    package var names: Set<String> {
        Set(parts.compactMap { if case .field(let field) = $0 { field.path.first } else { nil } })
    }

    /// Reads the text between braces: a name, members, and a format.
    private static func field(_ text: String) throws(ResultTemplateError) -> Field {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let format = String(text[colon...].dropFirst())
        let members = text[..<colon].split(omittingEmptySubsequences: false) { $0 == "." || $0 == "[" }
        let path = members.map { String($0.hasSuffix("]") ? $0.dropLast() : $0) }
        let isWhole = path.allSatisfy { !$0.isEmpty && !$0.contains { "[]{}!".contains($0) } }
        guard isWhole else { throw .invalidField(text) }
        return Field(text: text, path: path, format: format)
    }

    /// Returns the location of a run's result.
    package func location(_ names: ResultNames) throws(ResultTemplateError) -> String {
        var location = ""
        for part in parts {
            switch part {
            case .text(let text): location += text
            case .field(let field): location += try names.text(field.path, field.format, of: field.text)
            }
        }
        return location
    }
}

/// The values of the names in a ``ResultTemplate``.
///
/// They stay the same for all attempts of a run.
package struct ResultNames: Sendable {
    /// The name of the notebook without `.ipynb`.
    package var notebook: String
    /// The values of the parameters.
    package var parameters: ParameterMap
    private let id: String
    private let time: Timestamp

    /// Creates the names of a run, with an ID of its own.
    package init(
        notebook: String, _ parameters: ParameterMap = ParameterMap(), time: Timestamp = .now(),
        id: String = Self.newID()
    ) {
        (self.notebook, self.parameters, self.time, self.id) = (notebook, parameters, time, id)
    }

    /// Returns a random UUID.
    package static func newID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        // The version, which is 4 for random numbers, and the variant.
        (bytes[6], bytes[8]) = (bytes[6] & 0x0F | 0x40, bytes[8] & 0x3F | 0x80)
        let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    /// The names that each run has, for errors.
    private static let common = [
        "name", "notebook_name", "date", "pm.run_uuid", "pm.current_datetime_utc", "pm.current_datetime_local",
    ]

    /// Returns the text of a field.
    fileprivate func text(
        _ path: [String], _ format: String, of field: String
    ) throws(ResultTemplateError) -> String {
        if let value = parameters[path[0]] {
            guard let member = value.member(path.dropFirst()) else { throw .unknownName(field, known: known) }
            return try member.fileName(format, of: field)
        }
        switch path {
        case ["name"], ["notebook_name"]: return try ParameterValue.string(notebook).plain(format, of: field)
        case ["date"]: return try time.text(format.isEmpty ? "%Y-%m-%d" : format, isLocal: true, of: field)
        case ["pm", "run_uuid"]: return try ParameterValue.string(id).plain(format, of: field)
        case ["pm", "current_datetime_utc"]: return try time.text(format, isLocal: false, of: field)
        case ["pm", "current_datetime_local"]: return try time.text(format, isLocal: true, of: field)
        default: throw .unknownName(field, known: known)
        }
    }

    private var known: [String] { parameters.names + Self.common }
}

/// The reason why a template gives no location.
@nonexhaustive
public enum ResultTemplateError: Error, Hashable, Sendable {
    /// A brace has no counterpart.
    case singleBrace(Character)
    /// The text between two braces is not a name.
    case invalidField(String)
    /// There is no such name. The others are known.
    case unknownName(String, known: [String])
    /// The value has no such format.
    case unsupportedFormat(String)
}

extension ResultTemplateError: CustomStringConvertible {
    /// The error as a sentence.
    public var description: String {
        switch self {
        case .singleBrace(let brace):
            "'\(brace)' has no counterpart; write '\(brace)\(brace)' for a brace in the name of the file"
        case .invalidField(let field):
            "{\(field)} is not a name; write '{{' and '}}' for braces in the name of the file"
        case .unknownName(let field, let known):
            "{\(field)} is unknown; the names are \(known.map { "{\($0)}" }.joined(separator: ", "))"
        case .unsupportedFormat(let field):
            "{\(field)} has a format that the value does not have; use one such as {month:02} for an integer, or "
                + "{pm.current_datetime_utc:%Y-%m-%d}"
        }
    }
}

extension ParameterValue {
    /// Returns the member of a map or a list; nil if there is none.
    fileprivate func member(_ path: ArraySlice<String>) -> ParameterValue? {
        guard let name = path.first else { return self }
        switch self {
        case .map(let map): return map[name]?.member(path.dropFirst())
        case .list(let values):
            guard let index = Int(name), values.indices.contains(index) else { return nil }
            return values[index].member(path.dropFirst())
        default: return nil
        }
    }

    /// Returns the value in a name of a file.
    fileprivate func fileName(_ format: String, of field: String) throws(ResultTemplateError) -> String {
        guard case .integer(let integer) = self, !format.isEmpty else {
            return try ParameterValue.string(fileName).plain(format, of: field)
        }
        let digits = format.hasSuffix("d") ? format.dropLast() : format[...]
        guard digits.hasPrefix("0"), let width = Int(digits), (0...60).contains(width) else {
            throw .unsupportedFormat(field)
        }
        let (sign, number) = (integer.description.prefix { $0 == "-" }, integer.description.drop { $0 == "-" })
        return sign + String(repeating: "0", count: max(0, width - integer.description.count)) + number
    }

    /// Returns a text, which has no format.
    fileprivate func plain(_ format: String, of field: String) throws(ResultTemplateError) -> String {
        guard format.isEmpty || format == "s" else { throw .unsupportedFormat(field) }
        return text
    }
}

extension Timestamp {
    /// Returns the time in Python's form, or in that of `strftime`.
    fileprivate func text(_ format: String, isLocal: Bool, of field: String) throws(ResultTemplateError) -> String {
        let seconds = Int((Double(microseconds) / 1_000_000).rounded(.down))
        let fraction = String(String(microseconds - seconds * 1_000_000 + 1_000_000).dropFirst())
        // Python's own directive for microseconds.
        let zone = isLocal ? "" : "+00:00"
        let format = (format.isEmpty ? "%Y-%m-%d %H:%M:%S.%f\(zone)" : format).replacing("%f", with: fraction)
        var time = time_t(seconds)
        var parts = unsafe tm()
        var buffer = [CChar](repeating: 0, count: 256)
        // Safe because the calls fill variables of the expected types, up to the given length.
        let isKnown = unsafe (isLocal ? localtime_r(&time, &parts) : gmtime_r(&time, &parts)) != nil
        let length = isKnown ? unsafe strftime(&buffer, buffer.count, format, &parts) : 0
        guard length > 0 else { throw .unsupportedFormat(field) }
        let text = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return ParameterValue.string(text).fileName
    }
}
