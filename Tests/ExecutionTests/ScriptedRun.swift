import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook
import GalleyTesting
import Synchronization

/// The result of a run in a scripted kernel.
struct ScriptedRun {
    let outcome: RunOutcome
    let cells: [CellReport]
    let notebook: Notebook
    let kernel: ScriptedKernel
    let events: [RunEvent]
    let results: NamedResults

    /// The outputs of a cell, one line each.
    func outputs(_ index: Int) -> [String] { notebook.cells[index].outputs.map(\.inShort) }
}

extension Notebook {
    /// Makes a notebook of code cells with outputs of an earlier run.
    init(cells sources: [String], metadata: Value = [:]) {
        self.init()
        self.metadata = metadata
        for (index, source) in sources.enumerated() {
            var cell = Cell.code(source, id: "cell-\(index)")
            cell.outputs = [.stream(.stdout, "old\n")]
            cell.executionCount = 99
            cells.append(cell)
        }
    }
}

extension Output {
    /// The output in one line.
    var inShort: String {
        switch kind {
        case .stream(let stream): "\(stream.name): \(text ?? "")"
        case .displayData: "display: \(data?.text("text/plain") ?? "?")"
        case .executeResult: "result: \(data?.text("text/plain") ?? "?")"
        case .error: "error: \(errorName ?? "")"
        case .other(let kind): kind
        }
    }
}

/// Runs a notebook in a kernel that a script simulates: the source of a cell is a word of the script.
///
/// - Parameters:
///   - eagerly: Whether time advances as soon as all messages of the kernel are received.
///   - stop: Receives each request before the kernel.
///   - watch: Receives each event.
func run(
    _ notebook: Notebook, _ settings: RunSettings = RunSettings(), hooks: CellHooks = CellHooks(),
    eagerly: Bool = false,
    on clock: (any Clock<Duration>)? = nil, stop: (@Sendable (Executor, Message) -> Void)? = nil,
    watch: (@Sendable (Executor, RunEvent) -> Void)? = nil,
    script: @escaping @Sendable (_ code: String, _ request: Message) -> [ScriptedKernel.Step],
    answeringQuestion: @escaping @Sendable (Message) -> [ScriptedKernel.Step] = { _ in .introducing }
) async throws -> ScriptedRun {
    let current = Mutex<Executor?>(nil)
    let events = Mutex<[RunEvent]>([])
    let kernel = ScriptedKernel.answering { request in
        if let stop, let executor = current.withLock(\.self) { stop(executor, request) }
        switch request.type {
        case "kernel_info_request": return answeringQuestion(request)
        case "comm_msg": return []
        default: return script(request.content["code"]?.string ?? "", request)
        }
    }
    let plan = try Plan(for: notebook, settings)
    let clock: any Clock<Duration> =
        clock ?? (eagerly ? ImmediateClock { kernel.messages.hasWaitingReader } : ContinuousClock())
    let executor = Executor(notebook, plan, on: kernel, settings, hooks: hooks, clock: clock) { event in
        events.withLock { $0.append(event) }
        if let watch, let executor = current.withLock(\.self) { watch(executor, event) }
    }
    current.withLock { $0 = executor }
    let (outcome, cells) = await executor.run()
    async let late: Void = executor.receiveUntilEnd()
    await kernel.shutdown()
    await late
    executor.observeNewResults()
    return ScriptedRun(
        outcome: outcome, cells: cells, notebook: executor.notebook, kernel: kernel, events: events.withLock(\.self),
        results: executor.results)
}

extension ScriptedKernel.Step {
    static func print(_ text: String, to stream: String = "stdout", about: ScriptedKernel.ParentRequest = .request)
        -> Self
    {
        .say("stream", on: .iopub, content: ["name": .string(stream), "text": .string(text)], about: about)
    }

    static func display(_ text: String, id: String? = nil, type: String = "display_data") -> Self {
        var content: Value = ["data": ["text/plain": .string(text)], "metadata": [:]]
        if let id { content["transient"] = ["display_id": .string(id)] }
        return .say(type, on: .iopub, content: content)
    }

    static func clear(waits: Bool) -> Self { .say("clear_output", on: .iopub, content: ["wait": .bool(waits)]) }

    /// The kernel opens a comm of a widget.
    static func opening(_ id: String, _ state: Value) -> Self {
        .say(
            "comm_open", on: .iopub,
            content: ["comm_id": .string(id), "data": ["state": state], "target_name": "jupyter.widget"])
    }

    /// The kernel sends a state update of a widget.
    static func comm(_ id: String, _ state: Value, paths: Value = [], buffers: [[UInt8]] = []) -> Self {
        let data: Value = ["buffer_paths": paths, "method": "update", "state": state]
        return .say("comm_msg", on: .iopub, content: ["comm_id": .string(id), "data": data], buffers: buffers)
    }
}
