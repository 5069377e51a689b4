/// What is done to text before it is compared: expressions, and what is put in the place of what they match.
///
/// They come from a file as nbval has it, a section for each:
///
///     [times]
///     regex: \d+ ms
///     replace: TIME
package struct TextSanitizers: Sendable {
    private var all: [(text: String, pattern: PythonRegex, replacement: PythonRegexReplacement)] = []

    /// Leaves text as it is.
    package init() {}

    /// Reads a file's text.
    ///
    /// What follows the colon and one space counts to the last blank, as it does for nbval; apart from that the rules are
    /// those of Python's `configparser`. An expression that stands there twice gets the later replacement, at the earlier
    /// place.
    ///
    /// - Throws: ``SanitizerError`` where an expression cannot be understood, or stands alone.
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
            if let index = all.firstIndex(where: { $0.text.utf8.elementsEqual(entry.expression.text.utf8) }) {
                all[index].replacement = replacement
            } else {
                all.append((entry.expression.text, pattern, replacement))
            }
        }
    }

    /// How many expressions there are.
    package var count: Int { all.count }

    /// Returns a text after each expression, in the file's order, has had its turn.
    package func sanitized(_ text: String) -> String {
        all.reduce(text) { $1.pattern.replacing(in: $0, with: $1.replacement) }
    }
}

/// Says what is wrong with a file of expressions.
package struct SanitizerError: Error, Hashable, Sendable {
    /// The section, nil before the first.
    package let section: String?
    /// The line, counted from 1.
    package let line: Int
    /// What is wrong.
    package let problem: Problem

    /// What can be wrong.
    package enum Problem: Hashable, Sendable {
        /// The line is no section, no key with a value, and no comment.
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
    /// Where it is, what is wrong, and what to write instead.
    package var description: String {
        let place = section.map { "line \(line), [\($0)]: " } ?? "line \(line): "
        return switch problem {
        case .notUnderstood(let text): "\(place)'\(text)' is neither [a section] nor 'regex: …' nor 'replace: …'"
        case .noReplacement: "\(place)'regex' has no 'replace' with it; an empty one is written 'replace:'"
        case .noExpression: "\(place)'replace' has no 'regex' with it"
        case .badExpression(let text, let error):
            "\(place)the regex '\(text)' cannot be understood at its character \(error.place + 1): \(error.problem)"
        case .badReplacement(let text, let error):
            "\(place)the replacement '\(text)' cannot be understood at its character \(error.place + 1): \(error.problem)"
        }
    }
}
