import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// A home folder with files of the AWS tools.
struct AWSHome {
    let folder: TemporaryFolder

    init(config: String? = nil, credentials: String? = nil) throws {
        folder = try TemporaryFolder()
        if let config { try folder.write(config, to: "config") }
        if let credentials { try folder.write(credentials, to: "credentials") }
    }

    /// The variables of a user with this home.
    func variables(_ more: [String: String] = [:]) -> [String: String] {
        [
            "HOME": folder.path, "AWS_CONFIG_FILE": folder("config"),
            "AWS_SHARED_CREDENTIALS_FILE": folder("credentials"), "AWS_EC2_METADATA_DISABLED": "true",
        ].merging(more) { $1 }
    }

    func configuration(_ more: [String: String] = [:]) throws -> AWSConfiguration {
        try AWSConfiguration(environment: variables(more))
    }
}

struct AWSConfigurationTests {
    private static let config = """
        # The user's settings
        [default]
        region = eu-west-1 ; near
        [profile data]
        region=us-west-2
        endpoint_url = http://profile:1
        services = local
        ca_bundle = ~/bundle.pem
        max_attempts = 7
        s3 =
          addressing_style = path
          max_concurrent_requests = 20
        [profile "two words"]
        Region = eu-north-1
        [services local]
        s3 =
          endpoint_url = http://s3-profile:2

        sts =
          endpoint_url = http://sts-profile:3
        [preview]
        anything = true
          indented = line
        """

    @Test(arguments: [
        ([:], "eu-west-1"), (["AWS_PROFILE": "data"], "us-west-2"), (["AWS_DEFAULT_PROFILE": "data"], "us-west-2"),
        (["AWS_PROFILE": "two words"], "eu-north-1"), (["AWS_PROFILE": ""], "eu-west-1"),
        (["AWS_PROFILE": "data", "AWS_DEFAULT_REGION": "a-1"], "a-1"),
        (["AWS_REGION": "b-1", "AWS_DEFAULT_REGION": "a-1"], "b-1"), (["AWS_REGION": ""], "eu-west-1"),
    ])
    func `The region comes from a variable, or from the profile`(variables: [String: String], region: String) throws {
        #expect(try AWSHome(config: Self.config).configuration(variables).region == region)
    }

    @Test(
        arguments: [
            ([:], nil), (["AWS_PROFILE": "data"], "http://s3-profile:2"),
            (["AWS_PROFILE": "data", "AWS_ENDPOINT_URL": "http://all:4"], "http://all:4"),
            (["AWS_ENDPOINT_URL_S3": "http://s3:5", "AWS_ENDPOINT_URL": "http://all:4"], "http://s3:5"),
            (["AWS_ENDPOINT_URL_STS": "http://sts:6"], nil),
            (["AWS_PROFILE": "data", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], nil),
            (["AWS_ENDPOINT_URL_S3": "http://s3:5", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], nil),
        ] as [([String: String], String?)])
    func `The endpoint comes from the most specific place`(variables: [String: String], endpoint: String?) throws {
        #expect(try AWSHome(config: Self.config).configuration(variables).endpoint == endpoint)
    }

    @Test func `A profile without settings of services has the endpoint of all services`() throws {
        let home = try AWSHome(config: "[default]\nendpoint_url = http://all:1\n")
        #expect(try home.configuration().endpoint == "http://all:1")
        #expect(try home.configuration().endpoint(of: "STS") == "http://all:1")
        let data = try AWSHome(config: Self.config).configuration(["AWS_PROFILE": "data"])
        #expect(try data.endpoint(of: "STS") == "http://sts-profile:3")
        #expect(try data.endpoint(of: "SSO") == "http://profile:1")
    }

    @Test func `Path style, certificates and attempts come from the profile`() throws {
        let home = try AWSHome(config: Self.config)
        let data = try home.configuration(["AWS_PROFILE": "data"])
        #expect(data.usesPathStyle == true)
        #expect(data.certificates == home.folder("bundle.pem"))
        #expect(data.maximumAttempts == 7)
        let plain = try home.configuration()
        #expect(plain.usesPathStyle == nil)
        #expect(plain.certificates == nil)
        #expect(plain.maximumAttempts == 3)
        let variables = ["AWS_PROFILE": "data", "AWS_CA_BUNDLE": "/a.pem", "AWS_MAX_ATTEMPTS": "2"]
        let both = try home.configuration(variables)
        #expect(both.certificates == "/a.pem")
        #expect(both.connections.certificates == "/a.pem")
        #expect(both.maximumAttempts == 2)
        let style = try AWSHome(config: "[default]\ns3=\n addressing_style=virtual").configuration()
        #expect(style.usesPathStyle == false)
    }

