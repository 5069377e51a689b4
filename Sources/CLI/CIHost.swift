import Glibc
import GalleyJupyterProtocol
import GalleyStorage

/// A server for continuous integration that reads what is printed, and understands some of it.
enum CIHost: Sendable {
    /// It marks lines of files.
    case gitHub
    /// It folds sections of its log.
    case gitLab

    /// The one that runs this process; nil where none does.
    static let current: CIHost? =
        Terminal.variable("GITHUB_ACTIONS") == "true"
        ? .gitHub : Terminal.variable("GITLAB_CI") == "true" ? .gitLab : nil

    /// A line of somebody else's, as the host takes it for what it is: text that a notebook prints gives no orders.
    static func neutralized(_ line: String) -> String {
        // Most lines hold neither of the signs that orders begin with.
        guard line.utf8.contains(where: { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ":") }) else { return line }
        // Other servers take orders too, wherever they stand in a line.
        for mark in ["##vso[", "##teamcity["] where line.contains(mark) && current == nil {
            return line.replacing(mark, with: "#\u{2060}" + mark.dropFirst())
        }
        guard current == .gitHub else { return line }
        // A mark that cannot be seen keeps the signs apart.
        let line = line.replacing("##[", with: "#\u{2060}#[")
        return line.drop(while: \.isWhitespace).hasPrefix("::") ? line.replacing("::", with: ":\u{2060}:") : line
    }

    /// Marks a line of a notebook; nil where the host does not do that.
    func annotation(notebook: String, line: Int?, title: String, _ message: String) -> String? {
        guard self == .gitHub else { return nil }
        // Files are called as the repository calls them.
        let root = Terminal.variable("GITHUB_WORKSPACE").map { RunPaths.pathComponents(of: $0) } ?? []
        let parts = RunPaths.pathComponents(of: notebook)
        let path =
            parts.starts(with: root)
            ? parts.dropFirst(root.count).map(\.text).joined(separator: "/") : RunPaths.absolutePath(notebook)
        let place = ["file=\(Self.property(path))", line.map { "line=\($0)" }, "title=\(Self.property(title))"]
        return "::error \(place.compactMap(\.self).joined(separator: ","))::\(Self.data(message))"
    }

    /// The line before, and the one after, what can be folded.
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

    /// Text as a command's message holds it.
    private static func data(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A"])
    }

    private static func property(_ text: String) -> String {
        escaped(text, ["%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"])
    }

    /// Each sign by itself: two that Swift takes for one character, such as the end of a line, are two to the host.
    private static func escaped(_ text: String, _ signs: [Unicode.Scalar: String]) -> String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if let sign = signs[scalar] { escaped += sign } else { escaped.unicodeScalars.append(scalar) }
        }
    }
}
