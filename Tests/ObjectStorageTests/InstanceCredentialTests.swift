import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys from the metadata service of an instance.
struct InstanceCredentialTests: CredentialSuite {
    private static let base = "/latest/meta-data/iam/security-credentials/"

    private func instance(_ server: ScriptedServer) throws -> [String: String] {
        try AWSHome().variables([
            "AWS_EC2_METADATA_DISABLED": "", "AWS_METADATA_SERVICE_TIMEOUT": "60",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
            "http_proxy": "http://127.0.0.1:1",
        ])
    }

    @Test func `An instance asks for the keys of its role with a token, and never without one`() async throws {
        let server = try await ScriptedServer(
            """
            [{"method": "PUT", "path": "/latest/api/token", "answers": [{"status": 500}, {"body": "hush-imds"}]},
             {"path": "\(Self.base)", "header": ["X-aws-ec2-metadata-token", "hush-imds"],
              "answers": [{"body": "my role\\n"}]},
             {"path": "\(Self.base)my%20role", "header": ["X-aws-ec2-metadata-token", "hush-imds"],
              "answers": [\(Self.keysAnswer)]}]
            """)
        #expect(try await find(try instance(server)) == Self.keys)
        let requests = try server.requests
        #expect(requests.map(\.method) == ["PUT", "PUT", "GET", "GET"])
        #expect(requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
    }

    @Test(arguments: [
        ("[]", "the instance has no role"),
        (
            #"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"status": 403}]}]"#,
            "the instance has no role"
        ),
        (#"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]}]"#, "the instance has no role"),
        (
            #"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},"#
                + #"{"path": "\#(base)", "answers": [{"status": 401}]}]"#, "refuses to give keys (status 401)"
        ),
        (
            #"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},"#
                + #"{"path": "\#(base).*", "answers": [{"body": "r"}, {"json": {"Code": "Failed", "#
                + #""Message": "no trust"}}]}]"#, "no trust"
        ),
        (
            #"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},"#
                + #"{"path": "\#(base).*", "answers": [{"body": "r"}, {"body": "<hush>"}]}]"#, "it is no JSON object"
        ),
        (
            #"[{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},"#
                + #"{"path": "\#(base).*", "answers": [{"body": "r"}, {"json": {"AccessKeyId": "x"}}]}]"#,
            "no AccessKeyId or no SecretAccessKey"
        ),
    ])
    func `An instance without keys is an error that says why`(rules: String, part: String) async throws {
        let server = try await ScriptedServer(rules)
        let error = try await failure(try instance(server))
        #expect(!(try server.requests.isEmpty))
        #expect("\(error)".contains(part), "\(error)")
    }

    @Test func `A machine without a metadata service has no credentials`() async throws {
        let error = try await failure(
            try AWSHome().variables([
                "AWS_EC2_METADATA_DISABLED": "", "AWS_METADATA_SERVICE_TIMEOUT": "60",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1",
            ]))
        guard case .noCredentials(let reasons, .refused) = error else { throw error }
        #expect(reasons.last == "no metadata service of an instance")
        #expect(!error.isTransient)
    }

    @Test func `A role may use the keys of the instance`() async throws {
        let server = try await ScriptedServer(
            """
            [{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},
             {"path": "\(Self.base)", "answers": [{"body": "r"}]},
             {"path": "\(Self.base)r", "answers": [\(Self.keysAnswer)]},
             {"method": "POST", "path": "/", "answers": [\(try Self.tokenAnswer(id: "assumed"))]}]
            """)
        let home = try AWSHome(config: "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n")
        let found = try await find(
            home.variables([
                "AWS_EC2_METADATA_DISABLED": "", "AWS_METADATA_SERVICE_TIMEOUT": "60",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
                "AWS_ENDPOINT_URL_STS": server.url,
            ]))
        #expect(found?.accessKeyID == "assumed")
    }

    /// The answer of a service that gives keys until a date, as a text of JSON.
    private static func answer(id: String, until date: String) -> String {
        #"{"json": {"Code": "Success", "AccessKeyId": "\#(id)", "SecretAccessKey": "hush", "Token": "hush", "#
            + #""Expiration": "\#(date)"}}"#
    }

    private func server(_ answers: String...) async throws -> ScriptedServer {
        try await ScriptedServer(
            """
            [{"method": "PUT", "path": "/latest/api/token", "answers": [{"body": "t"}]},
             {"path": "\(Self.base)", "answers": [{"body": "r"}]},
             {"path": "\(Self.base)r", "answers": [\(answers.joined(separator: ","))]}]
            """)
    }

    private func count(_ server: ScriptedServer) throws -> Int {
        try server.requests.filter { $0.path == Self.base + "r" }.count
    }

    @Test(arguments: ["2027-01-15T07:00:00Z", "2027-01-15T08:00:59Z", "1970-01-01T00:00:00Z"])
    func `Keys that the service gives though they are expired are used, and renewed some minutes later`(
        date: String
    ) async throws {
        let server = try await server(
            Self.answer(id: "old", until: date), Self.answer(id: "old", until: date),
            Self.answer(id: "new", until: Self.expiration))
        let clock = TestClock()
        let chain = CredentialChain(try AWSConfiguration(environment: try instance(server)), time: clock.time)
        for _ in 0..<2 {
            #expect(try await chain.credentials()?.accessKeyID == "old")
            let asked = try count(server)
            clock.advance(299)
            #expect(try await chain.credentials()?.accessKeyID == "old")
            #expect(try count(server) == asked)
            clock.advance(301)
        }
        #expect(try await chain.credentials()?.accessKeyID == "new")
        #expect(try count(server) == 3)
    }

    @Test func `Keys that are valid for some minutes keep their date`() async throws {
        let server = try await server(Self.answer(id: "id", until: "2027-01-15T08:02:00Z"))
        #expect(try await find(try instance(server))?.expiration == 1_800_000_120)
    }

    @Test func `Expired keys that a store refuses are asked for once more, and are then an error`() async throws {
        let server = try await server(Self.answer(id: "old", until: "2027-01-15T07:00:00Z"))
        let chain = CredentialChain(try AWSConfiguration(environment: try instance(server)), time: TestClock().time)
        let first = try #require(try await chain.credentials())
        await chain.discard(first)
        #expect(try await chain.credentials() == first)
        #expect(try count(server) == 2)
    }
}
