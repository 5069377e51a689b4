import Foundation
import Galley
import GalleyTesting
import Synchronization

// The examples of the documentation, verbatim. `ExampleTests` runs them, and checks that none is missing here.

func readme() async throws {
    let report = try await execute("report.ipynb")
    print(report.isSuccess ? "ran in \(report.duration)" : report.message ?? "")
}

func runANotebook() async throws {
    var options = Options()
    options.kernel = "python3"
    options.result = .folder("out")
    options.environment["MODE"] = "full"
    options.timeout = .seconds(600)
    options.totalTimeout = .seconds(7200)
    options.outputLimit = 50_000_000
    let report = try await execute("report.ipynb", options)
    switch report.outcome {
    case .succeeded: print("saved to", report.result ?? "nowhere")
    case .raised(let error): print(error.name, "in line", error.line ?? 0)
    default: print(report.message ?? "all is well")
    }
}

func followARun() async throws {
    let run = Run("report.ipynb")
    for await event in run.events {
        switch event {
        case .started(let start): print(start.cells, "cells, kernel", start.kernel)
        case .cellFinished(let cell): print(cell.number, cell.outcome.status, cell.title)
        case .warning(let text): print(text)
        default: break
        }
    }
    let report = try await run.report
    print(report.outcome.status)
}

func endARun() async throws {
    let run = Run("report.ipynb")
    for await event in run.events {
        if case .output(_, .stream(_, let text)) = event, text.contains("WARNING") { run.cancel() }
    }
    let report = try await run.report
    if case .stopped = report.outcome { print(report.message ?? "") }
}

func runMany() async throws {
    var batch = Batch(["clean.ipynb", "report.ipynb"].map { Batch.Job($0) })
    batch.concurrency = 2
    batch.retries = 1
    let run = BatchRun(batch)
    for await event in run.events {
        if case .ended(let job, let result) = event { print(job, result.name) }
    }
    for job in await run.report.jobs {
        switch job.result {
        case .ran(let run): print(job.name, run.outcome.status)
        case .failed(let error): print(job.name, error)
        default: print(job.name, "was not begun")
        }
    }
}

func keepTheReport() async throws {
    let report = try await execute("report.ipynb")
    let json = try JSONEncoder().encode(report)
    let kept = try JSONDecoder().decode(Report.self, from: json)
    print(kept.outcome.status, kept.cells.count)
}

func sendCodeToAKernel() async throws {
    let total = try await withKernel("python3") { kernel in
        try await kernel.execute("prices = [3, 5, 8]")
        let result = try await kernel.execute("sum(prices)")
        if let error = result.error { print(error.name) }
        return result.text
    }
    print(total)
}

func notebooksInMemory() async throws {
    var notebook = Notebook()
    notebook.metadata["kernelspec"] = ["name": "python3"]
    notebook.cells.append(.markdown("# Sums"))
    notebook.cells.append(.code("6 * 7"))
    let (result, report) = try await execute(notebook)
    print(report.outcome.status, result.cells[1].outputs[0].data?.text("text/plain") ?? "")
}

func notebooksElsewhere() async throws {
    actor Draft: NotebookStore {
        let name: String
        let canBeWrittenAgain = true
        private(set) var bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

        func lock() {}
        func read() -> [UInt8] { bytes }
        func checkWritable() {}
        func write(_ new: some ByteRuns) -> WriteOutcome {
            bytes = new.bytes
            return .original
        }
    }

    var notebook = Notebook()
    notebook.cells.append(.code("6 * 7"))
    let draft = Draft("draft 17", notebook.bytes)
    var options = Options()
    options.kernel = "python3"
    let report = try await execute(draft, options)
    let result = try Notebook(parsing: await draft.bytes)
    print(report.notebook, result.cells[0].executionCount ?? 0)
}

func aroundEachCell() async throws {
    struct Frugal: Middleware {
        func beforeCell(_ cell: PlannedCell, source: inout String) async throws {
            source = source.replacing("full_history()", with: "last_month()")
        }

        func afterCell(_ cell: CellReport, outputs: [Output]) async throws {
            struct TooMuch: Error {}
            if cell.outputSize > 50_000_000 { throw TooMuch() }
        }
    }

    var options = Options()
    options.middleware = [Frugal()]
    let report = try await execute("report.ipynb", options)
    print(report.isSuccess)
}

