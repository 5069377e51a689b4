package import GalleyHTTP

/// What the environment and the files of the AWS tools say about a store: `AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
/// `~/.aws/config` and others.
///
/// A variable counts more than a property of the profile, which `AWS_PROFILE` names. AWS has no variable for requests
/// without a signature; `AWS_NO_SIGN_REQUEST=1`, which other tools know, asks for them: a public bucket is read so.
package struct AWSConfiguration: Sendable {
    /// The region; nil if none is configured.
    package var region: String?
    /// The address of the store; nil for that of AWS.
    package var endpoint: String?
    /// Whether the bucket stands in the path, not in the host; nil if the endpoint decides.
    package var usesPathStyle: Bool?
    /// The file of the certificate authorities to trust, from `AWS_CA_BUNDLE` or the profile.
    package var certificates: String?
    /// The greatest number of attempts of a request.
    package var maximumAttempts = 3
    /// Whether requests are not signed.
    package var isAnonymous = false
    /// The environment variables.
    package var environment = AWSEnvironment([:])
    /// The name of the profile.
    package var profileName = "default"
    /// The profiles of the files.
    package var profiles = AWSProfiles()

    /// Creates a configuration that says nothing.
    package init() {}

    /// Reads the variables and the files.
    ///
    /// - Throws: ``CredentialError`` if a file cannot be understood, a value means nothing, or there is no profile with
    ///   the name in `AWS_PROFILE`.
    package init(environment variables: [String: String]) throws(CredentialError) {
        environment = AWSEnvironment(variables)
        profiles = try AWSProfiles(environment)
        let chosen = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"]
        profileName = chosen ?? "default"
        if let chosen, chosen != "default", profiles.profiles[chosen] == nil {
            throw .noProfile(name: chosen, files: profiles.files)
        }
        region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? profile["region"]
        if let region { try Self.check(region: region, "The region '\(region)'") }
        endpoint = try endpoint(of: "S3")
        usesPathStyle = try pathStyle()
        certificates = (environment["AWS_CA_BUNDLE"] ?? profile["ca_bundle"]).map(environment.path)
        maximumAttempts = try attempts()
        isAnonymous = environment.isTrue("AWS_NO_SIGN_REQUEST")
    }

    /// The profile; without properties if there is none.
    var profile: AWSProfile { profiles.profiles[profileName] ?? AWSProfile(name: profileName) }

    /// The settings for connections: proxies and certificates.
    package var connections: HTTPSettings {
        var settings = HTTPSettings(environment: environment.variables)
        if let certificates { settings.certificates = certificates }
        return settings
    }

    /// Returns the configured address of a service; nil for that of AWS.
    ///
    /// - Parameter service: The ID of the service as in variables, such as `S3`.
    /// - Throws: ``CredentialError/setting(name:reason:)`` if it is no URL.
    func endpoint(of service: String) throws(CredentialError) -> String? {
        let ignores =
            environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? profile["ignore_configured_endpoint_urls"] ?? ""
        if AWSEnvironment.isTrue(ignores) { return nil }
        let specific = "AWS_ENDPOINT_URL_" + service
        let section = try services()
        let candidates = [
            (specific, environment[specific]), ("AWS_ENDPOINT_URL", environment["AWS_ENDPOINT_URL"]),
            ("endpoint_url of \(service.lowercased())", section?[service.lowercased(), "endpoint_url"]),
            ("endpoint_url", profile["endpoint_url"]),
        ]
        guard case (let name, let url?)? = candidates.first(where: { $0.1 != nil }) else { return nil }
        do throws(HTTPError) { _ = try HTTPURL(parsing: url) } catch {
            throw .setting(name: name, reason: error.description.endingWithoutPeriod + ". Set it to a URL")
        }
        return url
    }

    /// Returns the section of the services that the profile names; nil if it names none.
    private func services() throws(CredentialError) -> AWSProfile? {
        guard let name = profile["services"] else { return nil }
        guard let section = profiles.services[name] else {
            throw .profile(name: profileName, reason: "there is no section [services \(name)] in \(configPath)")
        }
        return section
    }

    private func pathStyle() throws(CredentialError) -> Bool? {
        let style = try services()?["s3", "addressing_style"] ?? profile["s3", "addressing_style"]
        switch style?.lowercased() {
        case nil, "auto": return nil
        case "path": return true
        case "virtual": return false
        case let other?:
            throw .setting(name: "addressing_style", reason: "'\(other)' is none of auto, path and virtual")
        }
    }

    private func attempts() throws(CredentialError) -> Int {
        let variable = environment["AWS_MAX_ATTEMPTS"]
        guard let text = variable ?? profile["max_attempts"] else { return 3 }
        guard let number = Int(text), 1...100 ~= number else {
            throw .setting(
                name: variable == nil ? "max_attempts" : "AWS_MAX_ATTEMPTS",
                reason: "'\(text)' is no number from 1 to 100")
        }
        return number
    }

    /// The path of the file of settings.
    var configPath: String { profiles.files.first ?? "~/.aws/config" }

    /// Checks that a region can be a part of a host name.
    static func check(region: String, _ name: String) throws(CredentialError) {
        let isLabel = region.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isLabel, 1...63 ~= region.utf8.count, region.utf8.first != UInt8(ascii: "-") else {
            throw .setting(name: name, reason: "a region has letters, digits and hyphens, such as eu-west-1")
        }
    }

    /// Returns the domain of the services in a region.
    package static func domain(ofRegion region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}

// The profiles and variables may be secrets.
extension AWSConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The profile and the region.
    package var description: String { "profile \(profileName), region \(region ?? "none")" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension String {
    var endingWithoutPeriod: String { hasSuffix(".") ? String(dropLast()) : self }
}
