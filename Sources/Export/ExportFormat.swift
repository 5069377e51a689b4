package import GalleyNotebook

/// A format to which a notebook can be converted.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// The notebook itself.
    case notebook
    /// A page that needs no other file.
    case html
    /// Markdown text and the files of its pictures.
    case markdown
    /// Source code in the notebook's language.
    case script
    /// Python source code, from a notebook in Python.
    case python

    /// The extension of a document's file name, with its period; nil if it depends on the notebook's language.
    package var fileExtension: String? {
        switch self {
        case .notebook: ".ipynb"
        case .html: ".html"
        case .markdown: ".md"
        case .script: nil
        case .python: ".py"
        }
    }

    /// The extension of the file name of a notebook's document.
    package func fileExtension(of notebook: Notebook) -> String {
        fileExtension ?? ScriptLanguage(of: notebook).fileExtension
    }
}

/// The parts of a notebook that a conversion leaves out or embeds.
package struct ExportOptions: Hashable, Sendable {
    /// Whether the source of code cells is left out. A converted notebook keeps it.
    package var hidesInput = false
    /// Whether execution counts are left out. A converted notebook keeps them.
    package var hidesPrompts = false
    /// Whether outputs are left out. A converted notebook keeps them.
    package var hidesOutput = false
    /// Whether all outputs and execution counts are removed.
    package var clearsOutput = false
    /// The tags of cells to remove.
    package var removedCellTags: Set<String> = []
    /// The tags of cells whose outputs are removed.
    package var removedAllOutputsTags: Set<String> = []
    /// The tags of single outputs to remove.
    package var removedSingleOutputTags: Set<String> = []
    /// The tags of cells whose source is removed.
    package var removedInputTags: Set<String> = []
    /// Python's regular expressions. A cell is removed if one of them matches at the start of its source.
    package var removedCellPatterns: [String] = []
    /// Whether Markdown contains its pictures instead of linking to files. A page always contains them.
    package var embedsImages = false

    /// Creates options that remove nothing.
    package init() {}
}

/// The reason why a notebook cannot be converted.
package enum ExportError: Error, Hashable, Sendable {
    /// The notebook is in another language than the format.
    case wrongLanguage(String)
    /// A regular expression is invalid.
    case invalidPattern(String, problem: String, place: Int)
    /// A regular expression takes too long for the source of a cell.
    case slowPattern(String)
}

extension ExportError: CustomStringConvertible {
    /// One sentence with the fact and the way out.
    package var description: String {
        switch self {
        case .wrongLanguage(let language):
            "the notebook cannot be converted to Python, because its language is \(language); convert it to a script"
        case .invalidPattern(let pattern, let problem, let place):
            "the pattern '\(pattern)' is not a regular expression of Python: \(problem), at character \(place + 1)"
        case .slowPattern(let pattern):
            "the pattern '\(pattern)' takes too long for the source of a cell; use one with fewer repetitions"
        }
    }
}
