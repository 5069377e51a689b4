import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// The sources of keys, against services that others imitate.
@Suite(.realKernel) struct MotoCredentialTests {
    /// The variables without the keys of the store.
    private func variables(_ store: StoreProcess, _ more: [String: String] = [:]) -> [String: String] {
        var variables = store.environment.merging(more) { $1 }
        variables["AWS_ACCESS_KEY_ID"] = more["AWS_ACCESS_KEY_ID"]
        variables["AWS_SECRET_ACCESS_KEY"] = more["AWS_SECRET_ACCESS_KEY"]
        return variables
    }

    private func find(_ environment: [String: String]) async throws -> AWSCredentials {
        try #require(try await CredentialChain(try AWSConfiguration(environment: environment)).credentials())
    }

    @Test func `The metadata service of an instance gives keys that expire`() async throws {
        let store = try await StoreProcess(.moto)
        let keys = try await find(
            variables(
                store,
                [
                    "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": store.url,
                    "AWS_METADATA_SERVICE_TIMEOUT": "60",
                ]))
        #expect(!keys.accessKeyID.isEmpty)
        #expect(keys.sessionToken != nil)
        #expect(try #require(keys.expiration) > Int(Date.now.timeIntervalSince1970))
        #expect(store.log.contains("PUT /latest/api/token"))
    }

    @Test func `A role is assumed by a request whose signature is verified`() async throws {
        let store = try await StoreProcess(.motoWithSignatures)
        let home = try AWSHome(
            config: "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = k\nexternal_id = x&y\n",
            credentials: "[k]\naws_access_key_id = \(store.accessKeyID)\n"
                + "aws_secret_access_key = \(store.secretAccessKey)\n[wrong]\n"
                + "aws_access_key_id = \(store.accessKeyID)\n"
                + "aws_secret_access_key = hush\n[refused]\nrole_arn = r\nsource_profile = wrong\n")
        let files = [
            "AWS_CONFIG_FILE": home.folder("config"), "AWS_SHARED_CREDENTIALS_FILE": home.folder("credentials"),
        ]
        let keys = try await find(variables(store, files))
        #expect(keys.accessKeyID.hasPrefix("ASIA"))
        #expect(keys.sessionToken != nil)
        #expect(try #require(keys.expiration) > Int(Date.now.timeIntervalSince1970))
        let wrong = variables(store, files.merging(["AWS_PROFILE": "refused"]) { $1 })
        let error = await #expect(throws: CredentialError.self) { try await find(wrong) }
        #expect("\(try #require(error))".contains("status 403): SignatureDoesNotMatch"))
        #expect(!"\(try #require(error))".contains("hush"))
    }

    @Test func `A web identity is exchanged for the keys of a role`() async throws {
        let store = try await StoreProcess(.moto)
        let home = try AWSHome()
        try home.folder.write("token", to: "token")
        let keys = try await find(
            variables(
                store,
                [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": home.folder("token"),
                    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
                ]))
        #expect(keys.accessKeyID.hasPrefix("ASIA"))
    }
}
