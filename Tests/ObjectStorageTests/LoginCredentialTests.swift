import Foundation
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys for a user who has logged in.
struct LoginCredentialTests: CredentialSuite {
    /// A home with a login whose token is valid until a date.
    private func loggedIn(until date: String, session: Bool) throws -> AWSHome {
        let settings = "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
        let home = try AWSHome(
            config: "[profile p]\nsso_account_id = 12\nsso_role_name = r/1\n"
                + (session ? "sso_session = s\n[sso-session s]\n" : "") + settings)
        // The digests of "s" and of the URL.
        let name =
            session ? "a0f1490a20d0211c997b44bc357e1972deab8ae3" : "e8be5486177c5b5392bd9aa76563515b29358e6e"
        try FileManager.default.createDirectory(
            atPath: home.folder(".aws/sso/cache"), withIntermediateDirectories: true)
        try home.folder.write(
            #"{"accessToken": "hush-login", "expiresAt": "\#(date)"}"#, to: ".aws/sso/cache/\(name).json")
        return home
    }

    @Test(arguments: [true, false]) func `A login gives the keys of a role`(session: Bool) async throws {
        let server = try await ScriptedServer(
            """
            [{"path": "/federation/credentials\\\\?role_name=r%2F1&account_id=12",
              "header": ["x-amz-sso_bearer_token", "hush-login"], "answers": [{"json": {"roleCredentials":
              {"accessKeyId": "id", "secretAccessKey": "hush-secret", "sessionToken": "hush-token",
               "expiration": \(Self.expirationSeconds)999}}}]}]
            """)
        let home = try loggedIn(until: Self.expiration, session: session)
        let variables = home.variables(["AWS_PROFILE": "p", "AWS_ENDPOINT_URL_SSO": server.url])
        #expect(try await find(variables) == Self.keys)
    }

    @Test func `A login that is expired, missing or refused says what to run`() async throws {
        let server = try await ScriptedServer(
            #"[{"path": "/federation/credentials.*", "answers": [{"status": 401, "json": {"message": "no"}}]}]"#)
        let more = ["AWS_PROFILE": "p", "AWS_ENDPOINT_URL_SSO": server.url]
        let oldHome = try loggedIn(until: "2026-12-31T00:00:00Z", session: true)
        let old = try await failure(oldHome.variables(more))
        #expect("\(old)" == "The login for the profile 'p' is expired. Run aws sso login --profile p")
        let home = try loggedIn(until: Self.expiration, session: true)
        #expect("\(try await failure(home.variables(more)))".hasSuffix("Run aws sso login --profile p"))
        try FileManager.default.removeItem(atPath: home.folder(".aws"))
        #expect("\(try await failure(home.variables(more)))".hasSuffix("Run aws sso login --profile p"))
    }

    @Test func `The token of a session is renewed before it expires, and kept for all tools`() async throws {
        let server = try await ScriptedServer(
            """
            [{"method": "POST", "path": "/token", "answers": [{"status": 500}, {"json": {"accessToken": "hush-new",
              "expiresIn": 3600, "refreshToken": "hush-next"}}]},
             {"path": "/federation/credentials.*", "answers": [{"json": {"roleCredentials":
              {"accessKeyId": "id", "secretAccessKey": "hush-secret", "sessionToken": "hush-token",
               "expiration": \(Self.expirationSeconds)000}}}]}]
            """)
        // The token is valid for ten more minutes.
        let home = try loggedIn(until: "2027-01-15T08:10:00Z", session: true)
        let path = try #require(
            FileManager.default.contentsOfDirectory(atPath: home.folder(".aws/sso/cache")).first)
        let file = ".aws/sso/cache/\(path)"
        try home.folder.write(
            #"{"accessToken": "hush-login", "expiresAt": "2027-01-15T08:10:00Z", "clientId": "c", "#
                + #""clientSecret": "hush-client", "refreshToken": "hush-refresh", "startUrl": "kept"}"#, to: file)
        let variables = home.variables([
            "AWS_PROFILE": "p", "AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url,
        ])
        // A renewal that fails does no harm while the token is valid.
        #expect(try await find(variables) == Self.keys)
        #expect(try home.folder.text(file).contains("hush-login"))
        #expect(try await find(variables) == Self.keys)
        let kept = try JSONSerialization.jsonObject(with: Data(try home.folder.text(file).utf8)) as? [String: String]
        #expect(
            kept == [
                "accessToken": "hush-new", "expiresAt": "2027-01-15T09:00:00Z", "clientId": "c",
                "clientSecret": "hush-client", "refreshToken": "hush-next", "startUrl": "kept",
            ])
        let mode = try FileManager.default.attributesOfItem(atPath: home.folder(file))[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(
            try server.requests.filter { $0.method == "GET" }.map { $0.headers["x-amz-sso_bearer_token"] }
                == ["hush-login", "hush-new"])
        // The new token is valid for an hour.
        #expect(try await find(variables) == Self.keys)
        #expect(try server.requests.filter { $0.method == "POST" }.count == 2)
    }

    @Test func `A session that is over says what to run`() async throws {
        let server = try await ScriptedServer(
            #"[{"method": "POST", "path": "/token", "answers": [{"status": 400, "json": {"error": "invalid_grant"}}]}]"#
        )
        let home = try loggedIn(until: "2027-01-15T07:00:00Z", session: true)
        let path = try #require(
            FileManager.default.contentsOfDirectory(atPath: home.folder(".aws/sso/cache")).first)
        try home.folder.write(
            #"{"accessToken": "hush-login", "expiresAt": "2027-01-15T07:00:00Z", "clientId": "c", "#
                + #""clientSecret": "hush-client", "refreshToken": "hush-refresh"}"#, to: ".aws/sso/cache/\(path)")
        let error = try await failure(
            home.variables(["AWS_PROFILE": "p", "AWS_ENDPOINT_URL_SSO_OIDC": server.url]))
        #expect("\(error)" == "The login for the profile 'p' is expired. Run aws sso login --profile p")
    }
}
