import Foundation
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

@Suite struct `A notebook with values swapped at random` {
    @Test func `A mutated notebook is refused with its path, or can be edited and read again`() throws {
        let seed =
            ProcessInfo.processInfo.environment["GALLEY_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
        print("notebooks: GALLEY_SEED=\(seed) repeats them")
        var random = SeededGenerator(seed: seed)
        let fixtures = NotebookFixture.all.filter { $0.bytes.count < 10_000 }
        var (refused, accepted) = (0, 0)
        for _ in 0..<5000 {
            var document = try Document(parsing: fixtures.randomElement(using: &random)!.bytes)
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&document.root, using: &random) }
            let bytes = document.text.bytes
            do {
                var notebook = try Notebook(parsing: bytes)
                accepted += 1
                notebook.edit()
                let written = notebook.text.bytes
                try #require(try Notebook(parsing: written).text.bytes == written, "seed \(seed)")
            } catch let error as NotebookError {
                refused += 1
                try #require(!error.description.isEmpty)
            }
        }
        print("notebooks: \(accepted) accepted, \(refused) refused")
        #expect(accepted > 500 && refused > 500)
    }

    private static let values: [Value] = [
        nil, true, 0, -1, 4, 5, 3, "", "code", "x", [], [[]], [:], ["a": []], ["x", 1], 1_000_000,
    ]

    /// Replaces, removes or repeats a part of a value, at any depth.
    private static func mutate(_ value: inout Value, using random: inout SeededGenerator) {
        let goesDeeper = Int.random(in: 0..<4, using: &random) > 0
        switch value.kind {
        case .array where value.count > 0 && goesDeeper:
            mutate(&value[Int.random(in: 0..<value.count, using: &random)], using: &random)
        case .object where value.count > 0:
            let key = value.members.map(\.key).randomElement(using: &random)!
            if goesDeeper, var member = value[key] {
                mutate(&member, using: &random)
                value[key] = member
            } else {
                value[key] = Bool.random(using: &random) ? nil : values.randomElement(using: &random)!
            }
        default: value = values.randomElement(using: &random)!
        }
    }
}
