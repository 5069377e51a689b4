public import GalleyJSON

/// One output of a code cell.
public struct Output: JSONBacked {
    /// The output in the document, with everything that has no property here.
    public var json: Value

    /// Makes the output that an object of the document is.
    public init(json: Value) { self.json = json }

    /// The kinds of output.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// Text that was written to a stream.
        case stream(Stream)
        /// Something that was displayed.
        case displayData
        /// The value of the last expression.
        case executeResult
        /// An error that the code raised.
        case error
        /// A kind that a later version of the format may bring.
        case other(String)
    }

    /// The streams that a program writes to.
    @nonexhaustive
    public enum Stream: Hashable, Sendable {
        /// Standard output.
        case stdout
        /// Standard error.
        case stderr
        /// One that a kernel has invented.
        case other(String)

        /// Takes the name that the format has for a stream.
        public init(name: String) {
            self = name == "stdout" ? .stdout : name == "stderr" ? .stderr : .other(name)
        }

        /// The name that the format has for it.
        public var name: String {
            switch self {
            case .stdout: "stdout"
            case .stderr: "stderr"
            case .other(let name): name
            }
        }
    }

    /// Makes text that was written to a stream.
    public static func stream(_ stream: Stream, _ text: String) -> Output {
        Output(json: ["name": .string(stream.name), "output_type": "stream", "text": MultilineText.split(text)])
    }

    /// Makes something that was displayed.
    public static func displayData(_ data: MimeBundle, metadata: Value = [:]) -> Output {
        Output(json: ["data": data.json, "metadata": metadata, "output_type": "display_data"])
    }

    /// Makes the value of a cell's last expression.
    public static func executeResult(_ data: MimeBundle, executionCount: Int?, metadata: Value = [:]) -> Output {
        Output(json: [
            "data": data.json, "execution_count": .number(executionCount), "metadata": metadata,
            "output_type": "execute_result",
        ])
    }

    /// Makes the error that ended a cell.
    public static func error(name: String, value: String, traceback: [String]) -> Output {
        Output(json: [
            "ename": .string(name), "evalue": .string(value), "output_type": "error",
            "traceback": .array(ofStrings: traceback),
        ])
    }
}

extension Output {
    /// What kind of output it is.
    public var kind: Kind {
        switch json["output_type"]?.string ?? "" {
        case "stream": .stream(Stream(name: json["name"]?.string ?? "stdout"))
        case "display_data": .displayData
        case "execute_result": .executeResult
        case "error": .error
        case let other: .other(other)
        }
    }

    /// The text of a stream, nil of any other kind.
    public var text: String? {
        get {
            guard case .stream = kind else { return nil }
            return json["text"].flatMap(MultilineText.join) ?? ""
        }
        set {
            guard let newValue, let text, !newValue.isIdentical(to: text) else { return }
            json["text"] = MultilineText.split(newValue)
        }
    }

    /// What was displayed, nil of a stream or an error.
    public var data: MimeBundle? {
        get { json["data"].map { MimeBundle(json: $0) } }
        set { json["data"] = newValue?.json }
    }

    /// What else is known of what was displayed, an object.
    public var metadata: Value {
        get { json["metadata"] ?? [:] }
        set { json["metadata"] = newValue }
    }

    /// The name of an error, such as `ValueError`.
    public var errorName: String? { json["ename"]?.string }

    /// What an error says.
    public var errorValue: String? { json["evalue"]?.string }

    /// The lines that lead to an error, with the colors of a terminal.
    public var traceback: [String]? { json["traceback"]?.elements.compactMap(\.string) }
}

extension Output {
    /// The output with each text in one piece, as kernels send it and widgets keep it.
    package var whole: Value {
        var whole = json
        if let text { whole["text"] = .string(text) }
        if let data {
            whole["data"] = .object(
                data.json.members.map { ($0.key, data.text($0.key).map { .string($0) } ?? $0.value) })
        }
        return whole
    }
}
