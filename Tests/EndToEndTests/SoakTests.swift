import Foundation
import Testing

@Suite struct `A process that runs hundreds of notebooks` {
    @Test(.timeLimit(.minutes(30)))
    func `keeps its descriptors, threads, children, files, memory and manners, however they end`() async throws {
        let run = try await Program.run(["300"], program: Program.besideTests("Soak"))
        print(run.output)
        #expect(run.status == 0)
        #expect(run.errors == "")
        let line = try #require(run.output.split(separator: "\n").last)
        let figures = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(figures["runs"] as? Int == 300)
        #expect(figures["complaints"] as? [String] == [])
    }
}
