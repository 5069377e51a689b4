/// A section of the files of the AWS tools: a profile, an SSO session, or the settings of services.
struct AWSProfile: Sendable {
    /// The value of a property, with the properties that are indented below it.
    struct Property: Sendable {
        var value: String
        var nested: [String: String] = [:]
    }

    let name: String
    /// The properties by name, in lowercase.
    var properties: [String: Property] = [:]

    /// The value of a property; nil if there is none, or an empty one.
    subscript(property: String) -> String? {
        (properties[property]?.value).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of a property that is indented below another one; nil if there is none, or an empty one.
    subscript(property: String, nested: String) -> String? {
        properties[property]?.nested[nested].flatMap { $0.isEmpty ? nil : $0 }
    }
}

// Properties may be secrets.
extension AWSProfile: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and the names of the properties.
    var description: String { "[\(name)] \(properties.keys.sorted().joined(separator: ", "))" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The profiles of the files `~/.aws/config` and `~/.aws/credentials`.
package struct AWSProfiles: Sendable {
    var profiles: [String: AWSProfile] = [:]
    var sessions: [String: AWSProfile] = [:]
    var services: [String: AWSProfile] = [:]
    /// The paths of the files that were looked at.
    var files: [String] = []
    /// The first of them that another user can change.
    private(set) var fileOfAnotherUser: String?

    /// Creates an empty list.
    init() {}

    /// Reads both files. A file that does not exist is like an empty one.
    ///
    /// - Throws: ``CredentialError/file(path:line:reason:)`` if a file cannot be read or understood.
    init(_ environment: AWSEnvironment) throws(CredentialError) {
        let config = environment["AWS_CONFIG_FILE"] ?? "~/.aws/config"
        let credentials = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials"
        files = [environment.path(config), environment.path(credentials)]
        var isOfAnotherUser = false
        let sections = try ProfileFile.sections(of: files[0], isConfig: true, isOfAnotherUser: &isOfAnotherUser)
        if isOfAnotherUser { fileOfAnotherUser = files[0] }
        // The other spelling of the default profile counts only where this one is missing.
        let hasPrefixedDefault = sections.contains { $0.kind == .profile && $0.name == "default" }
        for section in sections {
            switch section.kind {
            case .profile: Self.merge(section, into: &profiles)
            case .plainDefault: if !hasPrefixedDefault { Self.merge(section, into: &profiles) }
            case .session: Self.merge(section, into: &sessions)
            case .services: Self.merge(section, into: &services)
            }
        }
        // Of two values for one property, that in the file of credentials counts.
        let others = try ProfileFile.sections(of: files[1], isConfig: false, isOfAnotherUser: &isOfAnotherUser)
        if isOfAnotherUser { fileOfAnotherUser = fileOfAnotherUser ?? files[1] }
        for section in others { Self.merge(section, into: &profiles) }
    }

    private static func merge(_ section: ProfileFile.Section, into list: inout [String: AWSProfile]) {
        list[section.name, default: AWSProfile(name: section.name)].properties
            .merge(section.properties) { $1 }
    }
}
