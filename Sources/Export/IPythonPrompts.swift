/// Removes the prompts of code that was pasted from a Python or IPython session.
enum IPythonPrompts {
    /// Removes prompts such as `In [1]: ` and `   ...: ` if the first or second line has one.
    static func removingIPythonPrompts(from lines: [PythonText]) -> [PythonText] {
        guard let first = lines.first else { return lines }
        guard lengthOfIPythonPrompt(first) != nil || lines.count > 1 && lengthOfIPythonPrompt(lines[1]) != nil else {
            return lines
        }
        return lines.map { Array($0.dropFirst(lengthOfIPythonPrompt($0) ?? 0)) }
    }

    /// Removes the prompts `>>>` and `...` outside of multi-line strings if any line begins with `>>>`.
    static func removingPythonPrompts(from lines: [PythonText]) -> [PythonText] {
        let isInString = linesInStrings(lines)
        guard zip(lines, isInString).contains(where: { !$1 && lengthOfPrompt(">>>", $0, withSpace: false) != nil })
        else { return lines }
        var result: [PythonText] = []
        var segment: [PythonText] = []
        var hasPrompt = false
        func endSegment() {
            result += hasPrompt ? Array(segment.joined()).dedented.lines : segment
            (segment, hasPrompt) = ([], false)
        }
        for (line, isInString) in zip(lines, isInString) {
            if isInString {
                endSegment()
                result.append(line)
                continue
            }
            let length = lengthOfPrompt(">>>", line) ?? lengthOfPrompt("...", line)
            segment.append(Array(line.dropFirst(length ?? 0)))
            if length != nil { hasPrompt = true }
        }
        endSegment()
        return result
    }

    /// Returns the length of a prompt at the start of a line, with the white space around it; nil if there is none.
    private static func lengthOfPrompt(_ prompt: String, _ line: PythonText, withSpace: Bool = true) -> Int? {
        let rest = line.drop(while: \.isPythonSpace)
        guard rest.starts(with: prompt.unicodeScalars) else { return nil }
        let end = rest.startIndex + prompt.unicodeScalars.count
        return withSpace && end < line.count && (line[end] == " " || line[end] == "\t") ? end + 1 : end
    }

    private static func lengthOfIPythonPrompt(_ line: PythonText) -> Int? {
        let afterSpace = line.drop(while: \.isPythonSpace)
        let afterDots = afterSpace.drop { $0 == "." }
        if afterDots.startIndex - afterSpace.startIndex >= 3, afterDots.first == ":" {
            let end = afterDots.startIndex + 1
            return end < line.count && line[end] == " " ? end + 1 : end
        }
        for mode in ["", " ", "[nav] ", "[ins] "] {
            let start = PythonText(mode + "In [")
            guard line.starts(with: start) else { continue }
            let afterNumber = line[start.count...].drop(while: \.isDigit)
            guard afterNumber.startIndex > start.count, afterNumber.starts(with: "]: ".unicodeScalars) else { continue }
            return afterNumber.startIndex + 3
        }
        return nil
    }

    /// Returns for each line whether it is within a multi-line string whose prompts are text.
    ///
    /// As IPython does, this counts quotes without tokenizing.
    private static func linesInStrings(_ lines: [PythonText]) -> [Bool] {
        var result: [Bool] = []
        var quote: Unicode.Scalar?
        var keepsPrompts = false
        var hasSeenPrompt = false
        for line in lines {
            result.append(quote != nil && keepsPrompts)
            var index = 0
            while index + 2 < line.count {
                let character = line[index]
                guard character == "'" || character == "\"", line[index + 1] == character, line[index + 2] == character,
                    index == 0 || line[index - 1] != "\\"
                else {
                    index += 1
                    continue
                }
                if quote == nil {
                    quote = character
                    let before = Array(line[..<index])
                    let prompt = lengthOfPrompt(">>>", before)
                    var rest = Array(before.dropFirst(prompt ?? 0))
                    let continuation = lengthOfPrompt("...", rest)
                    rest = Array(rest.dropFirst(continuation ?? 0))
                    let isPrompted = (prompt != nil || continuation != nil) && hasSeenPrompt
                    keepsPrompts =
                        !isPrompted
                        && rest.drop(while: \.isPythonSpace).strippedAtEnd.allSatisfy {
                            "rubfRUBF".unicodeScalars.contains($0)
                        }
                    result[result.count - 1] = keepsPrompts
                } else if quote == character {
                    quote = nil
                    keepsPrompts = false
                }
                index += 3
            }
            hasSeenPrompt = hasSeenPrompt || lengthOfPrompt(">>>", line, withSpace: false) != nil
        }
        return result
    }
}
