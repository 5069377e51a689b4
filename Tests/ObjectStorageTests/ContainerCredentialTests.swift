import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys from the service of a container.
struct ContainerCredentialTests: CredentialSuite {
    @Test func `A container asks the service of its address, with the token in the file`() async throws {
        let server = try await ScriptedServer(
            "[{\"path\": \"/creds\\\\?a=1\", \"answers\": [\(Self.keysAnswer)]}]")
        let home = try AWSHome()
        try home.folder.write("hush-file\n", to: "token")
        let variables = home.variables([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "creds?a=1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush-variable",
            "http_proxy": "http://127.0.0.1:1",
        ])
        #expect(try await find(variables) == Self.keys)
        let file = ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": home.folder("token")]
        #expect(try await find(variables.merging(file) { $1 }) == Self.keys)
        #expect(try server.requests.map { $0.headers["authorization"] } == ["hush-variable", "hush-file"])
    }

    @Test func `A relative address belongs to the service of the container`() async throws {
        let server = try await ScriptedServer("[{\"path\": \"/v2/x\", \"answers\": [\(Self.keysAnswer)]}]")
        let configuration = try AWSHome().configuration(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"])
        let container = ContainerCredentials(
            configuration: configuration,
            connections: CredentialConnections(configuration, time: TestClock().time),
            server: String(server.url.dropLast()))
        #expect(try await container.credentials() == Self.keys)
    }

    @Test(arguments: [
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"],
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/x"],
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://localhost/x"],
        ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@example.com/x"],
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush\nx"],
    ])
    func `An address of another machine without encryption is refused`(variables: [String: String]) async throws {
        let error = try await failure(try AWSHome().variables(variables))
        guard case .setting = error else { throw error }
    }

    @Test func `A container's service that fails is asked again, and a refusal is an error`() async throws {
        let server = try await ScriptedServer(
            """
            [{"path": "/a", "answers": [{"status": 500}, {"status": 503}, \(Self.keysAnswer)]},
             {"path": "/b", "answers": [{"status": 403, "json": {"code": "x", "message": "not hush-token\\n today"}}]},
             {"path": "/c", "answers": [{"body": "hush"}]}]
            """)
        let home = try AWSHome()
        func variables(_ path: String) -> [String: String] {
            home.variables([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + path,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush-token",
            ])
        }
        #expect(try await find(variables("a")) == Self.keys)
        let refusal = try await failure(variables("b"))
        #expect(refusal == .refused(.container, status: 403, message: "not … today"))
        #expect(try await failure(variables("c")) == .invalidAnswer(.container, reason: "it is no JSON object"))
        let nowhere = try await failure(
            home.variables(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"]))
        #expect(nowhere.isTransient)
    }
}
