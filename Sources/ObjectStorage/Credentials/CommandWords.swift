/// Splits a command into words, as a shell does, without its other abilities.
enum CommandWords {
    /// Returns the words; nil if a quote has no end. Quotes and backslashes keep spaces in a word.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch (byte, quote) {
            case (UInt8(ascii: "'"), UInt8(ascii: "'")), (UInt8(ascii: "\""), UInt8(ascii: "\"")): quote = nil
            case (_, UInt8(ascii: "'")): word?.append(byte)
            case (UInt8(ascii: "\\"), nil):
                guard let next = bytes.popFirst() else { return nil }
                word = (word ?? []) + [next]
            case (UInt8(ascii: "\\"), _):
                guard let next = bytes.popFirst() else { return nil }
                // Between double quotes, a backslash stands for itself except before these characters.
                if next != UInt8(ascii: "\""), next != UInt8(ascii: "\\") { word?.append(byte) }
                word?.append(next)
            case (_, .some): word?.append(byte)
            case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil):
                quote = byte
                word = word ?? []
            case (0x20, nil), (0x09, nil), (0x0A, nil):
                if let word { words.append(String(decoding: word, as: UTF8.self)) }
                word = nil
            default: word = (word ?? []) + [byte]
            }
        }
        guard quote == nil else { return nil }
        if let word { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}
