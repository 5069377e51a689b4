import Galley
import GalleyExecution
import GalleyFlags
import GalleyJSON
import GalleyJupyterProtocol
import GalleyLocalKernels
import GalleyStorage
import GalleySupervisor
import Glibc

/// The settings in a configuration file of nbconvert, as words of its command line.
struct NbconvertConfiguration {
    /// The words, such as `--TemplateExporter.exclude_input=True`.
    private(set) var words: [String] = []

    /// Parses a file in JSON, such as `{"TemplateExporter": {"exclude_input": true}}`, or one in Python whose lines
    /// are settings, such as `c.TemplateExporter.exclude_input = True`.
    init(parsing text: String, isJSON: Bool) throws(UsageError) {
        if isJSON { try parseJSON(text) } else { try parsePython(text) }
    }

    private mutating func parseJSON(_ text: String) throws(UsageError) {
        let root: Value
        do throws(ParseError) {
            root = try Document(parsing: Array(text.utf8)).root
        } catch {
            throw UsageError("\(error)")
        }
        for (name, settings) in root.members where name != "version" {
            for (setting, value) in settings.members {
                words.append("--\(name).\(setting)=\(value.optionText)")
            }
        }
    }

    private mutating func parsePython(_ text: String) throws(UsageError) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") || line.wholeMatch(of: /c\s*=\s*get_config\(\).*/) != nil {
                continue
            }
            guard let match = line.wholeMatch(of: /c\.(\w+)\.(\w+)\s*=\s*(.+)/), let value = Self.value(match.3) else {
                throw UsageError(
                    "line \(index + 1): Galley reads only lines such as c.TemplateExporter.exclude_input = True, with "
                        + "a string, a number, True, False or a list of strings; give the settings as options")
            }
            words.append("--\(match.1).\(match.2)=\(value)")
        }
    }

    /// Returns the text of a Python literal; nil if it is something else.
    private static func value(_ text: Substring) -> String? {
        // The literal ends before a comment, if that is not within quotes.
        for end in [text.endIndex] + text.indices.filter({ text[$0] == "#" }) {
            let literal = text[..<end].trimmed
            if let texts = PythonList("[\(literal)]").texts, texts.count == 1 { return texts[0] }
            let isWord = literal.wholeMatch(of: /True|False|-?[0-9]+(\.[0-9]+)?/) != nil
            if isWord || PythonList(literal).texts != nil { return literal }
        }
        return nil
    }
}

extension ExecuteArguments {
    /// Applies the settings of the configuration file, and then the words of the command line again.
    mutating func readConfiguration(before words: [String]) throws(UsageError) {
        guard let path = nbconvert.configuration else { return }
        let bytes = try OptionFile.read(path, for: "--config \(path)", usesRootsRights: options.user == .caller)
        do throws(UsageError) {
            let text = String(decoding: bytes, as: UTF8.self)
            let settings = try NbconvertConfiguration(parsing: text, isJSON: path.hasSuffix(".json")).words
            self = try ExecuteArguments(words, .nbconvert, after: settings)
        } catch {
            throw UsageError("--config \(path): \(error.problem)")
        }
    }
}

extension Value {
    /// The value as a command line has it.
    fileprivate var optionText: String {
        switch kind {
        case .string: string ?? ""
        case .bool: bool == true ? "True" : "False"
        case .number: number?.description ?? ""
        case .array:
            "[\(elements.map { "'\($0.optionText.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'" }.joined(separator: ", "))]"
        case .null, .object: "None"
        }
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    fileprivate var trimmed: String {
        let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex
        return String(self[..<end].drop { $0.isWhitespace })
    }
}
