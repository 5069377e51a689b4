import Foundation
import GalleyTestSupport
import Testing

@Suite struct `A selection of cells` {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func execute(_ arguments: String...) async throws -> GalleyProgram.Run {
        try await GalleyProgram.run(["execute", "--inplace"] + arguments, in: folder)
    }

    @Test func `Cells that are not selected by tag or number keep their outputs, and reports say so`() async throws {
        try folder.write(
            ["print(1)", "print(2)", "1/0", "print(4)", "print(5)"], tags: [1: ["smoke"], 4: ["slow", "smoke"]])
        let run = try await execute("--only", "smoke", "--cells", "4", "a.ipynb", "--json", "j")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("3 cells in ") && run.errors.contains(" (2 not selected)"), "\(run.errors)")
        #expect(try folder.notebook().outputs == [["old\n"], ["2\n"], ["old\n"], ["4\n"], ["5\n"]])
        #expect(try folder.notebook().counts == [99, 1, 99, 2, 3])
        let cells = try #require(JSONReport(folder, "j").notebooks[0]["cells"] as? [[String: Any]])
        let statuses = ["not-selected", "succeeded", "not-selected", "succeeded", "succeeded"]
        #expect(cells.map { $0["status"] as? String } == statuses)
    }

    @Test func `A tag or number that a notebook does not have is refused before any notebook runs`() async throws {
        try folder.write(["open('ran', 'w')", "2"], to: "a.ipynb", tags: [0: ["smoke"], 1: ["slow"]])
        try folder.write(["1"], to: "b.ipynb", tags: [0: ["smoke"]])
        let untagged = try await execute("--only", "slow", "a.ipynb", "b.ipynb")
        #expect(untagged.status == 2)
        #expect(untagged.errors == "galley: b.ipynb: No code cell has the tag 'slow'. The tags are smoke\n")
        let beyond = try await execute("--cells", "1-2", ".")
        #expect(beyond.status == 2)
        #expect(
            beyond.errors == "galley: b.ipynb: No code cell has the number 2. The notebook has one code cell\n")
        let input = try await GalleyProgram.run(
            ["execute", "-", "--cells", "3"], in: folder, input: folder.text("a.ipynb"))
        #expect(input.status == 2 && input.output.isEmpty)
        #expect(input.errors.contains("No code cell has the number 3. The notebook has code cells 1 to 2"))
        #expect(!folder.exists("ran"))
        #expect(folder.names == ["a.ipynb", "b.ipynb"])
    }
}
