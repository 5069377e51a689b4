public import GalleyJSON

/// An output of a code cell.
public struct Output: JSONBacked {
    /// The output's object in the document, including members without a property here.
    public var json: Value

    /// Creates an output from an object of the document.
    public init(json: Value) { self.json = json }

    /// The types of outputs.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// Text that was written to a stream.
        case stream(Stream)
        /// Displayed data.
        case displayData
        /// The value of the last expression.
        case executeResult
        /// An error that the code raised.
        case error
        /// A type that a later version of the format may define.
        case other(String)
    }

    /// The output streams of a program.
    @nonexhaustive
    public enum Stream: Hashable, Sendable {
        /// Standard output.
        case stdout
        /// Standard error.
        case stderr
        /// Another stream that a kernel has defined.
        case other(String)

        /// Creates a stream from its name in the format.
        public init(name: String) {
            self = name == "stdout" ? .stdout : name == "stderr" ? .stderr : .other(name)
        }

        /// The name of the stream in the format.
        public var name: String {
            switch self {
            case .stdout: "stdout"
            case .stderr: "stderr"
            case .other(let name): name
            }
        }
    }

    /// Creates an output of text written to a stream.
    public static func stream(_ stream: Stream, _ text: String) -> Output {
        Output(json: ["name": .string(stream.name), "output_type": "stream", "text": MultilineText.split(text)])
    }

    /// Creates an output of displayed data.
    public static func displayData(_ data: MimeBundle, metadata: Value = [:]) -> Output {
        Output(json: ["data": data.json, "metadata": metadata, "output_type": "display_data"])
    }

    /// Creates an output with the value of a cell's last expression.
    public static func executeResult(_ data: MimeBundle, executionCount: Int?, metadata: Value = [:]) -> Output {
        Output(json: [
            "data": data.json, "execution_count": .number(executionCount), "metadata": metadata,
            "output_type": "execute_result",
        ])
    }

    /// Creates an output for the error that ended a cell.
    public static func error(name: String, value: String, traceback: [String]) -> Output {
        Output(json: [
            "ename": .string(name), "evalue": .string(value), "output_type": "error",
            "traceback": .array(ofStrings: traceback),
        ])
    }
}

extension Output {
    /// The type of the output.
    public var kind: Kind {
        switch json["output_type"]?.string ?? "" {
        case "stream": .stream(Stream(name: json["name"]?.string ?? "stdout"))
        case "display_data": .displayData
        case "execute_result": .executeResult
        case "error": .error
        case let other: .other(other)
        }
    }

    /// The text of a stream output; nil for other types.
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

    /// The displayed data; nil for a stream or an error.
    public var data: MimeBundle? {
        get { json["data"].map { MimeBundle(json: $0) } }
        set { json["data"] = newValue?.json }
    }

    /// The metadata of the displayed data, an object.
    public var metadata: Value {
        get { json["metadata"] ?? [:] }
        set { json["metadata"] = newValue }
    }

    /// The tags in the metadata.
    package var tags: [String] { metadata.tags }

    /// The name of an error, such as `ValueError`.
    public var errorName: String? { json["ename"]?.string }

    /// The message of an error.
    public var errorValue: String? { json["evalue"]?.string }

    /// The lines of an error's traceback, with terminal color codes.
    public var traceback: [String]? { json["traceback"]?.elements.compactMap(\.string) }
}

extension Output {
    /// The output with each text as one string, as kernels send it and widgets store it.
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
