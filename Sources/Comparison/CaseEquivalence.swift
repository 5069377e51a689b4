/// The characters that Python's `re` does not tell apart when it ignores case.
enum CaseEquivalence {
    /// Returns a character and its equivalents.
    ///
    /// Two characters are equivalent if they have the same lowercase character, or lowercase characters with the same
    /// uppercase. Mappings to several characters do not count: `ß` is not equivalent to `ss`.
    static func equivalents(of scalar: UInt32, isASCII: Bool) -> [UInt32] {
        if isASCII || scalar < 0x80 && scalar | 0x20 != 0x69 && scalar | 0x20 != 0x6B && scalar | 0x20 != 0x73 {
            return isASCIILetter(scalar) ? [scalar, scalar ^ 0x20] : [scalar]
        }
        if let group = irregular[scalar] { return group }
        let properties = Unicode.Scalar(scalar)?.properties
        let mapped = [properties?.lowercaseMapping, properties?.uppercaseMapping, properties?.titlecaseMapping]
            .compactMap { mapping -> UInt32? in
                guard let scalars = mapping?.unicodeScalars, scalars.count == 1 else { return nil }
                return scalars.first?.value
            }
        // The letters with an iota subscript have a title case, but no uppercase in one character.
        return mapped.first { $0 != scalar }.map { [scalar, $0] } ?? [scalar]
    }

    /// Returns the lowercase character by which back references compare.
    static func lowercase(of scalar: UInt32, isASCII: Bool) -> UInt32 {
        if isASCII || scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? scalar | 0x20 : scalar }
        return Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars.first?.value ?? scalar
    }

    private static func isASCIILetter(_ scalar: UInt32) -> Bool {
        (0x61...0x7A).contains(scalar | 0x20) && scalar < 0x80
    }

    /// The groups of more than two characters, and those whose members have no mapping to each other.
    private static let irregular: [UInt32: [UInt32]] = {
        let groups = """
            I i \u{130} \u{131}|K k \u{212A}|S s \u{17F}|\u{B5} \u{39C} \u{3BC}|\u{C5} \u{E5} \u{212B}|\u{DF} \u{1E9E}
            \u{1C4} \u{1C5} \u{1C6}|\u{1C7} \u{1C8} \u{1C9}|\u{1CA} \u{1CB} \u{1CC}|\u{1F1} \u{1F2} \u{1F3}
            \u{345} \u{399} \u{3B9} \u{1FBE}|\u{390} \u{1FD3}|\u{392} \u{3B2} \u{3D0}|\u{395} \u{3B5} \u{3F5}
            \u{398} \u{3B8} \u{3D1} \u{3F4}|\u{39A} \u{3BA} \u{3F0}|\u{3A0} \u{3C0} \u{3D6}|\u{3A1} \u{3C1} \u{3F1}
            \u{3A3} \u{3C2} \u{3C3}|\u{3A6} \u{3C6} \u{3D5}|\u{3A9} \u{3C9} \u{2126}|\u{3B0} \u{1FE3}
            \u{412} \u{432} \u{1C80}|\u{414} \u{434} \u{1C81}|\u{41E} \u{43E} \u{1C82}|\u{421} \u{441} \u{1C83}
            \u{422} \u{442} \u{1C84} \u{1C85}|\u{42A} \u{44A} \u{1C86}|\u{462} \u{463} \u{1C87}
            \u{1C88} \u{A64A} \u{A64B}|\u{1E60} \u{1E61} \u{1E9B}|\u{FB05} \u{FB06}
            """
        var table: [UInt32: [UInt32]] = [:]
        for group in groups.unicodeScalars.split(whereSeparator: { $0 == "|" || $0 == "\n" }) {
            let members = group.map(\.value).filter { $0 != 0x20 }
            for member in members { table[member] = members }
        }
        return table
    }()
}
