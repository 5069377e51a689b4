import GalleyFlags
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
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

    /// Lists them, and returns the status to end with.
    func run() async -> Int32 {
        var rows: [(provider: String, kernel: KernelDescription)] = []
        var status = ExitStatus.success
        for provider in Rooms.providers {
            do {
                rows += try await provider.kernels().map { (provider.name, $0) }
            } catch {
                Terminal.reportProblem("galley: \(provider.name): \(error)")
                status = ExitStatus.of(error)
            }
        }
        if isForMachines {
            Terminal.print(json(rows))
        } else if rows.isEmpty {
            Terminal.print("There are no kernels here. Looked in:")
            for folder in KernelFinder().folders { Terminal.print("    " + folder.terminalSafeLine(1000)) }
            Terminal.print("Install one: python3 -m pip install ipykernel")
        } else {
            show(rows)
        }
        return status
    }

    private func show(_ rows: [(provider: String, kernel: KernelDescription)]) {
        ConsoleTable(
            head: ["NAME", "FROM", "DISPLAY NAME", "LANGUAGE", "WHERE"],
            rows: rows.map { provider, kernel in
                [
                    kernel.name.terminalSafeLine(), provider, kernel.displayName.terminalSafeLine(),
                    kernel.language.terminalSafeLine(30),
                    (kernel.location + (kernel.problem.map { " (\($0))" } ?? "")).terminalSafeLine(1000),
                ]
            }
        ).show()
    }

    private func json(_ rows: [(provider: String, kernel: KernelDescription)]) -> String {
        let list = Value.array(
            rows.map { provider, kernel in
                [
                    "display_name": .string(kernel.displayName), "folder": .string(kernel.location),
                    "interrupt_mode": .text(kernel.interruptMode), "language": .string(kernel.language),
                    "name": .string(kernel.name), "program": .text(kernel.program), "provider": .string(provider),
                ]
            })
        return String(decoding: Document(list).text.bytes.dropLast(), as: UTF8.self)
    }
}

/// Columns under a head.
struct ConsoleTable {
    let head: [String]
    let rows: [[String]]

    func show() {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            let cells = row.indices.map { column in
                column == row.count - 1
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }
            Terminal.print(CIHost.neutralized(cells.joined(separator: "  ")))
        }
    }
}
