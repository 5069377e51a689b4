import GalleyFlags
import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels

/// The command `galley kernels`, which lists the kernels of this machine or of a server.
struct KernelsCommand {
    private var isForMachines = false
    private var server = ServerOptions()

    static let command = Command<KernelsCommand>(
        CommandDescription(
            "kernels", "List the kernels of this machine or of a Jupyter server",
            usage: ["[--server URL] [--json]"],
            details: ["These are the installed kernels, by name, and the kernels that run already."],
            highlights: ["--json", "--server", "--help"], listsOtherFlags: true,
            examples: [("galley kernels --json", "list them for a program")],
            exitStatus: "0 if the list is complete, even if it is empty; otherwise, as for `galley execute`.",
            topics: ["kernels"]),
        of: "galley",
        [Flag("--json", in: .output, "Print the list as JSON") { $0.isForMachines = true }]
            + ServerOptions.addressFlags(in: \.server))

    /// Parses a command line; returns nil if it asks for help.
    init?(_ arguments: [String]) throws(UsageError) {
        guard let operands = try Self.command.parse(arguments, into: &self) else { return nil }
        guard operands.isEmpty else { throw UsageError.noOperands(of: "kernels", operands) }
    }

    private init() {}

    /// Prints the names that `--kernel` accepts, for a shell's completion.
    static func printNames() async {
        await CompletionsCommand.printWords(LocalKernels().kernels().map(\.name), signs: "._-+")
    }

    /// Reads the files that the options name.
    mutating func resolve() throws(UsageError) {
        try server.resolve(usesRootsRights: false, startsHubServer: false) { Terminal.reportProblem("galley: \($0)") }
    }

    /// Prints the list, and returns the exit status.
    func run() async -> Int32 {
        var rows: [(provider: String, kernel: KernelDescription)] = []
        var status = ExitStatus.success
        for provider in Rooms.providers(of: server) {
            do {
                rows += try await provider.kernels().map { (provider.name, $0) }
            } catch {
                Terminal.reportProblem("galley: \(provider.name): \(error)")
                status = ExitStatus.of(error)
            }
        }
        if isForMachines {
            Terminal.print(json(rows))
        } else if rows.isEmpty, server.isGiven {
            if status == ExitStatus.success { Terminal.print("The server has no kernels.") }
        } else if rows.isEmpty {
            Terminal.print("No kernels found. Galley looked in:")
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

/// A table with a header row.
struct ConsoleTable {
    let head: [String]
    let rows: [[String]]

    func show() {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            let last = row.lastIndex { !$0.isEmpty } ?? 0
            let cells = row.indices.prefix(last + 1).map { column in
                column == last
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }
            Terminal.print(CIHost.neutralized(cells.joined(separator: "  ")))
        }
    }
}
