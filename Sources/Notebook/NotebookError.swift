public import GalleyJSON

/// Says why a file cannot be run as a notebook, and which of its values is to blame.
public struct NotebookError: Error, Hashable, Sendable {
    /// The value, such as `cells[3].outputs[0].data`; empty for the whole file.
    public let path: String
    /// Where it stands in the file.
    public let position: Position?
    /// What is wrong with it.
    public let problem: Problem

    /// The facts of one refusal.
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// The file is not JSON.
        case notJSON(ParseError.Problem)
        /// A value is of the wrong kind.
        case wrongKind(expected: String, found: Value.Kind)
        /// An object lacks a member without which it means nothing.
        case missing(String)
        /// The file says that it is of a version that does not exist, or not yet.
        case unsupportedVersion(Int)
    }
}

/// Something that was wrong with a file and did not keep it from being a notebook.
public struct NotebookWarning: Hashable, Sendable {
    /// The value, such as `cells[3].metadata`; empty for the whole file.
    public let path: String
    /// What is the matter.
    public let problem: Problem

    /// The facts of one warning.
    @nonexhaustive
    public enum Problem: Hashable, Sendable {
        /// A member that the format requires was missing and has been added.
        case added(String)
        /// A value is not of the kind that the format wants, and does no harm; it was left as it is.
        case unexpected(found: String, expected: String)
        /// A cell had no identifier and was given one.
        case addedID(String)
        /// Two cells had the same identifier; the later one was given another.
        case replacedID(String, with: String)
        /// An identifier is not one by the rules of the format; it was left as it is.
        case invalidID(String)
        /// The file did not say which version of the format it is in, and was taken for this one.
        case assumedVersion(String)
        /// The file was of an older version and was upgraded.
        case upgraded(from: Int)
    }
}

extension NotebookError: CustomStringConvertible {
    /// One sentence: where, what, and what is meant to be there.
    public var description: String {
        let place = position.map { "line \($0.line), column \($0.column)" }
        switch problem {
        case .notJSON(let problem): return "not a notebook, because it is not JSON: \(place ?? "somewhere"): \(problem)"
        case .wrongKind(let expected, let found):
            return "\(named(place)) is \(found.phrase) where \(expected) was expected"
        case .missing(let key): return "\(named(place)) has no '\(key)'"
        case .unsupportedVersion(let major):
            return "\(named(place)) is \(major); notebooks of version 1 to 4 can be read. Save it as nbformat 4"
        }
    }

    private func named(_ place: String?) -> String {
        (path.isEmpty ? "the file" : path) + (place.map { " (\($0))" } ?? "")
    }
}

extension NotebookWarning: CustomStringConvertible {
    /// One sentence.
    public var description: String { path.isEmpty ? "\(problem)" : "\(path): \(problem)" }
}

extension NotebookWarning.Problem: CustomStringConvertible {
    /// The sentence without its place.
    public var description: String {
        switch self {
        case .added(let key): "'\(key)' was missing and has been added, empty"
        case .unexpected(let found, let expected): "it is \(found) where \(expected) was expected; it was left"
        case .addedID(let id): "the cell had no id and was given '\(id)'"
        case .replacedID(let old, let new): "the id '\(old)' stood on an earlier cell already; it is now '\(new)'"
        case .invalidID(let id):
            "'\(id)' is not an id by the format's rules (1 to 64 letters, digits, '-' or '_'); it was left"
        case .assumedVersion(let version): "the file does not say its whole version and was taken for \(version)"
        case .upgraded(let major): "the notebook was of version \(major) and has been upgraded to 4.5"
        }
    }
}

extension Value.Kind {
    /// What a person calls a value of the kind.
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
