import GalleyExecution
import GalleyJSON

/// The measurements of a soak run, and the promises that it has broken.
struct SoakResult {
    var before: ProcessState
    var after: ProcessState
    /// Memory in bytes, early and at the end.
    var memory: (before: Memory, after: Memory)
    /// The time after the last run until the process was back in its initial state.
    var rested: Duration
    var duration: Duration
    var plan: [PlannedRun]
    var runs: [FinishedRun]
    var host: BusyHost.Findings

    struct Memory {
        var resident: Int
        /// The memory that was allocated and not freed.
        var allocated: Int
    }

    private var growth: Double { Double(memory.after.resident) / Double(max(1, memory.before.resident)) - 1 }
    /// The bytes of allocated memory that each run between the two measurements has added.
    private var leak: Int {
        guard plan.count > Soak.settled else { return 0 }
        return (memory.after.allocated - memory.before.allocated) / (plan.count - Soak.settled)
    }
    private var changes: [String] { ProcFileSystem.changes(from: before.state, to: after.state) }

    /// One sentence for each problem.
    var complaints: [String] {
        var complaints = Set(runs.compactMap(\.problem)).sorted()
        if runs.count != plan.count { complaints.append("only \(runs.count) of \(plan.count) runs ended") }
        for (what, before, after) in counts where after > before {
            complaints.append("there are \(after) \(what) instead of \(before)")
        }
        if !after.files.isEmpty { complaints.append("files are left: \(after.files.joined(separator: ", "))") }
        if after.threads.count > before.threads.count {
            complaints.append("the threads are named \(after.threads.joined(separator: ", "))")
        }
        if after.poolThreads > ProcessState.poolSize {
            complaints.append("\(after.poolThreads) threads of the pool have stayed")
        }
        if growth > 0.1 { complaints.append("resident memory has grown by \(percent(growth))") }
        // The threads of the pool also keep up to 200 kB each.
        if leak > 4000 { complaints.append("each run leaks \(leak) bytes") }
        complaints += changes.map { "changed: \($0)" }
        complaints += host.complaints.sorted()
        if host.children == 0 || host.looks == 0 { complaints.append("the host process was not active") }
        return complaints
    }

    private var counts: [(what: String, before: Int, after: Int)] {
        [
            ("open descriptors", before.descriptors, after.descriptors),
            ("threads", before.threads.count, after.threads.count),
            ("child processes", before.children, after.children), ("files", before.files.count, after.files.count),
        ]
    }

    /// Prints all measurements on one screen, and again as one line of JSON.
    func show() {
        let cancelled = runs.filter(\.isCancelled)
        print(
            "\(runs.count) runs in \(duration.inWords), \(cancelled.count) cancelled, \(cancelled.count(where: \.wasStopped)) of these before their end\n"
        )
        print(row("a run that", "runs", "stopped", "longest"))
        for kind in NotebookKind.allCases {
            let runs = runs.filter { $0.kind == kind }
            print(
                row(
                    kind.name, "\(runs.count)", "\(runs.count(where: \.wasStopped))",
                    runs.map(\.duration).max()?.inWords ?? "-"))
        }
        print("\n" + row("", "before", "after", ""))
        for (what, before, after) in counts { print(row(what, "\(before)", "\(after)", "")) }
        let (early, late) = memory
        print(row("resident memory, trimmed", megabytes(early.resident), megabytes(late.resident), percent(growth)))
        print(row("allocated memory", megabytes(early.allocated), megabytes(late.allocated), "\(leak) B a run"))
        print(row("threads of Swift's pool", "\(before.poolThreads)", "\(after.poolThreads)", ""))
        print(row("folder, variables, signals", "", changes.isEmpty ? "same" : "\(changes.count) changed", ""))
        print("\nThe host process had \(host.children) children, and checked its descriptors \(host.looks) times.")
        print("The process was back in its initial state \(rested.inWords) after the last run.")
        for complaint in complaints { print("BROKEN: \(complaint)") }
        print(json)
    }

    private var json: String {
        var style = JSONStyle.canonical
        (style.indentation, style.spaceAfterComma, style.lineEnd) = (nil, " ", "")
        var members: [(String, Value)] = [
            ("runs", .number(runs.count)), ("cancelled", .number(runs.count(where: \.isCancelled))),
            ("seconds", .number((duration.inSeconds * 10).rounded() / 10)),
            ("resident_memory", .array([.number(memory.before.resident), .number(memory.after.resident)])),
            ("allocated_memory", .array([.number(memory.before.allocated), .number(memory.after.allocated)])),
            ("host_children", .number(host.children)), ("looks_at_descriptors", .number(host.looks)),
            ("complaints", .array(complaints.map { .string($0) })),
        ]
        for (what, before, after) in counts {
            members.append((what.replacing(" ", with: "_"), .array([.number(before), .number(after)])))
        }
        return String(decoding: Document(.object(members), style: style).text.bytes, as: UTF8.self)
    }

    private func row(_ name: String, _ columns: String...) -> String {
        padded(name, 38)
            + columns.map { column in String(repeating: " ", count: max(1, 12 - column.count)) + column }
            .joined()
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func megabytes(_ bytes: Int) -> String { "\((Double(bytes) / 10_000).rounded() / 100) MB" }
    private func percent(_ part: Double) -> String { "\((part * 1000).rounded() / 10) %" }
}
