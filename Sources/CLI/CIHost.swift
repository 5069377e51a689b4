import Glibc
import GalleyJupyterProtocol
import GalleyStorage

/// A CI service that reads the program's output and interprets commands in it.
enum CIHost: Sendable {
    /// GitHub Actions: marks lines of files, folds sections of its log, and shows a summary of each step.
    case gitHub
    /// GitLab CI: folds sections of its log.
    case gitLab

    /// The service that runs this process; nil if there is none.
    static let current: CIHost? =
        Terminal.variable("GITHUB_ACTIONS") == "true"
        ? .gitHub : Terminal.variable("GITLAB_CI") == "true" ? .gitLab : nil

    /// Returns a line that the host does not take for a command, for text that a notebook prints.
    ///
    /// - Parameter host: The service that reads the line; nil if it is unknown.
    static func neutralized(_ line: String, for host: CIHost? = current) -> String {
        // Most lines contain neither of the characters that commands begin with.
        guard line.utf8.contains(where: { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ":") }) else { return line }
        // An invisible character separates the characters of a command.
        switch host {
        case .gitHub:
            let line = line.replacing("##[", with: "#\u{2060}#[")
            return line.drop(while: \.isWhitespace).hasPrefix("::") ? line.replacing("::", with: ":\u{2060}:") : line
        case .gitLab: return line
        case nil:
            // Azure Pipelines and TeamCity accept commands anywhere in a line.
            return ["##vso[", "##teamcity["].reduce(line) { line, mark in
                line.replacing(mark, with: "#\u{2060}" + mark.dropFirst())
            }
        }
    }

    /// The maximum size of an annotation, in bytes. GitHub cuts longer ones.
    static let annotationLimit = 4000

    /// Returns the command that marks a line of a notebook; nil if the host has none.
    func annotation(notebook: String, line: Int?, title: String, _ message: String) -> String? {
        guard self == .gitHub else { return nil }
        // The host names files relative to the repository.
        let root = Terminal.variable("GITHUB_WORKSPACE").map { RunPaths.pathComponents(of: $0) } ?? []
        let parts = RunPaths.pathComponents(of: notebook)
        let path =
            parts.starts(with: root)
            ? parts.dropFirst(root.count).map(\.text).joined(separator: "/") : RunPaths.absolutePath(notebook)
        let properties = ["file=\(Self.property(path))", line.map { "line=\($0)" }, "title=\(Self.property(title))"]
        return "::error \(properties.compactMap(\.self).joined(separator: ","))::\(Self.data(message))"
    }

    /// Returns the lines before and after a section that the host folds.
    func fold(_ title: String, number: Int) -> (begin: String, end: String) {
        switch self {
        case .gitHub: return ("::group::\(Self.data(title))", "::endgroup::")
        case .gitLab:
            let name = "galley_\(getpid())_\(number)"
            let time = Timestamp.now().microseconds / 1_000_000
            return (
                "\u{1B}[0Ksection_start:\(time):\(name)[collapsed=true]\r\u{1B}[0K\(title)",
                "\u{1B}[0Ksection_end:\(time):\(name)\r\u{1B}[0K"
            )
        }
    }

    /// Returns text as a command's message.
    private static func data(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A"])
    }

    private static func property(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"])
    }

    /// Escapes Unicode scalars, because Swift takes CR LF for one character and the host for two.
    private static func escaped(_ text: String, _ replacements: [Unicode.Scalar: String]) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if let replacement = replacements[scalar] {
                escaped += replacement
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
    }
}
