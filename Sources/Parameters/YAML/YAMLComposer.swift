/// Builds values from the events of a YAML document.
struct YAMLComposer {
    private var events: ArraySlice<YAMLEvent>
    private var anchors: [String: Measured] = [:]

    /// A text of a few lines can repeat its values without end, as lists of aliases of lists of aliases.
    private static let mostValues = 1_000_000
    private static let mostDepth = 200

    /// A value, the number of values in it with those that aliases repeat, and how deep they are nested.
    private struct Measured {
        let value: ParameterValue
        var count = 1
        var depth = 0
    }

    /// Reads the only document of a text; an empty text is null.
    static func value(of text: String) throws(ParameterError) -> ParameterValue {
        var composer = YAMLComposer(events: try YAMLEvent.all(in: text)[...])
        guard let begin = composer.events.popFirst(), begin.content == .beginDocument else { return .null }
        let value = try composer.value().value
        _ = composer.events.popFirst()
        if let next = composer.events.first {
            throw next.error("a second document begins; give one document, without '---' between its lines")
        }
        return value
    }

    private mutating func value() throws(ParameterError) -> Measured {
        guard let event = events.popFirst() else { return Measured(value: .null) }
        return try value(of: event)
    }

    private mutating func value(of event: YAMLEvent) throws(ParameterError) -> Measured {
        let value: Measured
        switch event.content {
        case .scalar(let text, let isPlain):
            value = Measured(value: try YAMLScalar.value(of: text, isPlain: isPlain, event))
        case .beginList:
            try event.checkTag("seq")
            value = try list()
        case .beginMap:
            try event.checkTag("map")
            value = try map()
        case .alias(let name):
            guard let known = anchors[name] else {
                throw event.error("the alias *\(name) stands before or within its anchor &\(name)")
            }
            value = known
        case .beginDocument, .endDocument, .endList, .endMap: value = Measured(value: .null)
        }
        guard value.depth <= Self.mostDepth else {
            throw event.error("values are nested more than \(Self.mostDepth) deep")
        }
        if let anchor = event.anchor { anchors[anchor] = value }
        return value
    }

    private mutating func list() throws(ParameterError) -> Measured {
        var (values, count, depth) = ([ParameterValue](), 1, 0)
        while let event = events.popFirst(), event.content != .endList {
            let element = try value(of: event)
            values.append(element.value)
            (count, depth) = (count + element.count, max(depth, element.depth))
            try check(count, at: event)
        }
        return Measured(value: .list(values), count: count, depth: depth + 1)
    }

    private mutating func map() throws(ParameterError) -> Measured {
        var (own, merged) = (ParameterMap(), ParameterMap())
        var (count, depth) = (1, 0)
        while let event = events.popFirst(), event.content != .endMap {
            guard case .scalar(let name, let isPlain) = event.content else {
                throw event.error("the name of a value must be a text, not a list, a map or an alias")
            }
            if let anchor = event.anchor { anchors[anchor] = Measured(value: .string(name)) }
            let member = try value()
            (count, depth) = (count + member.count, max(depth, member.depth))
            try check(count, at: event)
            if name == "<<", isPlain {
                try merge(member.value, into: &merged, at: event)
            } else {
                guard own.insert(member.value, for: name) else { throw event.error("'\(name)' is repeated in one map") }
            }
        }
        // The map's own members replace merged ones.
        merged.merge(own)
        return Measured(value: .map(merged), count: count, depth: depth + 1)
    }

    private func check(_ count: Int, at event: YAMLEvent) throws(ParameterError) {
        guard count > Self.mostValues else { return }
        throw event.error("there are more than \(Self.mostValues) values, with those that aliases repeat")
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
