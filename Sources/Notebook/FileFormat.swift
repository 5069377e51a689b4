/// The format of a file that has the name of a notebook and is not JSON.
@nonexhaustive
public enum FileFormat: Hashable, Sendable {
    /// The file has no text.
    case empty
    /// A web page, such as a login page that was saved in place of the notebook.
    case html
    /// A pointer of Git LFS, which stands for the file until it is fetched.
    case gitLFSPointer
    /// A file compressed by gzip.
    case gzip
    /// A program in Python.
    ///
    /// - Parameter hasCells: Whether `# %%` marks its cells.
    case pythonScript(hasCells: Bool)
    /// A notebook with the marks of a merge that is not resolved. The error's position is that of the first mark.
    case unresolvedMerge
}

extension FileFormat {
    /// Recognizes a file that is not JSON; returns nil for an unknown format.
    ///
    /// - Parameter offset: The place at which the JSON parser stopped.
    init?(of bytes: [UInt8], stoppedAt offset: Int) {
        // In JSON, no line within a string begins with a mark, so the parser stops at the first one.
        if Self.isMergeMark(bytes[min(offset, bytes.count)...]), offset == 0 || bytes[offset - 1] == UInt8(ascii: "\n")
        {
            self = .unresolvedMerge
            return
        }
        if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
            return
        }
        let beginning = String(decoding: bytes.prefix(65_536), as: UTF8.self).drop {
            $0.isWhitespace || $0 == "\u{FEFF}"
        }
        if beginning.isEmpty {
            self = .empty
        } else if beginning.hasPrefix("version https://git-lfs.github.com/spec/") {
            self = .gitLFSPointer
        } else if Self.isHTML(beginning) {
            self = .html
        } else if let script = Self.pythonScript(beginning) {
            self = script
        } else {
            return nil
        }
    }

    private static func isMergeMark(_ text: ArraySlice<UInt8>) -> Bool {
        ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].contains { text.starts(with: $0.utf8) }
    }

    private static func isHTML(_ text: Substring) -> Bool {
        guard text.first == "<" else { return false }
        let head = text.prefix(1024).lowercased()
        return ["<!doctype html", "<html", "<head", "<body"].contains { head.contains($0) }
    }

    private static func pythonScript(_ text: Substring) -> FileFormat? {
        let lines = text.split(whereSeparator: \.isNewline)
        if lines.contains(where: { $0.hasPrefix("# %%") }) { return .pythonScript(hasCells: true) }
        let isPython = lines.prefix(500).contains { line in
            line.hasPrefix("#!") && line.contains("python")
                || line.wholeMatch(of: /import [\w., ]+|from [\w.]+ import .*|(def|class) \w+.*:.*/) != nil
        }
        return isPython ? .pythonScript(hasCells: false) : nil
    }
}

extension FileFormat: CustomStringConvertible {
    /// The format, and what to do about it.
    public var description: String {
        switch self {
        case .empty: "an empty file: save the notebook again"
        case .html: "an HTML page: download the notebook's own file"
        case .gitLFSPointer: "a pointer of Git LFS: fetch the file that it stands for"
        case .gzip: "a file compressed by gzip: decompress it first"
        case .pythonScript(hasCells: true): "a Python script with cells (# %%): convert it to a notebook"
        case .pythonScript(hasCells: false): "a Python script: convert it to a notebook"
        case .unresolvedMerge: "a notebook with conflict markers: resolve the merge first"
        }
    }
}
