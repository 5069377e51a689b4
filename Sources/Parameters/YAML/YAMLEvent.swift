internal import GalleyCYAML

/// A part of a YAML document, as libyaml reads it.
struct YAMLEvent {
    let content: Content
    /// Where it begins.
    let place: TextPlace
    /// The name by which aliases refer to it; nil if it has none.
    var anchor: String?
    /// The full name of its type, such as `tag:yaml.org,2002:str`; nil if the text does not say one.
    var tag: String?

    enum Content: Equatable {
        case beginDocument
        case endDocument
        /// A text; `isPlain` if it stands without quotes, so that its form decides on its type.
        case scalar(String, isPlain: Bool)
        case beginList
        case endList
        case beginMap
        case endMap
        case alias(String)
    }
}

/// A place in a text, counted from 1.
struct TextPlace: Hashable {
    let line: Int
    let column: Int
}

extension YAMLEvent {
    private static let mostDepth = 200

    /// Reads a text into events.
    ///
    /// - Throws: ``ParameterError/invalidText(line:column:problem:)`` if the text is not YAML.
    static func all(in text: String) throws(ParameterError) -> [YAMLEvent] {
        var parser = unsafe yaml_parser_t()
        var utf8 = Array(text.utf8)
        var events: [YAMLEvent] = []
        // libyaml keeps pointers to the parser and to the text.
        let problem = unsafe withUnsafeMutablePointer(to: &parser) { parser in
            unsafe utf8.withUnsafeMutableBufferPointer { bytes -> ParameterError? in
                guard unsafe yaml_parser_initialize(parser) == 1 else {
                    return .invalidText(line: 1, column: 1, problem: "there is no memory to read it")
                }
                defer { unsafe yaml_parser_delete(parser) }
                unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
                unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
                var depth = 0
                while true {
                    var event = unsafe yaml_event_t()
                    guard unsafe yaml_parser_parse(parser, &event) == 1 else {
                        return unsafe error(of: parser.pointee)
                    }
                    defer { unsafe yaml_event_delete(&event) }
                    if unsafe event.type == YAML_STREAM_END_EVENT { return nil }
                    guard let event = unsafe YAMLEvent(event) else { continue }
                    events.append(event)
                    depth += event.content.change
                    // The time that libyaml needs grows with the square of the depth.
                    if depth > Self.mostDepth {
                        return event.error("values are nested more than \(Self.mostDepth) deep")
                    }
                }
            }
        }
        if let problem { throw problem }
        return events
    }

    /// Returns the reason why the parser has stopped.
    private static func error(of parser: yaml_parser_t) -> ParameterError {
        let isReaderError = unsafe parser.error == YAML_READER_ERROR
        let mark = unsafe isReaderError ? parser.mark : parser.problem_mark
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "the text is not YAML"
        let context = unsafe parser.context.map { unsafe String(cString: $0) + ": " } ?? ""
        return .invalidText(line: Int(mark.line) + 1, column: Int(mark.column) + 1, problem: context + problem)
    }

    /// An event of libyaml; nil for the beginning of the stream.
    private init?(_ event: yaml_event_t) {
        let data = unsafe event.data
        place = unsafe TextPlace(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: content = .beginDocument
        case YAML_DOCUMENT_END_EVENT: content = .endDocument
        case YAML_SEQUENCE_START_EVENT:
            content = .beginList
            unsafe (anchor, tag) = (
                Self.text(data.sequence_start.anchor), Self.text(data.sequence_start.tag)
            )
        case YAML_SEQUENCE_END_EVENT: content = .endList
        case YAML_MAPPING_START_EVENT:
            content = .beginMap
            unsafe (anchor, tag) = (Self.text(data.mapping_start.anchor), Self.text(data.mapping_start.tag))
        case YAML_MAPPING_END_EVENT: content = .endMap
        case YAML_ALIAS_EVENT: content = .alias(unsafe Self.text(data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            content = .scalar(unsafe String(decoding: bytes, as: UTF8.self), isPlain: isPlain)
            unsafe (anchor, tag) = (Self.text(scalar.anchor), Self.text(scalar.tag))
        default: return nil
        }
    }

    /// The text at an address of libyaml's; nil if there is none.
    private static func text(_ start: UnsafePointer<UInt8>?) -> String? {
        unsafe start.map { unsafe String(cString: $0) }
    }
}

extension YAMLEvent.Content {
    /// How much deeper the values after it are nested.
    fileprivate var change: Int {
        switch self {
        case .beginList, .beginMap: 1
        case .endList, .endMap: -1
        default: 0
        }
    }
}
