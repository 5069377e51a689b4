import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys of a role for the token of another service.
struct WebIdentityTests: CredentialSuite {
    @Test func `A token of another service gives the keys of a role, and is read at each renewal`() async throws {
        let server = try await ScriptedServer(
            "[{\"method\": \"POST\", \"path\": \"/\", \"answers\": [\(try Self.tokenAnswer())]}]")
        let home = try AWSHome()
        try home.folder.write("token-1\n", to: "real")
        // The tokens of pods are behind links.
        try #require(runCommand("ln", "-s", home.folder("real"), home.folder("token")))
        let clock = TestClock()
        let chain = CredentialChain(
            try home.configuration([
                "AWS_ENDPOINT_URL_STS": server.url, "AWS_WEB_IDENTITY_TOKEN_FILE": home.folder("token"),
                "AWS_ROLE_ARN": "arn:r", "AWS_ROLE_SESSION_NAME": "s",
            ]), time: clock.time)
        let first = try #require(try await chain.credentials())
        #expect(first == Self.keys)
        try home.folder.write("token-2\n", to: "real")
        await chain.discard(first)
        _ = try await chain.credentials()
        let requests = try server.requests
        #expect(
            requests.map(\.body)
                == ["token-1", "token-2"].map {
                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Ar&RoleSessionName=s"
                        + "&WebIdentityToken=\($0)"
                })
        #expect(requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func `A profile may name the token of another service`() async throws {
        let server = try await ScriptedServer(
            "[{\"method\": \"POST\", \"path\": \"/\", \"answers\": [\(try Self.tokenAnswer())]}]")
        let home = try AWSHome(config: "[default]\nrole_arn = r\nweb_identity_token_file = ~/token\n")
        try home.folder.write("token-3", to: "token")
        #expect(try await find(home.variables(["AWS_ENDPOINT_URL_STS": server.url])) == Self.keys)
        #expect(try server.requests.first?.body.hasSuffix("WebIdentityToken=token-3") == true)
    }

    @Test func `A token that cannot be read, and a role that is not named, are errors`() async throws {
        let home = try AWSHome()
        let missing = try await failure(
            home.variables(["AWS_WEB_IDENTITY_TOKEN_FILE": home.folder("token"), "AWS_ROLE_ARN": "r"]))
        #expect("\(missing)".contains("AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read: No such file"))
        let unnamed = try await failure(home.variables(["AWS_WEB_IDENTITY_TOKEN_FILE": "/x"]))
        #expect("\(unnamed)".hasPrefix("AWS_ROLE_ARN is not valid"))
    }
}
