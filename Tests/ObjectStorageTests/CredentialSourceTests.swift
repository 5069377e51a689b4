import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// The sources of keys, against servers that answer as a test says.
struct CredentialSourceTests {
    static let expiration = "2027-02-01T00:00:00Z"
    /// The seconds of `expiration`.
    static let expirationSeconds = 1_801_440_000

    /// The answer of a service that gives keys in JSON.
    private static let keysAnswer =
        #"{"json": {"Code": "Success", "AccessKeyId": "id", "SecretAccessKey": "hush-secret", "Token": "hush-token", "#
        + #""Expiration": "\#(expiration)"}}"#

    private static let keys = AWSCredentials(
        accessKeyID: "id", secretAccessKey: "hush-secret", sessionToken: "hush-token", expiration: expirationSeconds)

    /// The answer of STS, as a text of JSON.
    private static func tokenAnswer(id: String = "id") throws -> String {
        let body = """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>hush-secret</SecretAccessKey>
            <SessionToken>hush-token</SessionToken><Expiration>\(expiration)</Expiration>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>
            """
        return String(
            decoding: try JSONSerialization.data(withJSONObject: ["body": body]), as: UTF8.self)
    }

    private func find(_ environment: [String: String], clock: TestClock = TestClock()) async throws -> AWSCredentials? {
        try await CredentialChain(try AWSConfiguration(environment: environment), time: clock.time).credentials()
    }

    /// The error of looking for keys. Checks that it contains no secret.
    private func failure(_ environment: [String: String]) async throws -> CredentialError {
        let error = try #require(await #expect(throws: CredentialError.self) { try await find(environment) })
        var dumped = "\(error) \(String(reflecting: error))"
        dump(error, to: &dumped)
        #expect(!dumped.contains("hush"), "\(error)")
        return error
    }

    @Test func `No description of keys, documents and outputs contains a secret`() async throws {
        var dumped = ""
        let output = try await ProgramOutput.run(
            ["/bin/sh", "-c", "echo hush"], environment: [:], within: .seconds(900))
        #expect(output.output == Array("hush\n".utf8))
        dump(output, to: &dumped)
        dump(try #require(KeyDocument(Array(#"{"SecretAccessKey": "hush"}"#.utf8))), to: &dumped)
        dump(Self.keys, to: &dumped)
        dump(try AWSHome().configuration(["AWS_SECRET_ACCESS_KEY": "hush"]), to: &dumped)
        dumped += "\(output) \(Self.keys) \(String(reflecting: Self.keys)) \(String(describing: [Self.keys]))"
        #expect(!dumped.contains("hush"))
    }

    // MARK: Variables

    @Test func `Variables contain keys, and count more than all else`() async throws {
        let home = try AWSHome(credentials: "[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
        let variables = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush"]
        #expect(
            try await find(home.variables(variables)) == AWSCredentials(accessKeyID: "id", secretAccessKey: "hush"))
        let more = variables.merging(
            ["AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": Self.expiration]) { $1 }
        #expect(
            try await find(home.variables(more))
                == AWSCredentials(
                    accessKeyID: "id", secretAccessKey: "hush", sessionToken: "t", expiration: Self.expirationSeconds))
    }

