/// Describes the difference between two images.
enum PNGDifference {
    /// Compares two PNG files by pixels, or by bytes if one of them cannot be decoded.
    ///
    /// Returns readable lines; empty if the images look the same.
    static func between(_ old: Base64Bytes, _ new: Base64Bytes) -> [String] {
        if old == new { return [] }
        guard let one = old.decoded.flatMap({ PNGImage($0) }), let other = new.decoded.flatMap({ PNGImage($0) }) else {
            return bytes(old, new)
        }
        if one.width != other.width || one.height != other.height {
            return ["- \(size(one))", "+ \(size(other))"]
        }
        return one.hasSameSamples(like: other) ? [] : pixels(one, other)
    }

    /// Describes a difference between bytes.
    static func bytes(_ old: Base64Bytes, _ new: Base64Bytes) -> [String] {
        let place = zip(old.letters, new.letters).prefix { $0 == $1 }.count / 4 * 3
        return ["- \(old.count) bytes", "+ \(new.count) bytes, which differ from about byte \(place + 1) on"]
    }

    private static func size(_ picture: PNGImage) -> String { "\(picture.width)×\(picture.height) pixels" }

    private static func pixels(_ old: PNGImage, _ new: PNGImage) -> [String] {
        var (count, most) = (0, 0)
        var (left, right, top, bottom) = (Int.max, 0, Int.max, 0)
        var (one, other): ([UInt16], [UInt16]) = ([], [])
        for y in 0..<old.height {
            old.read(row: y, into: &one)
            new.read(row: y, into: &other)
            if one == other { continue }
            for x in 0..<old.width {
                let most4 = (4 * x..<4 * x + 4).reduce(0) { max($0, abs(Int(one[$1]) - Int(other[$1]))) }
                if most4 == 0 { continue }
                count += 1
                most = max(most, most4)
                (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
            }
        }
        if count == 0 { return [] }
        let has16BitSamples = old.has16BitSamples || new.has16BitSamples
        return [
            "\(count) of \(old.width * old.height) pixels differ, by at most \(has16BitSamples ? most : most / 257) of "
                + "\(has16BitSamples ? 65535 : 255)",
            "columns \(left) to \(right), rows \(top) to \(bottom) of a picture of \(size(old))",
        ]
    }
}
