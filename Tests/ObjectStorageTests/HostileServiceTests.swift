import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Services of keys that answer with redirects, or without an end.
struct HostileServiceTests: CredentialSuite {
    /// The ways to ask a service at an address for keys.
    enum Service: String, CaseIterable, Sendable { case container, instance, login, role }

    /// The variables of a user whose keys come from a service at a URL.
    private func variables(_ service: Service, _ url: String) throws -> (home: AWSHome, variables: [String: String]) {
        let home: AWSHome
        var more: [String: String] = [:]
        switch service {
        case .container:
            home = try AWSHome()
            more = [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush-token",
            ]
        case .instance:
            home = try AWSHome()
            more = [
                "AWS_EC2_METADATA_DISABLED": "", "AWS_METADATA_SERVICE_TIMEOUT": "60",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
            ]
        case .login:
            home = try AWSHome(
                config: "[default]\nsso_account_id = 12\nsso_role_name = r\nsso_session = s\n[sso-session s]\n"
                    + "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n")
            try FileManager.default.createDirectory(
                atPath: home.folder(".aws/sso/cache"), withIntermediateDirectories: true)
            // The name is the digest of "s".
            try home.folder.write(
                #"{"accessToken": "hush-login", "expiresAt": "\#(Self.expiration)"}"#,
                to: ".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json")
            more = ["AWS_ENDPOINT_URL_SSO": url]
        case .role:
            home = try AWSHome(config: "[default]\nrole_arn = r\nweb_identity_token_file = ~/token\n")
            try home.folder.write("hush-token", to: "token")
            more = ["AWS_ENDPOINT_URL_STS": url]
        }
        return (home, home.variables(more))
    }

    private func rules(_ answer: [String: Any]) throws -> String {
        let list = ["GET", "PUT", "POST"].map { ["method": $0, "path": ".*", "answers": [answer]] as [String: Any] }
        return String(decoding: try JSONSerialization.data(withJSONObject: list), as: UTF8.self)
    }

    @Test(arguments: Service.allCases, [301, 302, 307, 308])
    func `A redirect to another host is not followed`(service: Service, status: Int) async throws {
        let other = try await ScriptedServer(try rules(["body": "hush"]))
        let server = try await ScriptedServer(
            try rules(["status": status, "headers": [["Location", other.url]], "body": ""]))
        let (home, variables) = try variables(service, server.url)
        let error = try await failure(variables)
        #expect(!"\(error)".contains(other.url), "\(error)")
        #expect(try !server.requests.isEmpty && other.requests.isEmpty)
        withExtendedLifetime(home) {}
    }

    @Test(
        arguments: Service.allCases,
        ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 400 No\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nA: "])
    func `An answer without an end is an error`(service: Service, start: String) async throws {
        let server = try await ScriptedServer(try rules(["raw": start, "repeated": "hush"]))
        let (home, variables) = try variables(service, server.url)
        let error = try await failure(variables)
        switch error {
        case .unreachable, .noCredentials(_, .some): break
        default: Issue.record("\(error)")
        }
        withExtendedLifetime(home) {}
    }
}
