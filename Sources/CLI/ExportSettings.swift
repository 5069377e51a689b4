import GalleyExport
import GalleyFlags

/// The options of a conversion, as `galley export` and nbconvert name them.
struct ExportSettings: Sendable {
    var format: ExportFormat?
    private var options = ExportOptions()
    private var removesByTag = true
    private var removesByPattern = true

    init() {}

    /// The options with the removals that are enabled.
    var exportOptions: ExportOptions {
        var options = options
        if !removesByTag {
            options.removedCellTags = []
            options.removedAllOutputsTags = []
            options.removedSingleOutputTags = []
            options.removedInputTags = []
        }
        if !removesByPattern { options.removedCellPatterns = [] }
        return options
    }

    static let flags: [Flag<ExportSettings>] = [
        Flag(
            "--to", "--NbConvertApp.export_format", takes: ExportFormat.allCases.map(\.rawValue).joined(separator: "|"),
            example: "html", in: .result,
            "Convert to this format"
        ) { settings, value, name throws(UsageError) in settings.format = try format(value, name) },
        Flag("--no-input", in: .conversion, "Leave out code and execution counts") {
            $0.options.hidesInput = true
            $0.options.hidesPrompts = true
        },
        Flag("--no-prompt", in: .conversion, "Leave out execution counts") { $0.options.hidesPrompts = true },
        Flag("--clear-output", in: .conversion, "Leave out outputs and execution counts") {
            $0.options.clearsOutput = true
        },
        hidden("exclude_input", "Leave out code") { $0.hidesInput = $1 },
        hidden("exclude_input_prompt", "Leave out execution counts of code") { $0.hidesPrompts = $1 },
        hidden("exclude_output", "Leave out outputs") { $0.hidesOutput = $1 },
        hidden("exclude_output_prompt", "Has no effect: outputs have no execution counts"),
        Flag(
            "--ClearOutputPreprocessor.enabled", takes: "BOOL", example: "True", in: .compatibility,
            "Leave out outputs and execution counts"
        ) { settings, value, name throws(UsageError) in
            settings.options.clearsOutput = try FlagValueParser.truth(value, name)
        },
        Flag(
            "--HTMLExporter.embed_images", takes: "BOOL", example: "True", in: .compatibility,
            "Put pictures into the document; a page always contains them"
        ) { settings, value, name throws(UsageError) in
            settings.options.embedsImages = try FlagValueParser.truth(value, name)
        },
        Flag("--embed-images", in: .conversion, "Put pictures into Markdown instead of files beside it") {
            $0.options.embedsImages = true
        },
        tags("--remove-cells", "remove_cell_tags", "Leave out cells with this tag", \.removedCellTags),
        tags(
            "--remove-outputs", "remove_all_outputs_tags", "Leave out the outputs of cells with this tag",
            \.removedAllOutputsTags),
        tags(
            "--remove-output", "remove_single_output_tags", "Leave out outputs with this tag", \.removedSingleOutputTags
        ),
        tags("--remove-inputs", "remove_input_tags", "Leave out the source of cells with this tag", \.removedInputTags),
        Flag(
            "--remove-matching", "--RegexRemovePreprocessor.patterns", takes: "REGEX", example: #"\s*\Z"#,
            in: .conversion, "Leave out cells that begin as this regular expression of Python says"
        ) { settings, value, _ in settings.options.removedCellPatterns += PythonList(value).texts ?? [value] },
        Flag(
            "--TagRemovePreprocessor.enabled", takes: "BOOL", example: "True", in: .compatibility,
            "Apply the options that name tags"
        ) { settings, value, name throws(UsageError) in
            settings.removesByTag = try FlagValueParser.truth(value, name)
        },
        Flag(
            "--RegexRemovePreprocessor.enabled", takes: "BOOL", example: "True", in: .compatibility,
            "Apply the options that hold regular expressions"
        ) { settings, value, name throws(UsageError) in
            settings.removesByPattern = try FlagValueParser.truth(value, name)
        },
    ]

    /// The flag for a part of documents that an exporter of nbconvert leaves out.
    private static func hidden(
        _ setting: String, _ summary: String, _ change: (@Sendable (inout ExportOptions, Bool) -> Void)? = nil
    ) -> Flag<ExportSettings> {
        let exporters = ["Template", "HTML", "Markdown", "Script", "Python"]
        return Flag(
            exporters.map { "--\($0)Exporter.\(setting)" }, takes: "BOOL", example: "True", in: .compatibility, summary
        ) { settings, value, name throws(UsageError) in
            let isHidden = try FlagValueParser.truth(value, name)
            change?(&settings.options, isHidden)
        }
    }

    private static func tags(
        _ name: String, _ setting: String, _ summary: String,
        _ path: any WritableKeyPath<ExportOptions, Set<String>> & Sendable
    ) -> Flag<ExportSettings> {
        Flag(
            name, "--TagRemovePreprocessor.\(setting)", takes: "TAG", example: "hide", in: .conversion,
            summary + "; can be repeated"
        ) { settings, value, _ in settings.options[keyPath: path].formUnion(FlagValueParser.list(value)) }
    }

    private static func format(_ value: String, _ name: String) throws(UsageError) -> ExportFormat {
        if let format = ExportFormat(rawValue: value.lowercased()) { return format }
        let others = ["pdf", "webpdf", "qtpdf", "qtpng", "latex", "slides", "rst", "asciidoc", "custom"]
        if others.contains(value.lowercased()) {
            throw UsageError(
                "\(name) \(value): Galley does not write this format. "
                    + OtherPrograms.convertingWithNbconvert("--to \(value)"))
        }
        throw UsageError(unknown: "format", value, known: ExportFormat.allCases.map(\.rawValue))
    }
}

extension FlagCategory {
    /// The contents of a converted notebook.
    static let conversion = FlagCategory("Conversion")
}

/// A list of strings as Python writes it: `['a', r'\s']`.
struct PythonList {
    /// The strings; nil if the text is not such a list.
    let texts: [String]?

    init(_ text: String) { texts = Self.texts(in: Array(text.unicodeScalars)) }

    private static func texts(in text: [Unicode.Scalar]) -> [String]? {
        let closing: [Unicode.Scalar: Unicode.Scalar] = ["[": "]", "(": ")", "{": "}"]
        guard text.count >= 2, let end = closing[text[0]], text.last == end else { return nil }
        var texts: [String] = []
        var rest = text[1..<(text.count - 1)].drop { $0 == " " }
        while let first = rest.first {
            let isRaw = first == "r" || first == "R"
            if isRaw { rest = rest.dropFirst() }
            guard let quote = rest.popFirst(), quote == "'" || quote == "\"" else { return nil }
            var content = String.UnicodeScalarView()
            while let next = rest.popFirst(), next != quote {
                content.append(contentsOf: next == "\\" ? character(after: rest.popFirst(), isRaw: isRaw) : [next])
                if rest.isEmpty { return nil }
            }
            texts.append(String(content))
            rest = rest.drop { $0 == " " }
            guard rest.isEmpty || rest.popFirst() == "," else { return nil }
            rest = rest.drop { $0 == " " }
        }
        return texts
    }

    /// Returns the characters that a backslash and the next character stand for.
    private static func character(after next: Unicode.Scalar?, isRaw: Bool) -> [Unicode.Scalar] {
        guard let next else { return ["\\"] }
        if isRaw { return ["\\", next] }
        return switch next {
        case "\\", "'", "\"": [next]
        case "n": ["\n"]
        case "r": ["\r"]
        case "t": ["\t"]
        default: ["\\", next]
        }
    }
}
