import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A process that runs hundreds of notebooks` {
    @Test(.timeLimit(.minutes(30)))
    func `Hundreds of runs leak no descriptors, threads, children, files or memory, and change no process state`()
        async throws
    {
        let run = try await GalleyProgram.run(["300"], program: Repository.products + "/Soak")
        print(run.output)
        #expect(run.status == 0)
        #expect(run.errors == "")
        let line = try #require(run.output.split(separator: "\n").last)
        let figures = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(figures["runs"] as? Int == 300)
        #expect(figures["complaints"] as? [String] == [])
    }
}