func setParameters() async throws {
    var options = Options()
    options.parameters = Parameters(["days": 7, "region": "eu"])
    options.parameters.secrets["password"] = "DB_PASSWORD"
    options.environment["DB_PASSWORD"] = "secret"
    let report = try await execute("report.ipynb", options)
    print(report.executedNotebook?.cells.first?.source ?? "")
}

func changedCellsThatAreSaved() async throws {
    struct Dated: Middleware {
        let savesEditedSource = true

        func beforeCell(_ cell: PlannedCell, source: inout String) async throws {
            if cell.tags.contains("parameters") { source += "\nday = 5" }
        }
    }

    var options = Options()
    options.middleware = [Dated()]
    let report = try await execute("report.ipynb", options)
    print(report.isSuccess)
}

func observedCells() async throws {
    @MainActor final class Page: Middleware {
        private(set) var lines: [String] = []

        @MainActor func afterCell(_ cell: CellReport, outputs: [Output]) async throws {
            lines.append("\(cell.number) \(cell.outcome.status)")
        }
    }

    let page = Page()
    var options = Options()
    options.middleware = [page]
    _ = try await execute("report.ipynb", options)
    print(await page.lines)
}

func kernelsOfYourOwn() async throws {
    var options = Options()
    options.kernels = ScriptedKernels { _ in
        ScriptedKernel { code in
            code == "fail" ? .failing("ValueError", "no price") : .running(printing: "ran \(code)")
        }
    }
    var notebook = Notebook()
    for source in ["begin", "fail", "go on"] { notebook.cells.append(.code(source)) }
    let (result, report) = try await execute(notebook, options)
    print(result.cells[0].outputs[0].text ?? "", report.message ?? "")
}

func kernelsThatRunAlready() async throws {
    var options = Options()
    options.kernels = AttachedKernels("kernel-4711.json")
    let report = try await execute("report.ipynb", options)
    print(report.kernel ?? "", report.outcome.status)
}

func aProviderOfYourOwn() async throws {
    /// Offers the kernels of several providers. The first that has the kernel starts it.
    struct FirstOf: KernelProvider {
        let name = "first"
        let others: [any KernelProvider]

        func kernels() async throws -> [KernelDescription] {
            var all: [KernelDescription] = []
            for provider in others { all += try await provider.kernels() }
            return all
        }

        func withKernel<Result>(
            _ request: KernelRequest, _ body: (any Kernel) async throws -> Result
        ) async throws -> Result {
            let wanted = request.kernel ?? request.notebook.name
            for provider in others where try await provider.kernels().contains(where: { $0.name == wanted }) {
                return try await provider.withKernel(request, body)
            }
            throw NoneHasIt(name: wanted ?? "without a name")
        }
    }

    struct NoneHasIt: KernelFault, CustomStringConvertible {
        let name: String
        let isTransient = true
        var description: String { "No provider has a kernel \(name)" }
    }

    var options = Options()
    options.kernels = FirstOf(others: [ScriptedKernels { _ in ScriptedKernel { .running(printing: $0) } }])
    options.kernel = "script"
    let report = try await execute("report.ipynb", options)
    print(report.isSuccess, try await options.kernels.kernels().map(\.name))
    var other = options
    other.kernel = "other"
    var batch = Batch([Batch.Job("clean.ipynb", options), Batch.Job("report.ipynb", other)])
    batch.retries = 1
    for job in await batch.run().jobs { print(job.isSuccess, job.failedAttempts) }
}

/// From ``Run``.
func run() async throws {
    let run = Run("report.ipynb")
    for await event in run.events {
        if case .cellFinished(let cell) = event { print(cell.number, cell.title) }
    }
    let report = try await run.report
    print(report.outcome.status)
}

func lookAtOutputs() async throws {
    let report = try await execute("report.ipynb")
    for cell in report.cells where !cell.isSuccess { print(cell.number, cell.title) }
    if let last = report.cells.last, let output = report.outputs(of: last).last {
        print(output.data?.text("text/plain") ?? output.text ?? "")
    }
}

func followCode() async throws {
    try await withKernel("python3") { kernel in
        let execution = kernel.start("for day in range(1000): print(day, flush=True)")
        for await output in execution.outputs {
            if case .stream(_, let text) = output, text.contains("3") { break }
        }
        await kernel.interrupt()
        let result = try await execution.result
        print(result.text.hasPrefix("0\n1\n2\n3\n"))
    }
}

