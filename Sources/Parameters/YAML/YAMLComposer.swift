/// Builds values from the events of a YAML document.
struct YAMLComposer {
    private var events: ArraySlice<YAMLEvent>
    private var anchors: [String: ParameterValue] = [:]
    /// The number of values so far, with those that aliases repeat.
    private var count = 0

    /// A text of a few lines can repeat its values without end, as lists of aliases of lists of aliases.
    private static let mostValues = 1_000_000

    /// Reads the only document of a text; an empty text is null.
    static func value(of text: String) throws(ParameterError) -> ParameterValue {
        var composer = YAMLComposer(events: try YAMLEvent.all(in: text)[...])
        guard let begin = composer.events.popFirst(), begin.content == .beginDocument else { return .null }
        let value = try composer.value()
        _ = composer.events.popFirst()
        if let next = composer.events.first {
            throw next.error("a second document begins; give one document, without '---' between its lines")
        }
        return value
    }

    private mutating func value() throws(ParameterError) -> ParameterValue {
        guard let event = events.popFirst() else { return .null }
        return try value(of: event)
    }

    private mutating func value(of event: YAMLEvent) throws(ParameterError) -> ParameterValue {
        let value: ParameterValue
        switch event.content {
        case .scalar(let text, let isPlain): value = try YAMLScalar.value(of: text, isPlain: isPlain, event)
        case .beginList:
            try event.checkTag("seq")
            value = .list(try list())
        case .beginMap:
            try event.checkTag("map")
            value = .map(try map())
        case .alias(let name):
            guard let known = anchors[name] else {
                throw event.error("the alias *\(name)' stands before or within its anchor &\(name)")
            }
            value = known
            count += known.count
        case .beginDocument, .endDocument, .endList, .endMap: value = .null
        }
        count += 1
        guard count <= Self.mostValues else { throw event.error("the text has more than \(Self.mostValues) values") }
        if let anchor = event.anchor { anchors[anchor] = value }
        return value
    }

    private mutating func list() throws(ParameterError) -> [ParameterValue] {
        var values: [ParameterValue] = []
        while let event = events.popFirst(), event.content != .endList {
            values.append(try value(of: event))
        }
        return values
    }

    private mutating func map() throws(ParameterError) -> ParameterMap {
        var own = ParameterMap()
        var merged = ParameterMap()
        while let event = events.popFirst(), event.content != .endMap {
            guard case .scalar(let name, let isPlain) = event.content else {
                throw event.error("the name of a value must be a text, not a list, a map or an alias")
            }
            if let anchor = event.anchor { anchors[anchor] = .string(name) }
            let value = try value()
            if name == "<<", isPlain {
                try merge(value, into: &merged, at: event)
            } else {
                guard own.insert(value, for: name) else { throw event.error("'\(name)' stands twice in one map") }
            }
        }
        // What the map itself says replaces what it takes from others.
        merged.merge(own)
        return merged
    }

    /// Adds the members of another map, or of several, as the key `<<` does: the first of a name counts.
    private func merge(
        _ value: ParameterValue, into map: inout ParameterMap, at event: YAMLEvent
    ) throws(ParameterError) {
        switch value {
        case .map(let other): for member in other.members { _ = map.insert(member.value, for: member.name) }
        case .list(let others):
            for other in others {
                guard case .map = other else { throw event.error("<< takes a map or a list of maps") }
                try merge(other, into: &map, at: event)
            }
        default: throw event.error("<< takes a map or a list of maps")
        }
    }
}

extension YAMLEvent {
    /// An error at the place of the event.
    func error(_ problem: String) -> ParameterError {
        .invalidText(line: place.line, column: place.column, problem: problem)
    }

    /// Refuses another type than this one of YAML's own.
    fileprivate func checkTag(_ name: String) throws(ParameterError) {
        guard let tag, tag != "!", tag != YAMLScalar.prefix + name else { return }
        throw error("the type \(tag) is unknown; leave it out")
    }
}

extension ParameterValue {
    /// The number of values in this one.
    fileprivate var count: Int {
        switch self {
        case .list(let values): values.reduce(values.count) { $0 + $1.count }
        case .map(let map): map.members.reduce(map.members.count) { $0 + $1.value.count }
        default: 0
        }
    }
}
