import GalleyExecution
import GalleyJSON
import GalleyJupyterProtocol
import GalleyNotebook

/// The language of a script.
struct ScriptLanguage {
    /// The name of the language; nil if the notebook names none.
    let name: String?
    /// The extension of file names, with its period.
    let fileExtension: String
    /// The MIME type of raw cells that belong to the script.
    let type: String
    /// Whether the script has Python's form.
    let isPython: Bool

    static let python = ScriptLanguage("python", fileExtension: ".py", type: "text/x-python", isPython: true)

    private init(_ name: String?, fileExtension: String, type: String, isPython: Bool = false) {
        (self.name, self.fileExtension, self.type, self.isPython) = (name, fileExtension, type, isPython)
    }

    /// The language that the notebook's metadata names.
    init(of notebook: Notebook) {
        let info = notebook.metadata["language_info"]
        let name = notebook.wantedKernel.language
        let exporter = info?["nbconvert_exporter"]?.string
        if exporter == "python" || exporter == nil && name?.lowercased() == "python" {
            self = .python
            return
        }
        let stated = info?["file_extension"]?.string.flatMap { Self.isSafe($0) ? $0 : nil }
        self.init(
            name, fileExtension: stated ?? name.flatMap { Self.extensions[$0.lowercased()] } ?? ".txt",
            type: info?["mimetype"]?.string ?? "text/plain")
    }

    /// Whether an extension of an untrusted notebook can stand in a file name.
    private static func isSafe(_ text: String) -> Bool {
        text.hasPrefix(".") && (2...16).contains(text.utf8.count)
            && text.unicodeScalars.dropFirst().allSatisfy {
                $0.value < 0x80 && ($0.isPythonWord || $0 == "-" || $0 == "+")
            }
    }

    /// The extensions of languages, for notebooks that no kernel has run.
    private static let extensions = [
        "r": ".r", "bash": ".sh", "sh": ".sh", "julia": ".jl", "javascript": ".js", "typescript": ".ts",
        "ruby": ".rb", "perl": ".pl", "octave": ".m", "matlab": ".m", "scala": ".sc", "haskell": ".hs", "rust": ".rs",
        "go": ".go", "java": ".java", "kotlin": ".kt", "swift": ".swift", "c++": ".cpp", "c": ".c", "c#": ".cs",
        "f#": ".fs", "sql": ".sql", "lua": ".lua", "php": ".php", "powershell": ".ps1", "stata": ".do",
    ]
}

/// Source code made of the cells of a notebook.
struct ScriptDocument {
    private let notebook: ReducedNotebook
    private let language: ScriptLanguage
    private let options: ExportOptions

    init(_ notebook: ReducedNotebook, _ language: ScriptLanguage, _ options: ExportOptions) {
        (self.notebook, self.language, self.options) = (notebook, language, options)
    }

    /// The bytes of the script.
    var bytes: [UInt8] {
        var script = ExportText()
        if language.isPython { script += "#!/usr/bin/env python\n# coding: utf-8\n" }
        for (index, cell) in notebook.notebook.cells.enumerated() where !notebook.hiddenSources.contains(index) {
            switch cell.kind {
            case .code where !options.hidesInput:
                if language.isPython {
                    writePrompt(of: cell, to: &script)
                    script += "\n"
                    script += IPythonSyntax.python(for: cell.source)
                    script += "\n"
                } else {
                    script += "\n\(cell.source)\n"
                }
            case .markdown where language.isPython:
                script += "\n"
                script += cell.source.replacingLineFeeds(with: "\n# ", after: "# ")
                script += "\n"
            case .raw where cell.isRaw(for: [language.type, ""]): script += cell.source
            default: break
            }
        }
        return script.trimmed
    }

    private func writePrompt(of cell: Cell, to script: inout ExportText) {
        guard !options.hidesInput, !options.hidesPrompts else { return }
        let count = cell.executionCount ?? 0
        script += "\n# In[\(count == 0 ? " " : String(count))]:\n\n"
    }
}

extension Cell {
    /// Whether a raw cell is meant for a document of one of these MIME types.
    func isRaw(for types: [String]) -> Bool {
        types.contains((metadata["raw_mimetype"]?.string ?? "").lowercased())
    }
}
