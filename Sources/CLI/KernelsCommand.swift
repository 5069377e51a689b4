import GalleyExecution
import GalleyJSON
import GalleyLocalKernels

/// `galley kernels`: what could be started here.
struct KernelsCommand {
    private let isForMachines: Bool

    init(_ arguments: [String]) throws(UsageError) {
        for argument in arguments where argument != "--json" {
            throw UsageError(unknown: "option of kernels", argument, known: ["--json"])
        }
        isForMachines = arguments.contains("--json")
    }

    func run() {
        let finder = KernelFinder()
        let specs = finder.all().sorted { $0.name < $1.name }
        if isForMachines { return Terminal.print(json(specs)) }
        if specs.isEmpty {
            Terminal.print("There are no kernels here. Looked in:")
            for folder in finder.folders { Terminal.print("    " + folder.shownOnOneLine(1000)) }
            return Terminal.print("Install one: python3 -m pip install ipykernel")
        }
        Table(
            head: ["NAME", "DISPLAY NAME", "LANGUAGE", "WHERE"],
            rows: specs.map { spec in
                let note = spec.program() == nil ? " (its program \(spec.arguments.first ?? "") does not exist)" : ""
                return [
                    spec.name.shownOnOneLine(), spec.displayName.shownOnOneLine(), spec.language.shownOnOneLine(30),
                    (spec.folder + note).shownOnOneLine(1000),
                ]
            }
        ).show()
    }

    private func json(_ specs: [KernelSpec]) -> String {
        let list = Value.array(
            specs.map { spec in
                [
                    "display_name": .string(spec.displayName), "folder": .string(spec.folder),
                    "interrupt_mode": .string(spec.interruptMode.rawValue), "language": .string(spec.language),
                    "name": .string(spec.name), "program": .text(spec.program()),
                ]
            })
        return String(decoding: Document(list).text.bytes.dropLast(), as: UTF8.self)
    }
}

/// Columns under a head.
struct Table {
    let head: [String]
    let rows: [[String]]

    func show() {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            let cells = row.indices.map { column in
                column == row.count - 1
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }
            Terminal.print(Host.harmless(cells.joined(separator: "  ")))
        }
    }
}
