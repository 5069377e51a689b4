import GalleyExecution
import GalleyJSON
import GalleyNotebook

/// The pictures and attachments of a notebook: files in a folder, or data URLs.
struct ExtractedFiles {
    private let name: String
    private let isEmbedded: Bool
    /// The files, in the order of their cells.
    private(set) var all: [ExportedDocument.File] = []
    private var places: [String: Int] = [:]
    /// The pictures that could not be read, one sentence each.
    private(set) var warnings: [String] = []

    init(name: String, isEmbedded: Bool) { (self.name, self.isEmbedded) = (name, isEmbedded) }

    /// The types of data that become files, and the extensions of these files.
    private static let types = [
        (type: "image/png", fileExtension: ".png"), ("image/jpeg", ".jpg"), ("image/svg+xml", ".svg"),
        ("application/pdf", ".pdf"),
    ]

    // MARK: Outputs

    /// Keeps the pictures of an output. Returns their links by type: paths, or data URLs.
    mutating func extract(_ output: Output, _ number: Int, ofCellAt index: Int) -> [String: String] {
        var links: [String: String] = [:]
        for (type, fileExtension) in Self.types {
            guard let data = output.data, data.json[type] != nil else { continue }
            guard let content = data.text(type), let bytes = Self.bytes(of: content, type) else {
                warnings.append(
                    "Output \(number + 1) of cell \(index + 1) contains no valid \(type) data, and is converted without it."
                )
                continue
            }
            if isEmbedded {
                links[type] = Self.dataURL(bytes, type)
                continue
            }
            let usual = "\(name)_\(index)_\(number)\(fileExtension)"
            let stated = output.metadata["filename"]?.string.flatMap { Self.safeName($0, fileExtension) }
            // Two outputs can state the same name.
            let path = [stated, usual].compactMap(\.self).map(path(of:)).first { places[$0] == nil }
            links[type] = keep(bytes, path ?? unusedPath(for: usual))
        }
        return links
    }

    private static func bytes(of content: String, _ type: String) -> [UInt8]? {
        type == "image/svg+xml" ? Array(content.utf8) : Base64.decode(content)
    }

    private static func dataURL(_ bytes: [UInt8], _ type: String) -> String {
        "data:\(type);base64,\(Base64.encode(bytes))"
    }

    // MARK: Attachments

    /// Keeps the attachments of a cell. Returns its source with links to them.
    mutating func replacingAttachments(of cell: Cell, at index: Int) -> String {
        var source = cell.source
        for (name, data) in cell.attachments {
            guard let type = data.types.first, let content = data.text(type), let bytes = Base64.decode(content) else {
                warnings.append("The attachment '\(name)' of cell \(index + 1) is not valid Base64, and is left out.")
                continue
            }
            let link: String
            if isEmbedded, Self.isPlain(type) {
                link = Self.dataURL(bytes, type)
            } else if let safe = Self.safeName(name, "") {
                let path = path(of: safe)
                let isTaken = places[path].map { all[$0].bytes != bytes } ?? false
                link = keep(bytes, isTaken ? unusedPath(for: safe) : path)
            } else {
                warnings.append(
                    "The attachment '\(name)' of cell \(index + 1) has no valid file name, and is left out.")
                continue
            }
            source = source.replacingBytes("attachment:\(name)", with: link)
        }
        return source
    }

    /// Whether a MIME type of an untrusted notebook can stand in a data URL in Markdown.
    private static func isPlain(_ type: String) -> Bool {
        type.unicodeScalars.allSatisfy { $0.value < 0x80 && ($0.isPythonWord || "/+-.".unicodeScalars.contains($0)) }
    }

    // MARK: Names

    private func path(of file: String) -> String { "\(name)_files/\(file)" }

    /// Adds a file, and returns its path.
    private mutating func keep(_ bytes: [UInt8], _ path: String) -> String {
        if places[path] == nil {
            places[path] = all.count
            all.append(ExportedDocument.File(path: path, bytes: bytes))
        }
        return path
    }

    /// Returns a path that no file has yet, such as `image-2.png`.
    private func unusedPath(for file: String) -> String {
        let dot = file.lastIndex(of: ".").flatMap { $0 == file.startIndex ? nil : $0 } ?? file.endIndex
        var number = 2
        while true {
            let path = path(of: "\(file[..<dot])-\(number)\(file[dot...])")
            if places[path] == nil { return path }
            number += 1
        }
    }

    /// Returns a name that an untrusted notebook states, without its folders and with an extension; nil if it cannot be
    /// the name of a file.
    private static func safeName(_ stated: String, _ fileExtension: String) -> String? {
        let bytes = stated.utf8
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes.index(after: $0) } ?? bytes.startIndex
        var name = String(stated[start...])
        if name.isEmpty || name == "." || name == ".." { return nil }
        if !name.utf8.reversed().starts(with: fileExtension.utf8.reversed()) { name += fileExtension }
        return name.utf8.count <= 200 && !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) ? name : nil
    }
}

extension String {
    /// The text with percent signs in place of bytes that cannot stand in a URL's path.
    var urlQuoted: String {
        var quoted: [UInt8] = []
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80, scalar.isPythonWord || "-.~/".unicodeScalars.contains(scalar) {
                quoted.append(byte)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                quoted += "%\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
            }
        }
        return String(decoding: quoted, as: UTF8.self)
    }

    /// The text with each occurrence of a text replaced, byte for byte.
    func replacingBytes(_ wanted: String, with replacement: String) -> String {
        let (all, wanted) = (Array(utf8), Array(wanted.utf8))
        var result: [UInt8] = []
        var copied = 0
        var index = 0
        while index + wanted.count <= all.count {
            guard all[index] == wanted[0], all[index..<(index + wanted.count)].elementsEqual(wanted) else {
                index += 1
                continue
            }
            result += all[copied..<index]
            result += replacement.utf8
            index += wanted.count
            copied = index
        }
        return String(decoding: result + all[copied...], as: UTF8.self)
    }
}
