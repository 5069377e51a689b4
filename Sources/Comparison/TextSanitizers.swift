/// Regular expressions and replacements that are applied to text before it is compared.
///
/// The file format is nbval's, with a section for each expression:
///
///     [times]
///     regex: \d+ ms
///     replace: TIME
package struct TextSanitizers: Sendable {
    fileprivate private(set) var all: [(pattern: PythonRegex, replacement: PythonRegexReplacement)] = []

    /// Creates sanitizers that leave text unchanged.
    package init() {}

    /// Parses the text of a sanitizer file.
    ///
    /// The syntax is that of Python's `configparser`, except that a value keeps its white space after the first space,
    /// as in nbval. If an expression occurs twice, its first position and its last replacement count.
    ///
    /// - Throws: ``SanitizerError`` if an expression is invalid or has no replacement.
    package init(parsing text: String) throws(SanitizerError) {
        for entry in try SanitizerFile(text).entries {
            let pattern: PythonRegex
            do throws(PythonRegexError) {
                pattern = try PythonRegex(entry.expression.text)
            } catch {
                throw entry.error(.badExpression(entry.expression.text, error), entry.expression.line)
            }
            let replacement: PythonRegexReplacement
            do throws(PythonRegexError) {
                replacement = try PythonRegexReplacement(entry.replacement.text, for: pattern)
            } catch {
                throw entry.error(.badReplacement(entry.replacement.text, error), entry.replacement.line)
            }
            if let index = all.firstIndex(where: { $0.pattern.source.utf8.elementsEqual(entry.expression.text.utf8) }) {
                all[index].replacement = replacement
            } else {
                all.append((pattern, replacement))
            }
        }
    }

    /// The number of expressions.
    package var count: Int { all.count }
}

/// The use of sanitizers for the texts of one comparison.
final class SanitizerRun {
    private let sanitizers: TextSanitizers
    /// The expressions that took too long for a text, so that some of their matches remain.
    private(set) var unfinishedExpressions: [String] = []

    init(_ sanitizers: TextSanitizers) { self.sanitizers = sanitizers }

    /// Returns a text after all replacements, in the order of the file.
    func sanitized(_ text: String) -> String {
        sanitizers.all.reduce(text) { text, sanitizer in
            let (result, isComplete) = sanitizer.pattern.replacing(in: text, with: sanitizer.replacement)
            if !isComplete, !unfinishedExpressions.contains(sanitizer.pattern.source) {
                unfinishedExpressions.append(sanitizer.pattern.source)
            }
            return result
        }
    }
}

/// An error in a sanitizer file.
package struct SanitizerError: Error, Hashable, Sendable {
    /// The section; nil before the first section.
    package let section: String?
    /// The line number, counted from 1.
    package let line: Int
    /// The problem in that line.
    package let problem: Problem

    /// The possible problems.
    package enum Problem: Hashable, Sendable {
        /// The line is not a section, a key with a value or a comment.
        case notUnderstood(String)
        /// An expression has no replacement.
        case noReplacement
        /// A replacement has no expression.
        case noExpression
        case badExpression(String, PythonRegexError)
        case badReplacement(String, PythonRegexError)
    }
}

extension SanitizerError: CustomStringConvertible {
    /// The location, the problem and, if possible, the correction.
    package var description: String {
        let place = section.map { "line \(line), [\($0)]: " } ?? "line \(line): "
        return switch problem {
        case .notUnderstood(let text): "\(place)'\(text)' is neither [a section] nor 'regex: …' nor 'replace: …'"
        case .noReplacement: "\(place)'regex' has no 'replace'; for an empty replacement, write 'replace:'"
        case .noExpression: "\(place)'replace' has no 'regex'"
        case .badExpression(let text, let error):
            "\(place)the regex '\(text)' is invalid at character \(error.place + 1): \(error.problem)"
        case .badReplacement(let text, let error):
            "\(place)the replacement '\(text)' is invalid at character \(error.place + 1): \(error.problem)"
        }
    }
}
