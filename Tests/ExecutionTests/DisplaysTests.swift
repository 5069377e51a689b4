import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Testing

@testable import GalleyExecution

@Suite struct `Updated displays` {
    private func display(_ id: String, _ text: String = "") -> IOPubMessage.Display {
        IOPubMessage.Display(data: ["text/plain": .string(text)], metadata: [:], id: id)
    }

    @Test func `An updated display keeps the last update, in all its places`() {
        var displays = DisplayIndex()
        for cell in 0..<3 { displays.add(DisplayLocation(cell: cell, place: 7, generation: 0), under: "a") }
        for number in 0..<100 { #expect(displays.update(display("a", "\(number)")).sorted() == [0, 1, 2]) }
        let updates = displays.takeUpdates()
        #expect(updates.map { $0.0.data["text/plain"]?.string } == ["99"])
        #expect(updates.first?.1.map(\.cell) == [0, 1, 2])
        #expect(displays.takeUpdates().isEmpty)
    }

    @Test func `A cleared cell forgets its displays, and no later or other ones`() {
        var displays = DisplayIndex()
        displays.add(DisplayLocation(cell: 0, place: 0, generation: 0), under: "both")
        displays.add(DisplayLocation(cell: 1, place: 0, generation: 0), under: "both")
        displays.add(DisplayLocation(cell: 0, place: 1, generation: 0), under: "one")
        #expect(displays.update(display("one")) == [0])
        displays.forget(0, upTo: 0)
        #expect(displays.update(display("one")) == [])
        #expect(displays.takeUpdates().isEmpty)
        #expect(displays.update(display("both")) == [1])
        displays.add(DisplayLocation(cell: 0, place: 0, generation: 1), under: "one")
        displays.forget(0, upTo: 0)
        #expect(displays.update(display("one")) == [0])
    }

    @Test(.timeLimit(.minutes(1))) func `Updates under one identifier cost the same each, for any number of them`()
        async throws
    {
        let count = 30_000
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running((0..<count).map { .display("\($0)", id: "a") })
        }
        #expect(ran.outputs(0) == Array(repeating: "display: \(count - 1)", count: count))
    }
}

@Suite struct `A number that Python cannot read` {
    private let digits = String(repeating: "7", count: 100_000)

    @Test func `A number with too many digits is written as text, with one warning`() async throws {
        let long = Value.number(try #require(Number(digits)))
        let content: Value = [
            "data": ["application/json": ["x": long, "y": 1.5]], "execution_count": long,
            "metadata": ["deep": [[long]]],
        ]
        let ran = try await run(Notebook(cells: ["x"])) { _, _ in
            .running([
                .say("execute_result", on: .iopub, content: content),
                .say("display_data", on: .iopub, content: content),
                .opening("w", ["_model_name": "M", "value": long]),
            ])
        }
        let result = ran.notebook.cells[0].outputs[0]
        #expect(result.json["data"]?["application/json"]?["x"]?.string == digits)
        #expect(result.json["data"]?["application/json"]?["y"]?.double == 1.5)
        #expect(result.metadata["deep"]?[0][0].string == digits)
        #expect(!ran.notebook.cells[0].json.holdsUnreadableNumber)
        #expect(!ran.notebook.metadata.holdsUnreadableNumber)
        let warnings = ran.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(
            warnings == [
                "cell 1: the output contains a number of more than 4300 digits, which Python cannot read; the file stores it as text"
            ])
    }
}
