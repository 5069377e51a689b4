import Foundation
import Testing

@Suite struct `The program` {
    @Test func `tells its version`() async throws {
        let run = try await Program.run(["--version"])
        #expect(run.status == 0)
        #expect(run.output.wholeMatch(of: /galley \d+\.\d+\.\d+\n/) != nil)
        #expect(run.errors == "")
    }

    @Test func `refuses a command that it does not know, and says where to look`() async throws {
        let run = try await Program.run(["exceute"])
        #expect(run.status == 2)
        #expect(run.errors == "galley: 'exceute' is not a command. Did you mean 'execute'? See 'galley --help'\n")
        #expect(run.output == "")
    }

    @Test func `lists the kernels of the machine, for people and for machines`() async throws {
        let environment = ["JUPYTER_PATH": Program.root + "/.build/python/share/jupyter", "PATH": "/usr/bin:/bin"]
        let list = try await Program.run(["kernels"], environment: environment)
        #expect(list.status == 0)
        let lines = list.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.split(separator: " ").first == "NAME")
        #expect(
            lines.contains { $0.hasPrefix("python3 ") && $0.hasSuffix("/.build/python/share/jupyter/kernels/python3") })
        #expect(lines.contains { $0.hasPrefix("ir ") })
        let json = try await Program.run(["kernels", "--json"], environment: environment)
        let kernels = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        let python = try #require(kernels.first { $0["name"] as? String == "python3" })
        #expect(python["language"] as? String == "python")
        #expect((python["program"] as? String)?.hasSuffix("/.build/python/bin/python") == true)
    }

    @Test func `refuses an option that it does not know`() async throws {
        let usage = try await Program.run(["kernels", "--jsno"])
        #expect(usage.status == 2)
        #expect(
            usage.errors == "galley: '--jsno' is not an option of kernels. Did you mean '--json'? See 'galley --help'\n"
        )
    }

    @Test func `needs no library of Swift to be installed`() async throws {
        let libraries = try await Program.run(["ldd", Program.path], program: "/usr/bin/env").output
        #expect(libraries.contains("libc.so"))
        #expect(!libraries.contains("libswift"))
        #expect(!libraries.contains("not found"))
    }
}
