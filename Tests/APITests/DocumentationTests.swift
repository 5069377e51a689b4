import Foundation
import GalleyTestSupport
import Testing

@Suite struct `The documentation` {
    @Test(.enabled(if: Toolchain.program("docc") != nil, "this toolchain has no docc"))
    func `The documentation is complete, and its links resolve`() async throws {
        let folder = try TemporaryFolder()
        let (graph, output) = (folder.path + "/graph", folder.path + "/output")
        try FileManager.default.createDirectory(atPath: graph, withIntermediateDirectories: false)
        try await SymbolGraph.extract("Galley", reexporting: Modules.passedOn, into: graph)
        try await Toolchain.run(
            "docc",
            [
                "convert", Repository.root + "/Sources/Galley/Galley.docc", "--additional-symbol-graph-dir", graph,
                "--output-path", output, "--warnings-as-errors",
            ])
        let pages = output + "/data/documentation/"
        let articles = try FileManager.default.contentsOfDirectory(
            atPath: Repository.root + "/Sources/Galley/Galley.docc"
        ).filter { $0.hasSuffix(".md") && $0 != "Galley.md" }.map { $0.dropLast(".md".count).lowercased() }
        #expect(articles.count > 10)
        for article in articles {
            #expect(FileManager.default.fileExists(atPath: pages + "galley/\(article).json"), "\(article)")
        }

        struct Page: Decodable {
            struct Section: Decodable {
                var title: String
                var generated: Bool?
            }
            var topicSections: [Section]
        }
        let first = try JSONDecoder().decode(
            Page.self, from: Data(contentsOf: URL(fileURLWithPath: pages + "galley.json")))
        #expect(first.topicSections.count > 5)
        // DocC puts symbols that no topic names under a title of its own.
        #expect(first.topicSections.filter { $0.generated == true }.map(\.title) == [])
    }
}
