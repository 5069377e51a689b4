import Testing

@testable import GalleyLocalKernels

@Suite struct `Keys of stores and other users` {
    @Test func `A user gets the user's own keys, and of root's variables only those about the machine`() throws {
        let nobody = try #require(Account(named: "nobody"))
        let root = [
            "AWS_ACCESS_KEY_ID": "root", "AWS_SECRET_ACCESS_KEY": "root", "AWS_SESSION_TOKEN": "root",
            "AWS_PROFILE": "root",
            "AWS_CONFIG_FILE": "/root/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "root",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/root/t", "AWS_BEARER_TOKEN_BEDROCK": "root",
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED": "true",
        ]
        let variables = nobody.environment(insteadOf: root, login: ["AWS_PROFILE": "own"])
        #expect(
            variables.filter { $0.key.hasPrefix("AWS_") } == [
                "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_PROFILE": "own",
            ])
        #expect(variables["HOME"] == nobody.home)
    }
}
