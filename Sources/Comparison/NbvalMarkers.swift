package import GalleyNotebook

/// The checking options of a cell, from the tags and comments that nbval defines.
package struct NbvalMarkers: Sendable {
    /// Whether the cell is not run.
    package private(set) var isSkipped = false
    /// Whether the outputs are compared.
    package private(set) var isCompared: Bool
    /// Whether the cell may raise an error, which is compared like other outputs.
    package private(set) var allowsErrors = false
    /// Whether the cell was never run, so there is nothing to compare with.
    package let isUnrun: Bool
    /// Whether the outputs would be compared if the cell had been run.
    package private(set) var isComparedOnceRun = false
    /// Warnings about contradictory markers and misspelled markers.
    package private(set) var warnings: [String] = []

    /// Reads the markers of a cell.
    ///
    /// A comment is a marker if it is alone on its line. If two markers contradict each other, the later one counts;
    /// comments count after tags.
    ///
    /// - Parameter isLax: Whether only cells with a marker for it are compared.
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
        isComparedOnceRun = isUnrun && isCompared && !isSkipped
        if isUnrun || isSkipped { isCompared = false }
    }

    private mutating func read(
        _ name: String, _ mark: NbvalMarker?, _ place: String, isNear: Bool,
        _ said: inout [NbvalMarker.Subject: (mark: NbvalMarker, by: String)]
    ) {
        guard let mark else {
            if isNear { warnings.append("\(place) is unknown to nbval and is ignored") }
            return
        }
        if let (before, by) = said[mark.subject], before != mark {
            warnings.append("\(place) contradicts \(by), which is ignored")
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

/// The meaning of one tag or comment.
private enum NbvalMarker {
    case ignore, check, allowsErrors, skip

    /// The subject of a marker; of the markers with the same subject, the last one counts.
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