    @Test(arguments: ["1", "true", "YES"])
    func `A variable asks for requests without a signature`(value: String) throws {
        #expect(try AWSHome().configuration(["AWS_NO_SIGN_REQUEST": value]).isAnonymous)
        #expect(try !AWSHome().configuration(["AWS_NO_SIGN_REQUEST": "0"]).isAnonymous)
    }

    @Test func `Files that do not exist are like empty ones`() throws {
        let configuration = try AWSHome().configuration()
        #expect(configuration.region == nil)
        #expect(configuration.endpoint == nil)
        _ = try AWSConfiguration(environment: ["AWS_CONFIG_FILE": "/dev/null", "HOME": "/nowhere"])
    }

    @Test func `Without variables the files are in the user's home`() throws {
        let folder = try TemporaryFolder()
        try #require(runCommand("mkdir", folder(".aws")))
        try folder.write("[default]\nregion = eu-south-2\n", to: ".aws/config")
        #expect(try AWSConfiguration(environment: ["HOME": folder.path]).region == "eu-south-2")
    }

    @Test func `The file of credentials counts more than that of settings, and its names have no prefix`() throws {
        let home = try AWSHome(
            config: "[profile a]\naws_access_key_id = one\nregion = x-1\n[a]\nregion = y-1\n",
            credentials: "[a]\naws_access_key_id = two\n[profile a]\nregion = z-1\n")
        let profile = try home.configuration(["AWS_PROFILE": "a"]).profile
        #expect(profile["aws_access_key_id"] == "two")
        #expect(profile["region"] == "x-1")
    }

    @Test func `A prefixed default profile replaces the other spelling`() throws {
        let home = try AWSHome(config: "[profile default]\nregion = a-1\n[default]\nregion = b-1\nca_bundle = c\n")
        #expect(try home.configuration().region == "a-1")
        #expect(try home.configuration().certificates == nil)
    }

    @Test func `Values may have several lines, equals signs and comments`() throws {
        let home = try AWSHome(
            config:
                "\u{FEFF}[default] # first\r\nA = b=c#d\r\n  e\r\n ; a comment\r\n\r\n"
                + "credential_process = x --y # z\r\n"
        )
        let profile = try home.configuration().profile
        #expect(profile["a"] == "b=c#d\ne")
        #expect(profile["credential_process"] == "x --y")
    }

    @Test(arguments: [
        ("region = a\n", 1, "a property stands before the first section"),
        ("[default]\nregion\n", 2, "the line is no section, property or comment"),
        ("[default\n", 1, "the name of a section has no ']'"),
        ("[]\n", 1, "a section has no name"),
        ("[default] region = a\n", 1, "text follows the name of a section"),
        ("\n  region = a\n", 2, "a property stands before the first section"),
        ("[default]\n\n  region\n", 3, "the line is no section, property or comment"),
        ("[default]\ns3 =\n  addressing_style\n", 3, "the line is no section, property or comment"),
        ("[default]\n= secret\n", 2, "a property has no name"),
    ])
    func `A file that cannot be understood is an error with its line`(text: String, line: Int, reason: String) throws {
        let home = try AWSHome(config: text)
        let error = #expect(throws: CredentialError.self) { try home.configuration() }
        #expect(error == .file(path: home.folder("config"), line: line, reason: reason))
        #expect("\(try #require(error))".hasPrefix("\(home.folder("config")):\(line): \(reason)"))
        let other = try AWSHome(credentials: text)
        #expect(throws: CredentialError.self) { try other.configuration() }
    }

