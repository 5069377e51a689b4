public import GalleyJSON

/// The reason why a file cannot be run as a notebook, and the invalid value.
public struct NotebookError: Error, Hashable, Sendable {
    /// The path of the value, such as `cells[3].outputs[0].data`; empty for the whole file.
    public let path: String
    /// The position of the value in the file.
    public let position: Position?
    /// The problem with the value.
    public let problem: Problem

    /// The problems that prevent reading a notebook.
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// The file is not JSON.
        case notJSON(ParseError.Problem)
        /// The file has another format than JSON, by which it was recognized.
        case otherFormat(FileFormat)
        /// A value has the wrong type.
        case wrongKind(expected: String, found: Value.Kind)
        /// An object lacks a required member.
        case missing(String)
        /// The file has an unknown format version.
        case unsupportedVersion(Int)
    }
}

/// A problem in a file that does not prevent reading it as a notebook.
public struct NotebookWarning: Hashable, Sendable {
    /// The path of the value, such as `cells[3].metadata`; empty for the whole file.
    public let path: String
    /// The problem with the value.
    public let problem: Problem

    /// The problems that cause a warning.
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// A member that the format requires was missing and was added.
        case added(String)
        /// A value has an unexpected type, but does no harm. It was left unchanged.
        case unexpected(found: String, expected: String)
        /// A cell had no ID and got one.
        case addedID(String)
        /// Two cells had the same ID. The later one got a new ID.
        case replacedID(String, with: String)
        /// An ID violates the rules of the format. It was left unchanged.
        case invalidID(String)
        /// The file did not specify its format version. This version was assumed.
        case assumedVersion(String)
        /// The file had an older format version and was upgraded.
        case upgraded(from: Int)
    }
}

extension NotebookError: CustomStringConvertible {
    /// One sentence with the position, the problem and the expected value.
    public var description: String {
        let place = position.map { "line \($0.line), column \($0.column)" }
        switch problem {
        case .notJSON(let problem):
            return "not a notebook, because it is not JSON: \(place ?? "unknown position"): \(problem)"
        case .otherFormat(.unresolvedMerge):
            let line = position.map { " (line \($0.line))" } ?? ""
            return "not a notebook, because it has conflict markers\(line): resolve the merge first"
        case .otherFormat(let format): return "not a notebook, but \(format)"
        case .wrongKind(let expected, let found):
            return "\(named(place)) is \(found.phrase) where \(expected) was expected"
        case .missing(let key): return "\(named(place)) has no '\(key)'"
        case .unsupportedVersion(let major):
            return "\(named(place)) is \(major), but only versions 1 to 4 can be read. Save the notebook as nbformat 4"
        }
    }

    private func named(_ place: String?) -> String {
        (path.isEmpty ? "the file" : path) + (place.map { " (\($0))" } ?? "")
    }
}

extension NotebookWarning: CustomStringConvertible {
    /// One sentence with the path and the problem.
    public var description: String { path.isEmpty ? "\(problem)" : "\(path): \(problem)" }
}

extension NotebookWarning.Problem: CustomStringConvertible {
    /// The sentence without the path.
    public var description: String {
        switch self {
        case .added(let key): "'\(key)' was missing; an empty value was added"
        case .unexpected(let found, let expected): "found \(found) where \(expected) was expected; left unchanged"
        case .addedID(let id): "the cell had no id; the new id is '\(id)'"
        case .replacedID(let old, let new): "the id '\(old)' is already used by an earlier cell; the new id is '\(new)'"
        case .invalidID(let id):
            "'\(id)' is not a valid id (1 to 64 letters, digits, '-' or '_'); left unchanged"
        case .assumedVersion(let version): "the file does not specify its full format version; assumed \(version)"
        case .upgraded(let major): "the notebook was upgraded from version \(major) to 4.5"
        }
    }
}

extension Value.Kind {
    /// The kind of value in words.
    var phrase: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
