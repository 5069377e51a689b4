import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The public API` {
    private static let list = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/public-api.txt"

    @Test func `The public API matches public-api.txt`() async throws {
        let lines = try await Modules.graphs.value.flatMap { $0.graph.lines(of: $0.module) }
        let new = Set(lines).sorted()
        try #require(new.count > 400)
        if ProcessInfo.processInfo.environment["GALLEY_ACCEPT_API"] != nil {
            try (new.joined(separator: "\n") + "\n").write(toFile: Self.list, atomically: true, encoding: .utf8)
        }
        let old = try String(contentsOfFile: Self.list, encoding: .utf8).split(separator: "\n").map(String.init)
        let changes = new.difference(from: old).map { change in
            switch change {
            case .remove(_, let line, _): "- " + line
            case .insert(_, let line, _): "+ " + line
            }
        }
        #expect(
            changes.isEmpty,
            """
            The public API has changed:
            \(changes.joined(separator: "\n"))
            If that is meant, this accepts it: GALLEY_ACCEPT_API=1 swift test --filter APITests
            """)
    }

    @Test(arguments: Modules.own)
    func `The public API has no symbols of the program's internal modules`(module: String) async throws {
        let names = try await SymbolGraph.of(module).flatMap(\.symbols).filter { $0.location != nil }.map(\.name)
        #expect(names == [])
    }

    @Test func `The public API is documented`() async throws {
        let bare = try await Modules.graphs.value.flatMap { module, graph in
            graph.symbols.filter { $0.docComment == nil && $0.location != nil }.map { "\(module): \($0.name)" }
        }
        #expect(bare.isEmpty, "without a comment: \(bare.sorted().joined(separator: ", "))")
    }

    /// Enums that can never have another case, each with the reason.
    private static let complete = [
        "Channel": "The protocol has four channels, and a transport carries all of them.",
        "PostMortem.Cause": "A process returns a status or is ended by a signal; otherwise the end is unknown.",
        "Value.Kind": "JSON has six kinds of values.",
    ]

    @Test func `The public enums are nonexhaustive`() async throws {
        let all = try await Modules.graphs.value.flatMap(\.graph.symbols).filter(\.isEnum)
        try #require(all.count > 20)
        let fixed = all.filter { !$0.declaration.contains("@nonexhaustive") }.map(\.name)
        #expect(Set(fixed) == Set(Self.complete.keys))
    }

    /// SwiftPM refuses two targets of the same name, even in different packages.
    @Test func `The public API has only names of Galley's own`() async throws {
        struct Package: Decodable {
            struct Product: Decodable { var targets: [String] }
            struct Target: Decodable {
                struct Dependency: Decodable { var target: [String?]? }
                var name: String
                var dependencies: [Dependency]
            }
            var products: [Product]
            var targets: [Target]
        }
        let folder = try TemporaryFolder()
        let text = try await Toolchain.run(
            "swift",
            ["package", "dump-package", "--package-path", Repository.root, "--scratch-path", folder.path])
        let package = try JSONDecoder().decode(Package.self, from: Data(text.drop { $0 != "{" }.utf8))
        var names = Set(package.products.flatMap(\.targets))
        for _ in package.targets {
            for target in package.targets where names.contains(target.name) {
                names.formUnion(target.dependencies.compactMap { $0.target?.first ?? nil })
            }
        }
        #expect(names.count > 15)
        #expect(names.allSatisfy { $0.hasPrefix("Galley") }, "\(names.sorted())")
    }
}
