import Foundation
import GalleyJSON
import GalleyNotebook
import GalleyTestSupport
import Testing

/// A notebook of `Tests/Fixtures`, and the bytes that it has after ``Notebook/edit()``.
struct NotebookFixture: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// Nil if Python cannot write the file in its own style.
    let expected: [UInt8]?
    var testDescription: String { name }

    static let all: [NotebookFixture] = {
        let folder = URL(fileURLWithPath: Repository.fixture(""))
        let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path + "/notebooks").sorted()
        return names.map { file in
            NotebookFixture(
                name: String(file.dropLast(".ipynb".count)),
                bytes: try! Array(Data(contentsOf: folder.appendingPathComponent("notebooks/\(file)"))),
                expected: (try? Data(contentsOf: folder.appendingPathComponent("expected/\(file)"))).map { Array($0) })
        }
    }()

    static func named(_ name: String) -> NotebookFixture { all.first { $0.name == name }! }
}

extension Notebook {
    /// Edits the notebook as `edit` in `Fixtures/regenerate.py` does, similarly to a run.
    mutating func edit() {
        let breaks = "lf\ncr\rcrlf\r\nvt\u{B}ff\u{C}fs\u{1C}gs\u{1D}rs\u{1E}nel\u{85}ls\u{2028}ps\u{2029}end"
        let png =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\n"
        var count = 0
        for index in cells.indices where cells[index].kind == .code {
            count += 1
            let digits = String(count)
            cells[index].executionCount = count
            cells[index].metadata["execution"] = [
                "iopub.status.busy":
                    .string("2026-02-03T04:05:06." + String(repeating: "0", count: 6 - digits.count) + digits + "Z")
            ]
            cells[index].outputs = [
                .stream(.stdout, "run \(count)\né\(breaks)\n"),
                .displayData(
                    MimeBundle(sent: [
                        "application/json": ["a": nil, "b": [1, .number(2.5)]], "image/png": .string(png),
                        "text/html": "<b>\n1</b>",
                    ])),
                .executeResult(MimeBundle(["text/plain": digits]), executionCount: count),
            ]
        }
        if let last = cells.indices.last(where: { cells[$0].kind == .code }) {
            cells[last].outputs.append(.error(name: "ValueError", value: "é", traceback: ["one\n", "two"]))
            var cell = Cell.markdown("added\n\u{2028}here")
            if version.minor >= 5 {
                // Keys are in alphabetical order, for files that do not sort them.
                cell = Cell(json: [
                    "cell_type": "markdown", "id": "added", "metadata": [:], "source": cell.json["source"]!,
                ])
            }
            cells.append(cell)
        }
        metadata["language_info"] = ["name": "python", "version": "3.99"]
    }
}

extension JSONText {
    var string: String { String(decoding: bytes, as: UTF8.self) }
}
