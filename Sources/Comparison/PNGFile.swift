/// The chunks of a PNG file that define its pixels.
struct PNGFile {
    let width: Int
    let height: Int
    let depth: Int
    let colors: Colors
    let isInterlaced: Bool
    /// The red, green and blue values of each palette color.
    private(set) var palette: [UInt8] = []
    /// The content of the `tRNS` chunk, whose format depends on `colors`.
    private(set) var transparency: [UInt8] = []
    /// The compressed pixels.
    private(set) var packed: [UInt8] = []

    /// The color type of the pixels.
    enum Colors: UInt8 {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgba = 6

        /// The number of samples per pixel.
        var samples: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        fileprivate func allows(_ depth: Int) -> Bool {
            switch self {
            case .grey: [1, 2, 4, 8, 16].contains(depth)
            case .palette: [1, 2, 4, 8].contains(depth)
            default: [8, 16].contains(depth)
            }
        }
    }

    /// The maximum number of pixels of an image.
    static let mostPixels = 100_000_000

    /// Reads a file; nil if it is damaged, animated or too large.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
        var chunks = PNGChunks(bytes: bytes, place: 8)
        guard let header = chunks.next(), header.name == "IHDR", header.bytes.count == 13 else { return nil }
        let fields = Array(header.bytes)
        (width, height) = (Self.number(fields[0..<4]), Self.number(fields[4..<8]))
        guard (1...0x7FFF_FFFF).contains(width), (1...0x7FFF_FFFF).contains(height), width * height <= Self.mostPixels,
            let colors = Colors(rawValue: fields[9]), colors.allows(Int(fields[8])), fields[10] == 0,
            fields[11] == 0,
            fields[12] <= 1
        else { return nil }
        (depth, self.colors, isInterlaced) = (Int(fields[8]), colors, fields[12] == 1)
        guard readRest(&chunks), !packed.isEmpty else { return nil }
        if colors == .palette, palette.isEmpty || palette.count % 3 != 0 || palette.count > 768 { return nil }
    }

    private mutating func readRest(_ chunks: inout PNGChunks) -> Bool {
        while let chunk = chunks.next() {
            switch chunk.name {
            case "IDAT": packed += chunk.bytes
            case "PLTE": palette = Array(chunk.bytes)
            case "tRNS": transparency = Array(chunk.bytes)
            case "IEND": return true
            // The other frames of an animation would not be compared.
            case "acTL": return false
            // A chunk is optional if its name begins with a lowercase letter.
            case let name: if name.utf8.first.map({ $0 & 0x20 == 0 }) ?? true { return false }
            }
        }
        return false
    }

    /// Reads a big-endian number.
    static func number(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

/// Iterates over the chunks of a file, and stops at a wrong checksum.
private struct PNGChunks {
    let bytes: [UInt8]
    var place: Int

    mutating func next() -> (name: String, bytes: ArraySlice<UInt8>)? {
        guard bytes.count - place >= 12 else { return nil }
        let length = PNGFile.number(bytes[place..<place + 4])
        guard length <= bytes.count - place - 12 else { return nil }
        let summed = bytes[place + 4..<place + 8 + length]
        place += 12 + length
        guard PNGFile.number(bytes[place - 4..<place]) == Int(Self.sum(summed)) else { return nil }
        return (String(decoding: summed.prefix(4), as: UTF8.self), summed.dropFirst(4))
    }

    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes { sum = sum >> 8 ^ table[Int((sum ^ UInt32(byte)) & 0xFF)] }
        return ~sum
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
}
