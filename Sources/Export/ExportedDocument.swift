package import GalleyNotebook

/// A converted notebook: its text and the files that the text links to.
///
/// The conversion touches no disk. A hostile notebook chooses neither the folder of a file nor the kind of result.
package struct ExportedDocument: Sendable {
    /// The bytes of the document itself.
    package let bytes: [UInt8]
    /// The extension of the document's file name, with its period.
    package let fileExtension: String
    /// The attached files, in the order of their cells.
    package let files: [File]
    /// Parts of the notebook that could not be converted, one sentence each.
    package let warnings: [String]

    /// A file that belongs to the document.
    package struct File: Hashable, Sendable {
        /// The path from the document's folder: `NAME_files` and a file name within that folder.
        package let path: String
        /// The contents.
        package let bytes: [UInt8]
    }

    /// Converts a notebook.
    ///
    /// - Parameter name: The name of the document without its extension. It must be a file name. Files are placed in the
    ///   folder `NAME_files`, and a page has it as its title.
    /// - Throws: ``ExportError`` if an option is invalid, or the notebook is in another language than the format.
    package init(
        of notebook: Notebook, as format: ExportFormat, name: String, options: ExportOptions = ExportOptions()
    ) throws(ExportError) {
        let reduced = try ReducedNotebook(notebook, options)
        let language = ScriptLanguage(of: notebook)
        fileExtension = format.fileExtension(of: notebook)
        var attached: ExtractedFiles?
        switch format {
        case .notebook: bytes = reduced.withoutHiddenSources.bytes
        case .html: bytes = Array(PageDocument(reduced, name: name, options).text.utf8)
        case .markdown:
            var markdown = MarkdownDocument(reduced, name: name, options)
            markdown.write()
            (bytes, attached) = (markdown.bytes, markdown.files)
        case .script: bytes = ScriptDocument(reduced, language, options).bytes
        case .python:
            if !language.isPython, let other = language.name { throw .wrongLanguage(other) }
            bytes = ScriptDocument(reduced, .python, options).bytes
        }
        (files, warnings) = (attached?.all ?? [], attached?.warnings ?? [])
    }
}
