import GalleyComparison
import GalleyJSON
package import GalleyNotebook

/// A notebook without the parts that options remove.
struct ReducedNotebook {
    private(set) var notebook: Notebook
    /// The indices of cells whose source is removed.
    private(set) var hiddenSources: Set<Int> = []

    init(_ notebook: Notebook, _ options: ExportOptions) throws(ExportError) {
        self.notebook = notebook
        let patterns = try options.patterns
        var cells = JSONArray<Cell>()
        var isChanged = false
        for cell in notebook.cells {
            let tags = Set(cell.tags)
            guard tags.isDisjoint(with: options.removedCellTags) else {
                isChanged = true
                continue
            }
            var cell = cell
            if options.removes(outputsOf: cell, tags) {
                cell.removeOutputsForExport()
                isChanged = true
            }
            if !options.removedSingleOutputTags.isEmpty,
                cell.outputs.contains(where: { !options.removedSingleOutputTags.isDisjoint(with: $0.tags) })
            {
                cell.outputs.removeAll { !options.removedSingleOutputTags.isDisjoint(with: $0.tags) }
                isChanged = true
            }
            if !patterns.isEmpty {
                guard try !patterns.matchStart(of: cell.source) else {
                    isChanged = true
                    continue
                }
            }
            if !tags.isDisjoint(with: options.removedInputTags) || cell.hasRemovedSource {
                hiddenSources.insert(cells.count)
            }
            cells.append(cell)
        }
        // An unchanged notebook stays byte for byte.
        if isChanged { self.notebook.cells = cells }
    }

    /// The notebook with empty sources in place of the removed ones.
    var withoutHiddenSources: Notebook {
        var notebook = notebook
        for index in hiddenSources { notebook.cells[index].source = "" }
        return notebook
    }
}

extension ExportOptions {
    /// Removes the cells that a conversion leaves out.
    ///
    /// - Throws: ``ExportError`` if a regular expression is invalid.
    package func removeCells(from notebook: inout Notebook) throws(ExportError) {
        var cells = ExportOptions()
        (cells.removedCellTags, cells.removedCellPatterns) = (removedCellTags, removedCellPatterns)
        notebook = try ReducedNotebook(notebook, cells).notebook
    }

    /// Checks the regular expressions.
    ///
    /// - Throws: ``ExportError`` if one is invalid. A conversion throws it, too.
    package func validate() throws(ExportError) { _ = try patterns }

    /// The regular expressions for cells to remove.
    fileprivate var patterns: [PythonRegex] {
        get throws(ExportError) {
            var patterns: [PythonRegex] = []
            for pattern in removedCellPatterns {
                do throws(PythonRegexError) {
                    patterns.append(try PythonRegex(pattern))
                } catch {
                    throw .invalidPattern(pattern, problem: error.problem, place: error.place)
                }
            }
            return patterns
        }
    }

    fileprivate func removes(outputsOf cell: Cell, _ tags: Set<String>) -> Bool {
        cell.kind == .code && (clearsOutput || !tags.isDisjoint(with: removedAllOutputsTags))
    }
}

extension [PythonRegex] {
    /// Whether one of the expressions matches at the start of a source.
    fileprivate func matchStart(of source: String) throws(ExportError) -> Bool {
        for pattern in self {
            do throws(PythonRegexLimit) {
                if try pattern.matchesStart(of: source) { return true }
            } catch {
                throw .slowPattern(pattern.source)
            }
        }
        return false
    }
}

extension Cell {
    /// Removes the outputs, the execution count, and the metadata about how outputs are shown.
    fileprivate mutating func removeOutputsForExport() {
        removeOutputs()
        for key in ["collapsed", "scrolled"] where metadata[key] != nil { metadata[key] = nil }
    }

    /// Whether an earlier conversion has marked the source as removed.
    fileprivate var hasRemovedSource: Bool { metadata["transient"]?["remove_source"]?.bool == true }
}
