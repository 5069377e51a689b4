import GalleyCLinux
import Glibc

/// The environment variables that the AWS tools read. An empty variable is like none.
package struct AWSEnvironment: Sendable {
    /// All variables.
    package let variables: [String: String]

    /// Keeps variables.
    package init(_ variables: [String: String]) { self.variables = variables }

    /// The value of a variable; nil if it is not set, or empty.
    package subscript(name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a variable says yes.
    package func isTrue(_ name: String) -> Bool { self[name].map(Self.isTrue) ?? false }

    static func isTrue(_ text: String) -> Bool { ["1", "true", "yes", "on"].contains(text.lowercased()) }

    /// The user's home folder, from `HOME` or else from the system's list of users; nil if neither knows it.
    var home: String? {
        if let home = self["HOME"] { return home }
        var (user, group) = (geteuid(), gid_t())
        var text = [CChar](repeating: 0, count: 1 << 14)
        // Safe because the array is passed with its own length.
        guard unsafe clinux_find_user(nil, &user, &group, &text, text.count) != 0 else { return nil }
        let parts = text.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(decoding: parts[1].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// Returns a path with the home folder in place of a tilde at its beginning.
    func path(_ text: String) -> String {
        guard text == "~" || text.hasPrefix("~/"), let home else { return text }
        return home + text.dropFirst()
    }
}

// Variables may be secrets.
extension AWSEnvironment: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The number of variables.
    package var description: String { "\(variables.count) variables" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
