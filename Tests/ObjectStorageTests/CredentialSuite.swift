import Foundation
import Testing

@testable import GalleyObjectStorage

/// A suite about the sources of keys, against servers that answer as a test says.
protocol CredentialSuite {}

extension CredentialSuite {
    /// When the keys of all answers expire.
    static var expiration: String { "2027-02-01T00:00:00Z" }
    /// The seconds of `expiration`.
    static var expirationSeconds: Int { 1_801_440_000 }

    /// The answer of a service that gives keys in JSON.
    static var keysAnswer: String {
        #"{"json": {"Code": "Success", "AccessKeyId": "id", "SecretAccessKey": "hush-secret", "Token": "hush-token", "#
            + #""Expiration": "\#(expiration)"}}"#
    }

    /// The keys in that answer.
    static var keys: AWSCredentials {
        AWSCredentials(
            accessKeyID: "id", secretAccessKey: "hush-secret", sessionToken: "hush-token",
            expiration: expirationSeconds)
    }

    /// The answer of STS, as a text of JSON.
    static func tokenAnswer(id: String = "id") throws -> String {
        let body = """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>hush-secret</SecretAccessKey>
            <SessionToken>hush-token</SessionToken><Expiration>\(expiration)</Expiration>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>
            """
        return String(
            decoding: try JSONSerialization.data(withJSONObject: ["body": body]), as: UTF8.self)
    }

    /// Looks for keys, at the time of a clock.
    func find(_ environment: [String: String], clock: TestClock = TestClock()) async throws -> AWSCredentials? {
        try await CredentialChain(try AWSConfiguration(environment: environment), time: clock.time).credentials()
    }

    /// The error of looking for keys. Checks that it contains no secret.
    func failure(_ environment: [String: String]) async throws -> CredentialError {
        let error = try #require(await #expect(throws: CredentialError.self) { try await find(environment) })
        var dumped = "\(error) \(String(reflecting: error))"
        dump(error, to: &dumped)
        #expect(!dumped.contains("hush"), "\(error)")
        return error
    }
}
