import Foundation
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// Keys that a program prints, and the programs themselves.
struct ProgramCredentialTests: CredentialSuite {
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
