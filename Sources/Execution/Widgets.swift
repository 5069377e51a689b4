import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook

/// The state of a run's widgets, as a browser would hold it, including the outputs that output widgets capture.
struct Widgets: Sendable {
    private var models: [String: Model] = [:]
    /// The IDs of the models, in order of appearance.
    private var order: [String] = []
    /// The widgets that capture the outputs of a request, by its message ID. The last one captures first.
    private var capturingWidgets: [String: [String]] = [:]
    private let settings: RunSettings
    /// Widgets with captured outputs that were not yet sent to the kernel.
    private var changedWidgets: Set<String> = []

    private struct Model: Sendable {
        var state: Value = [:]
        /// Binary values of the state, by their path within it.
        var buffers: [(path: [UInt8], json: Value)] = []
        var catcher: OutputCapture?

        var isOutput: Bool {
            state["_model_module"]?.string == "@jupyter-widgets/output" && state["_model_name"]?.string == "OutputModel"
        }
    }

    /// The browser's part of an output widget.
    private struct OutputCapture: Sendable {
        var area: OutputArea
        /// The message ID of the request whose outputs the widget captures.
        var request: String?
        /// The header of the request whose outputs the widget captured last.
        var parent: Header?
    }

    init(_ settings: RunSettings) { self.settings = settings }

    /// Applies a comm message from the kernel to the state.
    mutating func receive(_ comm: IOPubMessage.Comm) {
        guard let state = comm.state else { return }
        if models[comm.id] == nil { order.append(comm.id) }
        var model = models.removeValue(forKey: comm.id) ?? Model()
        for (key, value) in state.members { model.state[key] = value }
        for (path, bytes) in zip(comm.data["buffer_paths"]?.elements ?? [], comm.buffers) {
            let json: Value = ["data": .string(Base64.encode(bytes)), "encoding": "base64", "path": path]
            let key = path.canonicalText.bytes
            model.buffers.removeAll { $0.path == key }
            model.buffers.append((key, json))
        }
        switch comm.action {
        case .open(target: "jupyter.widget") where model.isOutput:
            model.catcher = OutputCapture(area: area(state["outputs"] ?? []))
        case .message where model.catcher != nil:
            // Outputs that the kernel sets replace the captured ones.
            if let outputs = state["outputs"] {
                model.catcher?.area = area(outputs)
                changedWidgets.remove(comm.id)
            }
            if let request = comm.capturedRequestID { turn(comm.id, &model, to: request) }
        default: break
        }
        models[comm.id] = model
    }

    private func area(_ outputs: Value) -> OutputArea {
        OutputArea(
            outputs.elements.map { Output(json: $0) }, limit: settings.outputBound,
            collapsesProgress: settings.collapsesProgress)
    }

    /// Starts to capture the outputs of a request; an empty `request` ends the capture.
    private mutating func turn(_ id: String, _ model: inout Model, to request: String) {
        if request.isEmpty {
            let old = model.catcher?.request ?? ""
            if let index = capturingWidgets[old]?.lastIndex(of: id) { capturingWidgets[old]?.remove(at: index) }
            if capturingWidgets[old]?.isEmpty == true { capturingWidgets[old] = nil }
        } else {
            capturingWidgets[request, default: []].append(id)
        }
        model.catcher?.request = request.isEmpty ? nil : request
    }

    /// Captures an output if a widget captures those of its request; returns whether it did.
    mutating func captureOutput(_ iopubMessage: IOPubMessage, of parent: Header?) -> Bool {
        guard let parent, let id = capturingWidgets[parent.id]?.last else { return false }
        switch iopubMessage {
        case .clear(let waits): models[id]?.catcher?.area.clear(waits: waits)
        case .stream(let name, let text): models[id]?.catcher?.area.write(text, to: Output.Stream(name: name))
        default:
            guard let output = Output(iopubMessage) else { return false }
            _ = models[id]?.catcher?.area.add(output)
        }
        models[id]?.catcher?.parent = parent
        changedWidgets.insert(id)
        return true
    }

    /// Returns the messages that send newly captured outputs to the kernel.
    ///
    /// A kernel processes them after its current request, so sending them once for each request is enough.
    mutating func widgetMessages(from session: Session) -> [Message] {
        defer { changedWidgets = [] }
        return order.filter(changedWidgets.contains).compactMap { id in
            guard let catcher = models[id]?.catcher else { return nil }
            let outputs = Value.array(catcher.area.outputs().map(\.whole))
            models[id]?.state["outputs"] = outputs
            let data: Value = ["buffer_paths": [], "method": "update", "state": ["outputs": outputs]]
            return session.commMessage(data, to: id, parent: catcher.parent)
        }
    }

    /// The widget state for the notebook's metadata; nil if there are no widgets.
    var metadata: Value? {
        guard !models.isEmpty else { return nil }
        var states: [(String, Value)] = []
        for id in order {
            guard var model = models[id], model.state["_model_name"] != nil else { continue }
            if changedWidgets.contains(id), let catcher = model.catcher {
                model.state["outputs"] = .array(catcher.area.outputs().map(\.whole))
            }
            var json: Value = [
                "model_module": model.state["_model_module"] ?? .null,
                "model_module_version": model.state["_model_module_version"] ?? .null,
                "model_name": model.state["_model_name"] ?? .null, "state": model.state,
            ]
            if !model.buffers.isEmpty { json["buffers"] = .array(model.buffers.map(\.json)) }
            states.append((id, json))
        }
        return [
            "application/vnd.jupyter.widget-state+json": [
                "state": .object(states), "version_major": 2, "version_minor": 0,
            ]
        ]
    }
}

extension Output {
    /// Creates the output of a message; nil for text of a stream and for messages without an output.
    init?(_ iopubMessage: IOPubMessage) {
        switch iopubMessage {
        case .display(let display): self = .displayData(MimeBundle(sent: display.data), metadata: display.metadata)
        case .result(let display, let count):
            self = .executeResult(MimeBundle(sent: display.data), executionCount: count, metadata: display.metadata)
        case .error(let name, let value, let traceback):
            self = .error(name: name, value: value, traceback: traceback)
        default: return nil
        }
    }
}