/// From `Run.fractionCompleted`.
func shareOfARun() async throws {
    let run = Run("report.ipynb")
    for await event in run.events {
        if let fraction = event.fractionCompleted { print("\(Int(fraction * 100)) %") }
    }
    print(run.fractionCompleted)
}

/// From `BatchRun.fractionCompleted`.
func shareOfABatch() async throws {
    let run = BatchRun(Batch([Batch.Job("clean.ipynb"), Batch.Job("report.ipynb")]))
    var fraction = 0.0
    for await _ in run.events { fraction = run.fractionCompleted }
    print(fraction)
}

/// From `Execution`.
func execution() async throws {
    try await withKernel("python3") { kernel in
        let execution = kernel.start("for day in range(3): print(day, flush=True)")
        for await output in execution.outputs {
            if case .stream(_, let text) = output { print(text, terminator: "") }
        }
        let result = try await execution.result
        print(result.isSuccess)
    }
}

/// From `KernelClient.restart()`.
func restartAKernel() async throws {
    try await withKernel("python3") { kernel in
        try await kernel.execute("x = 1")
        try await kernel.restart()
        let result = try await kernel.execute("x")
        print(result.error?.name ?? "")
    }
}

/// From `KernelClient.complete(_:at:limit:)`.
func completeCode() async throws {
    try await withKernel("python3") { kernel in
        let completion = try await kernel.complete("import mat")
        for match in completion.matches { print(completion.code(choosing: match)) }
    }
}

/// From `KernelClient.inspect(_:at:detail:limit:)`.
func inspectCode() async throws {
    try await withKernel("python3") { kernel in
        let inspection = try await kernel.inspect("print")
        print(inspection?.text?.hasPrefix("Signature: print(") ?? false)
    }
}

/// From `KernelClient.isComplete(_:limit:)`.
func judgeCode() async throws {
    try await withKernel("python3") { kernel in
        if case .incomplete(let indent) = try await kernel.isComplete("for n in range(3):") {
            print("goes on with \(indent.count) spaces")
        }
    }
}

/// From `kernels(of:)`.
func listKernels() async throws {
    let usable = try await kernels().filter { $0.problem == nil }
    print(usable.contains { $0.name == "python3" })
}

/// From `Notebook.init(contentsOf:)`.
func notebooksInFiles() async throws {
    var notebook = try await Notebook(contentsOf: "report.ipynb")
    notebook.cells.append(.markdown("Checked."))
    try await notebook.write(to: "report.ipynb")
    print(try await Notebook(contentsOf: "report.ipynb").cells.map(\.source))
}

/// From ``EventSink``.
func eventSink() async throws {
    struct Console: EventSink {
        func receive(_ event: BatchEvent) {
            if case .ended(let job, let report) = event { print(job, report.name, report.isSuccess) }
        }
    }

    var options = Options()
    options.events = [Console()]
    let report = try await execute("report.ipynb", options)
    print(report.outcome.status)
}

/// From ``withKernel(_:_:_:)``.
func kernelClient() async throws {
    let answer = try await withKernel("python3") { kernel in
        try await kernel.execute("import math")
        return try await kernel.execute("math.factorial(10)").text
    }
    print(answer)
}

/// From `ScriptedKernel`.
func scriptedKernel() async throws {
    var options = Options()
    options.kernels = ScriptedKernels { _ in
        ScriptedKernel { code in .running(printing: "I was asked to run \(code)") }
    }
    let (notebook, _) = try await execute(Notebook(code: "6 * 7"), options)
    print(notebook.cells[0].outputs[0].text ?? "")
}

/// From `ScriptedKernel.init(_:answering:)`.
func scriptedAnswers() async throws {
    let kernel = ScriptedKernel({ code in .running(printing: code) }) { question in
        switch question.type {
        case "complete_request": .completing(["print", "property"], replacing: 0..<2)
        case "inspect_request": .inspecting("Prints values.")
        case "is_complete_request": .judging("incomplete", indent: "    ")
        default: []
        }
    }
    var options = Options()
    options.kernels = ScriptedKernels { _ in kernel }
    let completion = try await withKernel("script", options) { try await $0.complete("pr") }
    print(completion.matches)
}

