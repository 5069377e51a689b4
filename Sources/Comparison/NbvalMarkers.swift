package import GalleyNotebook

/// What a cell says of how it is to be checked: the tags and comments that nbval knows.
package struct NbvalMarkers: Sendable {
    /// Whether it is not run at all.
    package private(set) var isSkipped = false
    /// Whether what it puts out is compared.
    package private(set) var isCompared: Bool
    /// Whether it may raise an error, which is compared like any other output.
    package private(set) var allowsErrors = false
    /// Whether it holds nothing to compare with, because it was never run.
    package let isUnrun: Bool
    /// Marks that contradict each other, and what looks like a mark and is none.
    package private(set) var warnings: [String] = []

    /// Reads a cell's marks.
    ///
    /// A comment is a mark where it stands alone on its line. Of two that contradict each other the later counts, and
    /// comments count before tags.
    ///
    /// - Parameter isLax: Whether only those cells are compared that ask for it.
    package init(of cell: Cell, isLax: Bool) {
        isCompared = !isLax
        isUnrun = cell.executionCount == nil && cell.outputs.isEmpty
        var said: [NbvalMarker.Subject: (mark: NbvalMarker, by: String)] = [:]
        for tag in cell.tags {
            read(tag, NbvalMarker(tag: tag), "the tag '\(tag)'", isNear: tag.hasPrefix("nbval-"), &said)
        }
        for comment in Self.comments(in: cell.source) {
            let isNear = comment.hasPrefix("NBVAL_")
            read(comment, NbvalMarker(comment: comment), "the comment '# \(comment)'", isNear: isNear, &said)
        }
        for (mark, _) in said.values {
            switch mark {
            case .ignore: isCompared = false
            case .check: isCompared = true
            case .allowsErrors: allowsErrors = true
            case .skip: isSkipped = true
            }
        }
        if isUnrun || isSkipped { isCompared = false }
    }

    private mutating func read(
        _ name: String, _ mark: NbvalMarker?, _ place: String, isNear: Bool,
        _ said: inout [NbvalMarker.Subject: (mark: NbvalMarker, by: String)]
    ) {
        guard let mark else {
            if isNear { warnings.append("\(place) is none that nbval knows; it was left out") }
            return
        }
        if let (before, by) = said[mark.subject], before != mark {
            warnings.append("\(place) contradicts \(by), which was left out")
        }
        said[mark.subject] = (mark, place)
    }

    private static func comments(in source: String) -> [String] {
        source.split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.trimmed
            return line.hasPrefix("#") ? String(line.drop { $0 == "#" }.trimmed) : nil
        }
    }
}

/// What one tag or comment says.
private enum NbvalMarker {
    case ignore, check, allowsErrors, skip

    /// What only the last mark counts of.
    enum Subject { case comparison, error, run }

    var subject: Subject {
        switch self {
        case .ignore, .check: .comparison
        case .allowsErrors: .error
        case .skip: .run
        }
    }

    init?(comment: String) {
        switch comment {
        case "NBVAL_IGNORE_OUTPUT", "PYTEST_VALIDATE_IGNORE_OUTPUT": self = .ignore
        case "NBVAL_CHECK_OUTPUT": self = .check
        case "NBVAL_RAISES_EXCEPTION": self = .allowsErrors
        case "NBVAL_SKIP": self = .skip
        default: return nil
        }
    }

    init?(tag: String) {
        switch tag {
        case "nbval-ignore-output", "pytest-validate-ignore-output": self = .ignore
        case "nbval-check-output": self = .check
        case "nbval-raises-exception", "raises-exception": self = .allowsErrors
        case "nbval-skip": self = .skip
        default: return nil
        }
    }
}
