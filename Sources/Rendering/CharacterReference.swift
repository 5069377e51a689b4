/// A character written by name or number: `&lt;`, `&#8364;`.
enum CharacterReference {
    /// Returns text with its character references resolved; unknown references stay unchanged.
    ///
    /// - Parameter removesBackslashes: Whether a backslash escapes the punctuation character after it, as in Markdown.
    static func resolved(_ bytes: ArraySlice<UInt8>, removesBackslashes: Bool = false) -> [UInt8] {
        let backslash = UInt8(ascii: "\\")
        guard bytes.contains(UInt8(ascii: "&")) || removesBackslashes && bytes.contains(backslash) else {
            return Array(bytes)
        }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let next = place + 1
            if removesBackslashes, bytes[place] == backslash, next < bytes.endIndex, bytes[next].isPunctuation {
                text.append(bytes[next])
                place += 2
            } else if bytes[place] == UInt8(ascii: "&"), let (character, end) = read(bytes[place...]) {
                text += character.utf8
                place = end
            } else {
                text.append(bytes[place])
                place = next
            }
        }
        return text
    }

    /// Reads a character reference at the beginning of `bytes`, and returns the index after it.
    static func read(_ bytes: ArraySlice<UInt8>) -> (character: String, end: Int)? {
        guard let end = bytes.prefix(longest).firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let body = bytes[(bytes.startIndex + 1)..<end]
        guard body.first == UInt8(ascii: "#") else {
            return named[String(decoding: body, as: UTF8.self)].map { ($0, end + 1) }
        }
        let digits = body.dropFirst()
        let isHexadecimal = digits.first.map { $0 | 0x20 } == UInt8(ascii: "x")
        let number = String(decoding: isHexadecimal ? digits.dropFirst() : digits, as: UTF8.self)
        guard number.utf8.allSatisfy({ $0.isDigit || $0.isLetter }),
            let value = UInt32(number, radix: isHexadecimal ? 16 : 10)
        else { return nil }
        let scalar = value == 0 ? nil : Unicode.Scalar(value)
        return (String(Character(scalar ?? "\u{FFFD}")), end + 1)
    }

    private static let longest = 34

    /// The names in common use; the HTML standard defines more than 2,000.
    private static let named: [String: String] = {
        var table: [String: String] = [:]
        let words = list.split(separator: " ")
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            table[String(words[index])] = String(words[index + 1])
        }
        table["nbsp"] = "\u{A0}"
        table["ensp"] = "\u{2002}"
        table["emsp"] = "\u{2003}"
        table["thinsp"] = "\u{2009}"
        table["shy"] = "\u{AD}"
        table["zwj"] = "\u{200D}"
        table["zwnj"] = "\u{200C}"
        table["Tab"] = "\t"
        table["NewLine"] = "\n"
        return table
    }()

    private static let list = """
        amp & lt < gt > quot " apos ' colon : lpar ( rpar ) lbrack [ rbrack ] num # dollar $ percnt % ast * plus + \
        comma , period . sol / semi ; equals = quest ? commat @ bsol \\ Hat ^ lowbar _ grave ` lbrace { verbar | vert | \
        rbrace } iexcl ¡ cent ¢ pound £ curren ¤ yen ¥ brvbar ¦ sect § uml ¨ copy © COPY © ordf ª laquo « not ¬ reg ® \
        macr ¯ deg ° plusmn ± sup2 ² sup3 ³ acute ´ micro µ para ¶ middot · cedil ¸ sup1 ¹ ordm º raquo » frac14 ¼ \
        frac12 ½ half ½ frac34 ¾ iquest ¿ Agrave À Aacute Á Acirc Â Atilde Ã Auml Ä Aring Å AElig Æ Ccedil Ç Egrave È \
        Eacute É Ecirc Ê Euml Ë Igrave Ì Iacute Í Icirc Î Iuml Ï ETH Ð Ntilde Ñ Ograve Ò Oacute Ó Ocirc Ô Otilde Õ \
        Ouml Ö times × Oslash Ø Ugrave Ù Uacute Ú Ucirc Û Uuml Ü Yacute Ý THORN Þ szlig ß agrave à aacute á acirc â \
        atilde ã auml ä aring å aelig æ ccedil ç egrave è eacute é ecirc ê euml ë igrave ì iacute í icirc î iuml ï \
        eth ð ntilde ñ ograve ò oacute ó ocirc ô otilde õ ouml ö divide ÷ oslash ø ugrave ù uacute ú ucirc û uuml ü \
        yacute ý thorn þ yuml ÿ OElig Œ oelig œ Scaron Š scaron š Yuml Ÿ fnof ƒ circ ˆ tilde ˜ Alpha Α Beta Β Gamma Γ \
        Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν Xi Ξ Omicron Ο Pi Π Rho Ρ Sigma Σ \
        Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι \
        kappa κ lambda λ mu μ nu ν xi ξ omicron ο pi π rho ρ sigmaf ς sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω \
        ndash – mdash — lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ” bdquo „ dagger † Dagger ‡ bull • hellip … permil ‰ \
        prime ′ Prime ″ lsaquo ‹ rsaquo › oline ‾ euro € trade ™ larr ← uarr ↑ rarr → darr ↓ harr ↔ crarr ↵ lArr ⇐ \
        uArr ⇑ rArr ⇒ dArr ⇓ hArr ⇔ forall ∀ part ∂ exist ∃ empty ∅ nabla ∇ isin ∈ notin ∉ ni ∋ prod ∏ sum ∑ minus − \
        lowast ∗ radic √ prop ∝ infin ∞ ang ∠ and ∧ or ∨ cap ∩ cup ∪ int ∫ there4 ∴ sim ∼ cong ≅ asymp ≈ ne ≠ equiv ≡ \
        le ≤ ge ≥ sub ⊂ sup ⊃ nsub ⊄ sube ⊆ supe ⊇ oplus ⊕ otimes ⊗ perp ⊥ sdot ⋅ loz ◊ spades ♠ clubs ♣ hearts ♥ \
        diams ♦ check ✓ checkmark ✓ cross ✗ star ☆ starf ★
        """
}