extension Notebook {
    fileprivate init(code: String) {
        self.init()
        cells.append(.code(code))
    }
}

/// From `Options`.
func optionsOfBothKinds() async throws {
    var options = Options()
    options.timeout = .seconds(600)
    options.kernels = AttachedKernels("kernel-4711.json")
    let report = try await execute("report.ipynb", options)
    print(report.isSuccess)
}

/// From `MemoryStorage`.
func storageInMemory() async throws {
    var draft = Notebook()
    draft.cells.append(.code("6 * 7"))
    let storage = MemoryStorage(["memory://draft.ipynb": draft])
    var options = Options()
    options.storage.append(storage)
    _ = try await execute("memory://draft.ipynb", options)
    let result = try storage.notebook(at: "memory://draft.executed.ipynb")
    print(result?.cells[0].outputs[0].data?.text("text/plain") ?? "")
}

/// From `Batch.init(_:of:_:)`.
func batchOverAMatrix() async throws {
    var options = Options()
    options.result = .template("out/{name}-{region}-{year}.ipynb")
    let matrix = ParameterMatrix(["region": ["eu", "us"], "year": [2024, 2025]])
    let report = try await Batch(matrix, of: "report.ipynb", options).run()
    for job in report.jobs { print(job.title, job.isSuccess) }
}

/// From `NamedResults`.
func namedResults() async throws {
    let report = try await execute("report.ipynb")
    if let value = report.results["rmse"]?.value?.double { print(value) }
    for result in report.results { print(result.name, result.cell) }
}

func aStorageOfYourOwn() async throws {
    /// Stores notebooks in drawers: `drawer://a/report.ipynb`. A stuck drawer opens at the second attempt.
    final class Drawers: StorageProvider {
        let name = "drawers"
        private let contents: MemoryStorage
        private let isStuck = Mutex(true)

        init(_ contents: MemoryStorage) { self.contents = contents }

        func opens(_ location: NotebookLocation) -> Bool { location.scheme == "drawer" }

        func store(at location: NotebookLocation) throws -> any NotebookStore {
            if location.text.contains("stuck"), isStuck.withLock({ exchange(&$0, with: false) }) { throw StuckDrawer() }
            return contents.store(at: location)
        }

        func notebooks(in folder: NotebookLocation) -> [NotebookLocation] { contents.notebooks(in: folder) }
    }

    struct StuckDrawer: StorageFault, CustomStringConvertible {
        let isTransient = true
        let description = "The drawer is stuck. Pull again"
    }

    var notebook = Notebook()
    notebook.cells.append(.code("6 * 7"))
    let contents = MemoryStorage(["drawer://a/report.ipynb": notebook, "drawer://stuck/report.ipynb": notebook])
    var options = Options()
    options.storage.append(Drawers(contents))
    let report = try await execute("drawer://a/report.ipynb", options)
    print(report.result ?? "")
    var batch = Batch(["drawer://a/report.ipynb", "drawer://stuck/report.ipynb"].map { Batch.Job($0, options) })
    batch.retries = 1
    for job in await batch.run().jobs { print(job.name, job.isSuccess, job.failedAttempts) }
}

func aPreparationOfYourOwn() async throws {
    struct Quiet: NotebookPreparation {
        func prepare(_ notebook: inout Notebook, warn: (String) -> Void) {
            notebook.cells.removeAll { $0.tags.contains("chatty") }
        }
    }

    var chatty = Cell.code("print('hello')")
    chatty.tags = ["chatty"]
    var notebook = Notebook()
    notebook.cells = [chatty, .code("6 * 7")]
    var options = Options()
    options.preparations = [Quiet()]
    let (result, report) = try await execute(notebook, options)
    print(report.isSuccess, result.cells.count)
}

func aFlagOfYourOwn() async throws {
    let nightly = Flag<Options>("--nightly", in: .time, "Give the run eight hours") { options in
        options.totalTimeout = .seconds(8 * 3600)
    }
    print(FlagReference([nightly]))

    let parser = FlagParser(Options.flags, help: "nightly --help")
    var options = Options()
    let notebooks = try parser.parse(["--timeout", "10m", "report.ipynb"], into: &options)
    let report = try await execute(notebooks[0], options)
    print(report.isSuccess, options.timeout ?? .zero)
}
