import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol

/// The progress bars among the widgets that a notebook displays, as lines of text.
struct WidgetBars {
    private var models: [String: Model] = [:]
    /// The IDs of the displayed bars, and of the boxes with bars, in order.
    private var displayed: [String] = []

    /// The parts of a widget's state that appear in its text.
    private struct Model {
        var state: [String: Value] = [:]

        var kind: Kind? { state["_model_name"]?.string.flatMap(Kind.init) }
        var children: [String] {
            // Children are references, such as "IPY_MODEL_1f".
            state["children"]?.elements.compactMap(\.string).filter { $0.hasPrefix(Self.reference) }
                .map { String($0.dropFirst(Self.reference.count)) } ?? []
        }

        static let keys: Set = ["_model_name", "children", "description", "max", "min", "value"]
        private static let reference = "IPY_MODEL_"
    }

    private enum Kind {
        case bar, text, box

        init?(_ model: String) {
            switch model {
            case "FloatProgressModel", "IntProgressModel": self = .bar
            case "HTMLModel", "LabelModel": self = .text
            case "HBoxModel", "VBoxModel", "BoxModel": self = .box
            default: return nil
            }
        }
    }

    /// Takes a message of a widget. Ignores widgets that are not part of a bar.
    mutating func receive(_ comm: IOPubMessage.Comm) {
        if comm.action == .close {
            models[comm.id] = nil
            displayed.removeAll { $0 == comm.id }
            return
        }
        guard let state = comm.state, models[comm.id] != nil || state["_model_name"]?.string.flatMap(Kind.init) != nil
        else { return }
        for (key, value) in state.members where Model.keys.contains(key) {
            models[comm.id, default: Model()].state[key] = value
        }
    }

    /// Begins to show a displayed object; returns false if it is not a widget with a bar.
    mutating func show(_ display: IOPubMessage.Display) -> Bool {
        guard let id = display.data["application/vnd.jupyter.widget-view+json"]?["model_id"]?.string,
            hasBar(id, depth: 0)
        else { return false }
        if !displayed.contains(id) { displayed.append(id) }
        return true
    }

    /// The displayed bars.
    var lines: [String] { displayed.map { text($0, depth: 0) } }

    /// Returns the displayed bars, and no longer shows them.
    mutating func end() -> [String] {
        defer { displayed = [] }
        return lines
    }

    /// The depth at which boxes in boxes are cut off: a hostile kernel can put a box into itself.
    private static let deepest = 4

    private func hasBar(_ id: String, depth: Int) -> Bool {
        guard depth < Self.deepest, let model = models[id] else { return false }
        return model.kind == .bar || model.children.contains { hasBar($0, depth: depth + 1) }
    }

    private func text(_ id: String, depth: Int, isLabeled: Bool = false) -> String {
        guard depth < Self.deepest, let model = models[id] else { return "" }
        switch model.kind {
        case .text: return model.state["value"]?.string?.plainText ?? ""
        case .bar: return bar(model.state, isLabeled)
        case .box:
            let hasText = model.children.contains { models[$0]?.kind == .text }
            return model.children.map { text($0, depth: depth + 1, isLabeled: hasText) }.joined()
        case nil: return ""
        }
    }

    /// Returns a bar. Text beside it contains the numbers already.
    private func bar(_ state: [String: Value], _ isLabeled: Bool) -> String {
        func number(_ key: String) -> Double? { state[key]?.number?.double }
        let (value, least, most) = (number("value") ?? 0, number("min") ?? 0, number("max") ?? 100)
        let share = most > least ? min(1, max(0, (value - least) / (most - least))) : 0
        let bar = ProgressBar.text(share, width: 10, empty: " ")
        let description = state["description"]?.string ?? ""
        let lead = description.isEmpty ? "" : description + " "
        return isLabeled ? "\(lead)|\(bar)|" : "\(lead)\(Int(share * 100))%|\(bar)|"
    }
}

extension String {
    /// The text of a piece of HTML, without tags and with the entities that Python's `html.escape` makes.
    fileprivate var plainText: String {
        let text = prefix(2000).replacing(/<[^>]*>/, with: "")
        return [
            // tqdm pads numbers with figure spaces.
            ("\u{2007}", " "), ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"),
            ("&amp;", "&"),
        ].reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
