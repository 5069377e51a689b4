import GalleyJSON
package import GalleyNotebook

/// Compares the new outputs of a cell with the outputs stored in its notebook.
///
/// The comparison follows nbval. Each stream is compared as one text. Displayed data and results are compared by MIME
/// type, in order. Errors are compared by name and value. The order among outputs of different kinds does not matter.
/// Metadata, execution counts, tracebacks and widget views are ignored.
package struct OutputComparison: Sendable {
    /// The differences; empty if the outputs are equal.
    package let differences: [Difference]
    /// The regular expressions of the sanitizers that took too long, so that some of their matches remain.
    package let unfinishedExpressions: [String]

    /// Whether the outputs are equal.
    package var isSame: Bool { differences.isEmpty }

    /// Compares stored outputs with fresh ones.
    ///
    /// Text is compared byte by byte after sanitizing; memory addresses and times get no other special treatment. PNG
    /// images are compared by pixels, JSON by value, other images and binary data by bytes.
    package init(
        of stored: some Sequence<Output>, with fresh: some Sequence<Output>,
        sanitizers: TextSanitizers = TextSanitizers()
    ) {
        let sanitizers = SanitizerRun(sanitizers)
        let old = OutputsByType(stored, sanitizers)
        let new = OutputsByType(fresh, sanitizers)
        var comparer = ItemComparer(sanitizers: sanitizers)
        for key in old.keys { comparer.compare(old.items[key] ?? [], new.items[key] ?? []) }
        for key in new.keys where old.items[key] == nil { comparer.compare([], new.items[key] ?? []) }
        differences = comparer.differences
        unfinishedExpressions = sanitizers.unfinishedExpressions
    }

}

/// Finds the differences between outputs of the same kind.
private struct ItemComparer {
    let sanitizers: SanitizerRun
    private(set) var differences: [Difference] = []

    mutating func compare(_ old: [OutputsByType.Item], _ new: [OutputsByType.Item]) {
        for (one, other) in pairs(old, new) {
            let places = max(old.count, new.count)
            switch (one, other) {
            case (let one?, let other?):
                let lines = old[one].value.difference(to: new[other].value, sanitizers)
                if !lines.isEmpty { add(.changed, old[one].name(one, of: places), lines, old[one], new[other]) }
            case (let one?, nil):
                add(.missing, old[one].name(one, of: places), beginning(of: old[one], mark: "- "), old[one], nil)
            case (nil, let other?):
                add(.added, new[other].name(other, of: places), beginning(of: new[other], mark: "+ "), nil, new[other])
            case (nil, nil): break
            }
        }
    }

    private mutating func add(
        _ kind: Difference.Kind, _ what: String, _ lines: [String], _ old: OutputsByType.Item?,
        _ new: OutputsByType.Item?
    ) {
        differences.append(
            Difference(
                what: what, kind: kind, lines: lines, type: (old ?? new)?.type, storedOutput: old?.output,
                newOutput: new?.output))
    }

    private func beginning(of item: OutputsByType.Item, mark: String) -> [String] {
        TextDifference.beginning(of: item.value.readable(sanitizers), mark: mark)
    }

    /// Pairs the old items with the new ones in order; if an item is missing, the items after it move up.
    private func pairs(_ old: [OutputsByType.Item], _ new: [OutputsByType.Item]) -> [(Int?, Int?)] {
        let inOrder = { (old: Range<Int>, new: Range<Int>) in
            (0..<max(old.count, new.count)).map { offset in
                (
                    offset < old.count ? old.lowerBound + offset : nil,
                    offset < new.count ? new.lowerBound + offset : nil
                )
            }
        }
        guard old.count != new.count, !old.isEmpty, !new.isEmpty,
            let script = EditScript(
                from: old.map { $0.value.key(sanitizers) }, to: new.map { $0.value.key(sanitizers) })
        else { return inOrder(old.indices, new.indices) }
        // The items between the changes are equal.
        return script.changes.flatMap { inOrder($0.old, $0.new) }
    }
}

/// The outputs of a cell, grouped by kind.
private struct OutputsByType {
    /// The kinds in order of their first output.
    private(set) var keys: [String] = []
    private(set) var items: [String: [Item]] = [:]

    /// A part of an output.
    struct Item {
        let what: String
        let isResult: Bool
        let value: ComparedValue
        /// The MIME type, and the index of the output; nil for streams and errors.
        var type: String?
        var output: Int?

        /// Returns the name of the item at an index among `count` items of its kind.
        func name(_ index: Int, of count: Int) -> String {
            if isResult { return "\(what) of the result" }
            return count > 1 ? "\(what) number \(index + 1)" : what
        }
    }

    /// MIME types that are not compared: widget views contain random identifiers.
    private static let unseen: Set = ["application/vnd.jupyter.widget-view+json"]

    init(_ outputs: some Sequence<Output>, _ sanitizers: SanitizerRun) {
        var streams: [String: String] = [:]
        for (index, output) in outputs.enumerated() {
            switch output.kind {
            case .stream(let stream):
                if streams[stream.name] == nil { keys.append(stream.name) }
                streams[stream.name, default: ""] += output.text ?? ""
            case .displayData, .executeResult:
                guard let data = output.data else { continue }
                for type in data.types where !Self.unseen.contains(type) {
                    let value = ComparedValue(type, in: data, sanitizers)
                    add(type, value, isResult: output.kind == .executeResult, type: type, output: index)
                }
            case .error:
                add("the error's name", .text(sanitizers.sanitized(output.errorName ?? "")))
                add("the error's value", .text(sanitizers.sanitized(output.errorValue ?? "")))
            case .other(let kind): add(kind, .json(output.json))
            @unknown default: break
            }
        }
        for (name, text) in streams {
            let item = Item(what: name, isResult: false, value: .text(sanitizers.sanitized(text.withoutOverwritten)))
            items[name] = text.isEmpty ? nil : [item]
        }
        keys.removeAll { items[$0] == nil }
    }

    private mutating func add(
        _ key: String, _ value: ComparedValue, isResult: Bool = false, type: String? = nil, output: Int? = nil
    ) {
        if items[key] == nil { keys.append(key) }
        items[key, default: []].append(Item(what: key, isResult: isResult, value: value, type: type, output: output))
    }
}

extension String {
    /// The text without the parts of lines that are overwritten after a carriage return.
    var withoutOverwritten: String {
        guard utf8.contains(0x0D) else { return self }
        var bytes: [UInt8] = []
        for line in utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
            let kept = line.dropLast().lastIndex(of: 0x0D).map { line[line.index(after: $0)...] } ?? line[...]
            bytes += kept
            bytes.append(0x0A)
        }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
}
