import Glibc

/// The keys of a profile: its own, those of a role, a program or a login.
struct ProfileCredentials: Sendable {
    let configuration: AWSConfiguration
    let connections: CredentialConnections
    let sources: CredentialSources

    private static let programPatience = Duration.seconds(60)

    /// Returns the keys of a profile; nil if it names no source of keys.
    ///
    /// - Parameter users: The profiles of roles that need these keys, the first one first.
    /// - Throws: ``CredentialError`` if the source gives none, or is not named completely.
    func credentials(of name: String, for users: [String] = []) async throws(CredentialError) -> AWSCredentials? {
        guard let profile = configuration.profiles.profiles[name] else {
            guard let user = users.last else { return nil }
            throw .profile(
                name: user,
                reason: "there is no profile '\(name)', which its source_profile names, in "
                    + configuration.profiles.files.joined(separator: " or "))
        }
        // The keys that a source of a role contains count more than its own role.
        if !users.isEmpty, let keys = try Self.keys(in: profile) { return keys }
        if let arn = profile["role_arn"] {
            return try await credentials(ofRole: try role(arn, profile), profile, users)
        }
        if SingleSignOn.isUsed(by: profile) {
            return try await SingleSignOn(configuration: configuration, connections: connections)
                .credentials(of: profile)
        }
        return try await ownCredentials(of: profile)
    }

    /// Returns the keys that a profile contains, or those of its program; nil if it has neither.
    private func ownCredentials(of profile: AWSProfile) async throws(CredentialError) -> AWSCredentials? {
        if let keys = try Self.keys(in: profile) { return keys }
        if let command = profile["credential_process"] {
            return try await credentials(from: command, of: profile.name)
        }
        if profile["login_session"] != nil {
            throw .profile(
                name: profile.name,
                reason: "this program does not read the sessions of aws login. Add a profile with "
                    + "credential_process = aws configure export-credentials --profile \(profile.name) "
                    + "--format process, and name it in AWS_PROFILE")
        }
        return nil
    }

    /// Returns the keys that a profile contains; nil if it has none.
    static func keys(in profile: AWSProfile) throws(CredentialError) -> AWSCredentials? {
        let (id, secret) = (profile["aws_access_key_id"], profile["aws_secret_access_key"])
        if id == nil, secret == nil { return nil }
        guard let id, let secret else {
            throw .profile(
                name: profile.name,
                reason: "\(id == nil ? "aws_access_key_id" : "aws_secret_access_key") is missing. Add it")
        }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret,
            sessionToken: profile["aws_session_token"] ?? profile["aws_security_token"])
    }

    // MARK: Roles

    private func role(_ arn: String, _ profile: AWSProfile) throws(CredentialError) -> SecurityTokens.Role {
        if profile["mfa_serial"] != nil {
            throw .profile(
                name: profile.name,
                reason: "its role needs a code of a device (mfa_serial), and a run cannot ask for one. Put temporary "
                    + "keys into the environment: aws configure export-credentials --profile \(profile.name) "
                    + "--format env")
        }
        var duration: Int?
        if let text = profile["duration_seconds"] {
            guard let number = Int(text), 900...43_200 ~= number else {
                throw .profile(
                    name: profile.name, reason: "duration_seconds is '\(text)', and no number from 900 to 43200")
            }
            duration = number
        }
        return SecurityTokens.Role(
            arn: arn, session: profile["role_session_name"], externalID: profile["external_id"], duration: duration)
    }

    private func credentials(
        ofRole role: SecurityTokens.Role, _ profile: AWSProfile, _ users: [String]
    ) async throws(CredentialError) -> AWSCredentials {
        let service = SecurityTokens(configuration: configuration, connections: connections)
        if let path = profile["web_identity_token_file"] {
            try checkTrust(in: profile.name)
            let token = try TokenFile.token(configuration.environment.path(path), variable: "web_identity_token_file")
            return try await service.assume(role, withWebIdentity: token)
        }
        return try await service.assume(role, with: try await sourceCredentials(of: profile, users))
    }

    /// Returns the keys with which the role of a profile is assumed.
    private func sourceCredentials(
        of profile: AWSProfile, _ users: [String]
    ) async throws(CredentialError) -> AWSCredentials {
        func failure(_ reason: String) -> CredentialError { .profile(name: profile.name, reason: reason) }
        let path = users + [profile.name]
        switch (profile["source_profile"], profile["credential_source"]) {
        case (nil, nil), (.some, .some):
            throw failure("it has a role_arn, and needs source_profile or credential_source, one of both")
        case (let source?, nil):
            // A profile may be its own source, with the keys that it contains.
            if source == profile.name {
                if let keys = try await ownCredentials(of: profile) { return keys }
                throw failure("its source_profile is itself, and it contains no keys")
            }
            guard !path.contains(source) else {
                throw failure("its roles lead in a circle: \((path + [source]).joined(separator: " → "))")
            }
            if let keys = try await credentials(of: source, for: path) { return keys }
            throw failure("its source_profile '\(source)' has no keys")
        case (nil, let source?):
            if let keys = try await sources.credentials(named: source, for: profile.name) { return keys }
            throw failure("its credential_source \(source) has no keys")
        }
    }

    /// Checks that no other user can make root start a program, or send a file to a service.
    private func checkTrust(in profile: String) throws(CredentialError) {
        guard geteuid() == 0, let file = configuration.profiles.fileOfAnotherUser else { return }
        throw .profile(
            name: profile,
            reason:
                "root neither starts the programs nor reads the tokens that \(file) names, because another user can "
                + "change it. Run as that user")
    }

    // MARK: Programs

    private func credentials(
        from command: String, of profile: String
    ) async throws(CredentialError) -> AWSCredentials {
        guard let words = CommandWords.split(command), !words.isEmpty else {
            throw .program(profile: profile, reason: "a quote of the command has no end")
        }
        try checkTrust(in: profile)
        let result: ProgramOutput
        do throws(ProgramOutput.Failure) {
            result = try await ProgramOutput.run(
                words, environment: configuration.environment.variables, within: Self.programPatience)
        } catch {
            switch error {
            case .canceled: throw .canceled
            case .notFound(let name): throw .program(profile: profile, reason: "there is no program '\(name)'")
            case .notStarted(let reason): throw .program(profile: profile, reason: "it cannot be started: \(reason)")
            case .timedOut:
                throw .program(
                    profile: profile, reason: "it did not end within \(Self.programPatience.components.seconds) s")
            case .tooLong: throw .program(profile: profile, reason: "it printed too much")
            }
        }
        guard result.status == 0 else {
            let lines = String(decoding: result.errors, as: UTF8.self).split(whereSeparator: \.isNewline)
            let secrets = configuration.environment.secrets
            let last = lines.last.flatMap { AnswerText.line(String($0), hiding: secrets) }
            throw .program(
                profile: profile, reason: "it ended with status \(result.status)\(last.map { ": \($0)" } ?? "")")
        }
        guard let document = KeyDocument(result.output) else {
            throw .program(profile: profile, reason: "it did not print a JSON object")
        }
        guard document.number("Version") == 1 else {
            throw .program(profile: profile, reason: "the Version of its answer is not 1")
        }
        do throws(KeyDocument.Failure) { return try document.credentials(token: "SessionToken") } catch {
            throw .program(profile: profile, reason: "its answer is not valid: \(error.reason)")
        }
    }
}

extension AWSEnvironment {
    /// The values of variables that are secrets.
    var secrets: [String] {
        let names = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        return names.compactMap { self[$0] }
    }
}
