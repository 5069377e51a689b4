import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys that a profile contains, or those of a role that it names.
struct ProfileCredentialTests: CredentialSuite {
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
}