    @Test(arguments: [
        ("  [default]\nregion = a-1\n", ["default": "a-1"]), ("\t[default]\n\tregion = a-1\n", ["default": "a-1"]),
        ("[default]\n  ca_bundle = x\n  region = a-1\n", ["default": "a-1"]),
        ("[default]\n  region = a-1\n# c\n\n [profile b]\n  region = b-1\n", ["default": "a-1", "b": "b-1"]),
        (" [default]\n  s3 =\n    addressing_style = path\n  region = a-1\n", ["default": "a-1"]),
        ("[preview]\n a = b\n [default]\n region = a-1\n", ["default": "a-1"]),
        // A header that is more indented than the property above it is a part of its value.
        ("[default]\nregion = a-1\n [profile b]\n", ["default": "a-1\n[profile b]"]),
        ("[preview]\na = b\n [default]\n region = a-1\n", [:]),
        ("[default]\n  region = a-1\n ca_bundle = x\n  [profile b]\n", ["default": "a-1"]),
    ])
    func `Sections and properties may be indented`(text: String, regions: [String: String]) throws {
        let home = try AWSHome(config: text)
        let profiles = try AWSProfiles(AWSEnvironment(home.variables())).profiles
        #expect(profiles.compactMapValues { $0["region"] } == regions)
        #expect(profiles.count == regions.count)
    }

    @Test func `A file that is a folder, too long or not UTF-8 is an error`() throws {
        let home = try AWSHome()
        #expect(throws: CredentialError.self) { try home.configuration(["AWS_CONFIG_FILE": home.folder.path]) }
        #expect(throws: CredentialError.self) { try home.configuration(["AWS_CONFIG_FILE": "/dev/zero"]) }
        try #require(runCommand("sh", "-c", "printf '[default]\\nregion = \\377\\n' >\(home.folder("config"))"))
        #expect(throws: CredentialError.self) { try home.configuration() }
    }

    @Test func `A profile that is missing is an error that names the files`() throws {
        let home = try AWSHome(config: Self.config)
        let error = #expect(throws: CredentialError.self) { try home.configuration(["AWS_PROFILE": "nope"]) }
        #expect(
            error.map { "\($0)" }
                == "There is no profile 'nope' in \(home.folder("config")) or \(home.folder("credentials")). "
                + "Check AWS_PROFILE")
    }

    @Test(arguments: [
        ["AWS_MAX_ATTEMPTS": "many"], ["AWS_MAX_ATTEMPTS": "0"], ["AWS_REGION": "a.b/c"], ["AWS_REGION": "-a"],
        ["AWS_ENDPOINT_URL_S3": "file:///x"], ["AWS_ENDPOINT_URL": "nothing"],
    ])
    func `A value that means nothing is an error that names the variable`(variables: [String: String]) throws {
        let error = #expect(throws: CredentialError.self) { try AWSHome().configuration(variables) }
        let name = try #require(variables.keys.first)
        #expect("\(try #require(error))".contains(name == "AWS_REGION" ? "The region" : name))
    }

    @Test func `Properties that mean nothing are errors`() throws {
        for text in ["s3 =\n addressing_style = odd", "services = none", "max_attempts = -1", "region = a b"] {
            #expect(throws: CredentialError.self) { try AWSHome(config: "[default]\n" + text).configuration() }
        }
    }

    @Test func `No description contains a secret`() throws {
        let home = try AWSHome(credentials: "[default]\naws_secret_access_key = hush-file\n")
        let configuration = try home.configuration([
            "AWS_SECRET_ACCESS_KEY": "hush-variable", "AWS_ENDPOINT_URL": "http://user:hush-url@host",
        ])
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(configuration.profiles, to: &dumped)
        dump(configuration.environment, to: &dumped)
        dumped += "\(configuration) \(configuration.profile) \(String(reflecting: configuration.profiles))"
        #expect(!dumped.contains("hush"))
    }

    @Test func `No change of a file traps or hangs the reader`() throws {
        let text = Array(Self.config.utf8)
        var random = SeededGenerator(seed: 22)
        let home = try AWSHome()
        for _ in 0..<1000 {
            var changed = text
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<changed.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: changed.remove(at: index)
                case 1: changed[index] = UInt8.random(in: 0...255, using: &random)
                default: changed.insert(text[Int.random(in: 0..<text.count, using: &random)], at: index)
                }
            }
            try home.folder.write(String(decoding: changed, as: UTF8.self), to: "config")
            _ = try? home.configuration()
        }
    }
}