    @Test(arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    func `One variable of two is an error that names the other`(name: String) async throws {
        let other = name == "AWS_ACCESS_KEY_ID" ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"
        let error = try await failure(try AWSHome().variables([name: "hush"]))
        #expect(error == .setting(name: other, reason: "it is not set, but \(name) is. Set both"))
    }

    @Test func `Without any source the error says what to set`() async throws {
        let error = try await failure(try AWSHome().variables())
        #expect(
            "\(error)"
                == "There are no credentials for the store (no variables; no keys in the profile 'default'; no "
                + "container; AWS_EC2_METADATA_DISABLED is set). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                + "AWS_PROFILE, or give the machine a role; for a public bucket, set AWS_NO_SIGN_REQUEST=1")
    }

    // MARK: Profiles

    @Test func `A profile contains keys`() async throws {
        let home = try AWSHome(
            config: "[profile b]\nregion = a-1\n",
            credentials: "[a]\naws_access_key_id = 1\naws_secret_access_key = x\n[b]\naws_access_key_id = 2\n"
                + "aws_secret_access_key = y\naws_session_token = z\n")
        #expect(
            try await find(home.variables(["AWS_PROFILE": "a"]))
                == AWSCredentials(accessKeyID: "1", secretAccessKey: "x"))
        #expect(
            try await find(home.variables(["AWS_PROFILE": "b"]))
                == AWSCredentials(accessKeyID: "2", secretAccessKey: "y", sessionToken: "z"))
    }

    @Test(arguments: [
        ("aws_secret_access_key = hush", "aws_access_key_id is missing"),
        ("role_arn = r", "needs source_profile or credential_source"),
        ("role_arn = r\nsource_profile = keys\ncredential_source = Environment", "one of both"),
        ("role_arn = r\nsource_profile = none", "there is no profile 'none'"),
        ("role_arn = r\nsource_profile = empty", "its source_profile 'empty' has no keys"),
        ("role_arn = r\nsource_profile = default", "its source_profile is itself"),
        ("role_arn = r\nsource_profile = loop", "lead in a circle: default → loop → default"),
        ("role_arn = r\ncredential_source = Moon", "'Moon' is none of"),
        ("role_arn = r\ncredential_source = EcsContainer", "its credential_source EcsContainer has no keys"),
        ("role_arn = r\nsource_profile = keys\nmfa_serial = m", "a code of a device"),
        ("role_arn = r\nsource_profile = keys\nduration_seconds = 10", "duration_seconds is '10'"),
        ("login_session = x", "does not read the sessions of aws login"),
        ("sso_session = none\nsso_account_id = 1\nsso_role_name = r", "there is no section [sso-session none]"),
        ("sso_start_url = u\nsso_account_id = 1\nsso_region = a-1", "sso_role_name is missing"),
        ("credential_process = 'x", "a quote of the command has no end"),
        ("credential_process = galley-no-such-program", "there is no program 'galley-no-such-program'"),
    ])
    func `A profile that names no source completely is an error`(text: String, part: String) async throws {
        let home = try AWSHome(
            config: "[default]\n\(text)\n[profile loop]\nrole_arn = r2\nsource_profile = default\n[profile empty]\n",
            credentials: "[keys]\naws_access_key_id = id\naws_secret_access_key = hush\n")
        let error = try await failure(home.variables(["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"]))
        #expect("\(error)".contains(part), "\(error)")
        #expect("\(error)".contains("default"), "\(error)")
        #expect(!error.isTransient)
    }

    @Test func `The keys of a role are asked for with the keys of its source, through a chain of roles`() async throws {
        let server = try await ScriptedServer(
            """
            [{"method": "POST", "path": "/",
              "answers": [\(try Self.tokenAnswer(id: "middle")), \(try Self.tokenAnswer())]}]
            """)
        let home = try AWSHome(
            config: """
                [profile last]
                role_arn = arn:aws:iam::1:role/last
                source_profile = middle
                external_id = e&1
                role_session_name = me
                duration_seconds = 1800
                [profile middle]
                role_arn = arn:aws:iam::1:role/middle
                source_profile = first
                """,
            credentials: "[first]\naws_access_key_id = first\naws_secret_access_key = hush\n")
        let found = try await find(
            home.variables([
                "AWS_PROFILE": "last", "AWS_ENDPOINT_URL_STS": server.url, "AWS_REGION": "eu-west-1",
            ]))
        #expect(found == Self.keys)
        let requests = try server.requests
        try #require(requests.count == 2)
        #expect(
            requests[0].body
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fmiddle"
                + "&RoleSessionName=galley-1800000000")
        #expect(
            requests[0].headers["authorization"]?.contains("Credential=first/20270115/eu-west-1/sts/aws4_request")
                == true)
        #expect(requests[1].body.hasSuffix("&RoleSessionName=me&DurationSeconds=1800&ExternalId=e%261"))
        #expect(requests[1].headers["authorization"]?.contains("Credential=middle/") == true)
        #expect(requests[1].headers["x-amz-security-token"] == "hush-token")
    }

    @Test func `The keys that a source of a role contains count more than its own role`() async throws {
        let server = try await ScriptedServer(
            #"[{"method": "POST", "path": "/", "answers": [\#(try Self.tokenAnswer())]}]"#)
        let home = try AWSHome(
            config: "[profile a]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = b\nsource_profile = a\n",
            credentials: "[b]\naws_access_key_id = first\naws_secret_access_key = hush\n")
        let found = try await find(home.variables(["AWS_PROFILE": "a", "AWS_ENDPOINT_URL_STS": server.url]))
        #expect(found == Self.keys)
        #expect(try server.requests.map { $0.headers["authorization"]?.contains("Credential=first/") } == [true])
    }

    @Test func `A profile may be its own source, and a role may use the keys of the environment`() async throws {
        let server = try await ScriptedServer(
            "[{\"method\": \"POST\", \"path\": \"/\", \"answers\": [\(try Self.tokenAnswer())]}]")
        let home = try AWSHome(
            config: "[default]\nrole_arn = r\nsource_profile = default\naws_access_key_id = own\n"
                + "aws_secret_access_key = hush\n[profile e]\nrole_arn = r\ncredential_source = Environment\n")
        let variables = home.variables(["AWS_ENDPOINT_URL_STS": server.url])
        #expect(try await find(variables) == Self.keys)
        #expect(try server.requests[0].headers["authorization"]?.contains("Credential=own/") == true)
        // Keys in the environment count more than the profile, so this asks the source alone.
        let configuration = try AWSConfiguration(
            environment: variables.merging(["AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "hush"]) { $1 })
        let connections = CredentialConnections(configuration, time: TestClock().time)
        let sources = CredentialSources(configuration: configuration, connections: connections)
        let profiles = ProfileCredentials(configuration: configuration, connections: connections, sources: sources)
        #expect(try await profiles.credentials(of: "e") == Self.keys)
        #expect(try server.requests[1].headers["authorization"]?.contains("Credential=env/") == true)
    }

    @Test func `The error of a refusal by the token service has no secrets`() async throws {
        let body =
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User hush-secret may not\n"
            + "assume</Message></Error></ErrorResponse>"
        let rules = try JSONSerialization.data(withJSONObject: [
            ["method": "POST", "path": "/", "answers": [["status": 403, "body": body]]]
        ])
        let server = try await ScriptedServer(String(decoding: rules, as: UTF8.self))
        let home = try AWSHome(
            config: "[default]\nrole_arn = r\nsource_profile = k\n",
            credentials: "[k]\naws_access_key_id = id\naws_secret_access_key = hush-secret\n")
        let error = try await failure(home.variables(["AWS_ENDPOINT_URL_STS": server.url]))
        #expect(
            "\(error)"
                == "The AWS security token service refuses to give keys (status 403): AccessDenied: User … may not "
                + "assume. Check role_arn, the permissions of the role and AWS_REGION")
    }

    @Test(arguments: ["{}", "<html><body>hush</body></html>", "<AssumeRoleResponse/>", ""])
    func `An answer of the token service without keys is an error`(body: String) async throws {
        let rules = try JSONSerialization.data(withJSONObject: [
            ["method": "POST", "path": "/", "answers": [["body": body]]]
        ])
        let server = try await ScriptedServer(String(decoding: rules, as: UTF8.self))
        let home = try AWSHome()
        try home.folder.write("hush-token", to: "token")
        let error = try await failure(
            home.variables([
                "AWS_ENDPOINT_URL_STS": server.url, "AWS_WEB_IDENTITY_TOKEN_FILE": home.folder("token"),
                "AWS_ROLE_ARN": "r",
            ]))
        guard case .invalidAnswer(.securityTokens, _) = error else { throw error }
    }

    // MARK: Web identity

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

    // MARK: Containers

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

    // MARK: Instances

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

    // MARK: Logins

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

    // MARK: Programs

    @Test func `A program prints keys`() async throws {
        let home = try AWSHome()
        // A shell reads the file, since a new file cannot be executed while another test starts a process.
        try home.folder.write(
            """
            [ "$#" = 2 ] && [ "$1" = 'a "b' ] && [ "$2" = c ] && [ "$SEEN" = yes ] || exit 9
            cat # The input is empty.
            echo '{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "hush-secret",'
            echo '"SessionToken": "hush-token", "Expiration": "\(Self.expiration)"}'
            """, to: "my keys")
        try home.folder.write(
            "[default]\ncredential_process = sh '\(home.folder("my keys"))' \"a \\\"b\" c\n", to: "config")
        #expect(try await find(home.variables(["SEEN": "yes"])) == Self.keys)
    }

    @Test(arguments: [
        ("sh -c 'echo hush; echo one >&2; printf \"two\\tthree\\033[0m\\n\" >&2; exit 3'", "status 3: two three [0m"),
        ("sh -c 'echo $AWS_CONTAINER_AUTHORIZATION_TOKEN >&2; exit 3'", "status 3: …"),
        ("sh -c 'kill -9 $$'", "status 137"), ("echo hush", "it did not print a JSON object"),
        (#"echo '{"AccessKeyId": "x", "SecretAccessKey": "hush"}'"#, "the Version of its answer is not 1"),
        (#"echo '{"Version": 1, "AccessKeyId": "x"}'"#, "no SecretAccessKey"),
        (#"echo '{"Version": 1, "AccessKeyId": "x", "SecretAccessKey": "hush", "Expiration": "soon"}'"#, "is no date"),
        ("cat /dev/zero", "it printed too much"), ("/", "there is no program '/'"),
    ])
    func `A program that gives no keys is an error that says why`(command: String, part: String) async throws {
        let home = try AWSHome(config: "[default]\ncredential_process = \(command)\n")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let error = try await failure(
            home.variables(["PATH": path, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hush-container"]))
        #expect("\(error)".contains(part), "\(error)")
        #expect("\(error)".hasPrefix("The credential_process of the profile 'default' gave no keys"), "\(error)")
    }

    @Test(
        .root("the test makes a file of another user"),
        arguments: [
            ("chown 12345", #"credential_process = sh -c 'touch "$HOME/started"'"#),
            ("chmod 620", #"credential_process = sh -c 'touch "$HOME/started"'"#),
            ("chmod 666", #"credential_process = sh -c 'touch "$HOME/started"'"#),
            ("chown 12345", "role_arn = r\nweb_identity_token_file = ~/token"),
        ])
    func `Root starts no program and reads no token of a file that another user can change`(
        change: String, profile: String
    ) async throws {
        let home = try AWSHome(config: "[default]\n\(profile)\n")
        try home.folder.write("hush-token", to: "token")
        try #require(runCommand("sh", "-c", "\(change) \(home.folder("config"))"))
        let error = try await failure(home.variables(["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"]))
        #expect("\(error)".contains("root neither starts the programs nor reads the tokens"), "\(error)")
        #expect(!home.folder.exists("started"))
    }

    @Test func `A program that does not end is killed with its children`() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: ProgramOutput.Failure.timedOut) {
            try await ProgramOutput.run(
                ["/bin/sh", "-c", "sleep 1000 & echo $$ $! >\(folder("ids")); wait"], environment: [:],
                within: .seconds(5))
        }
        let ids = try folder.text("ids").split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        #expect(ids.count == 2)
        #expect(try await eventually { !ids.contains { isAlive($0) } })
    }

    @Test func `A program is killed when its caller is canceled`() async throws {
        let folder = try TemporaryFolder()
        let task = Task {
            try await ProgramOutput.run(
                ["/bin/sh", "-c", "echo $$ >\(folder("id")); exec sleep 1000"], environment: [:], within: .seconds(900))
        }
        #expect(try await eventually { ((try? folder.text("id")) ?? "").hasSuffix("\n") })
        task.cancel()
        await #expect(throws: ProgramOutput.Failure.canceled) { try await task.value }
        let id = try #require(Int(try folder.text("id").dropLast()))
        #expect(try await eventually { !isAlive(id) })
    }

    @Test func `A background process of a program does not delay its answer`() async throws {
        let output = try await ProgramOutput.run(
            ["/bin/sh", "-c", "sleep 30 & echo done"], environment: ["PATH": "/bin:/usr/bin"], within: .seconds(900))
        #expect(String(decoding: output.output, as: UTF8.self) == "done\n")
        #expect(output.status == 0)
    }

    @Test(
        arguments: [
            ("a b", ["a", "b"]), ("  a\t'b c'd ", ["a", "b cd"]), (#"a\ b "c\"d\e\\""#, ["a b", #"c"d\e\"#]),
            ("'' \"\"", ["", ""]), ("a'", nil), ("\"a", nil), ("a\\", nil), ("", []), ("é 'ü'", ["é", "ü"]),
            ("'a\\'", ["a\\"]), ("$HOME `x` ; |", ["$HOME", "`x`", ";", "|"]),
        ] as [(String, [String]?)])
    func `A command is split as a shell does`(text: String, words: [String]?) {
        #expect(CommandWords.split(text) == words)
    }
}
