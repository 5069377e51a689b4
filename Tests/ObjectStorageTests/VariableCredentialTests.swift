import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys in variables, and the absence of any.
struct VariableCredentialTests: CredentialSuite {
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
}
