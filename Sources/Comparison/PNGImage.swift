/// The decoded pixels of a PNG file.
struct PNGImage {
    let width: Int
    let height: Int
    /// Whether colors have 16 bits per sample.
    var has16BitSamples: Bool { file.depth == 16 }

    private let file: PNGFile
    private let passes: [Pass]
    /// The samples of the fully transparent color; -1 if there is none.
    private let transparentColor: (red: Int, green: Int, blue: Int)
    /// The decoded rows of each pass, each after a byte for its filter.
    private var rows: [UInt8]

    /// The whole image, or one of the seven passes of an interlaced image.
    private struct Pass {
        let x: Int
        let y: Int
        let stepX: Int
        let stepY: Int
        let width: Int
        let height: Int
        let rowBytes: Int
        let start: Int
    }

    /// The maximum size of the decoded rows in bytes.
    static let mostBytes = 256 << 20

    /// Decodes a file; nil if it is damaged, animated or too large.
    init?(_ bytes: [UInt8]) {
        guard let file = PNGFile(bytes) else { return nil }
        self.file = file
        (width, height) = (file.width, file.height)
        passes = Self.passes(of: file)
        transparentColor = Self.transparentColor(in: file)
        let size = passes.reduce(0) { $0 + $1.height * $1.rowBytes }
        guard size <= Self.mostBytes, let rows = ZlibStream.decompress(file.packed, count: size) else { return nil }
        self.rows = rows
        for pass in passes { if !unfilter(pass) { return nil } }
    }

    private static func passes(of file: PNGFile) -> [Pass] {
        let adam = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        var start = 0
        return (file.isInterlaced ? adam : [(0, 0, 1, 1)]).compactMap { x, y, stepX, stepY in
            let width = (file.width - x + stepX - 1) / stepX
            let height = (file.height - y + stepY - 1) / stepY
            guard width > 0, height > 0 else { return nil }
            let rowBytes = 1 + (width * file.colors.samples * file.depth + 7) / 8
            defer { start += height * rowBytes }
            return Pass(
                x: x, y: y, stepX: stepX, stepY: stepY, width: width, height: height, rowBytes: rowBytes, start: start)
        }
    }

    private static func transparentColor(in file: PNGFile) -> (Int, Int, Int) {
        let bytes = file.transparency
        // Only the bits of a sample count.
        let number = { PNGFile.number(bytes[$0..<$0 + 2]) & (1 << file.depth - 1) }
        switch (file.colors, bytes.count) {
        case (.grey, 2): return (number(0), number(0), number(0))
        case (.rgb, 6): return (number(0), number(2), number(4))
        default: return (-1, -1, -1)
        }
    }

    // MARK: - Filters

    private mutating func unfilter(_ pass: Pass) -> Bool {
        let step = max(1, file.colors.samples * file.depth / 8)
        for row in 0..<pass.height {
            let start = pass.start + row * pass.rowBytes
            let above = row > 0 ? start - pass.rowBytes : nil
            guard unfilter(rows[start], start + 1..<start + pass.rowBytes, above.map { $0 + 1 }, step) else {
                return false
            }
            // Two images with different filters can have the same pixels, so the filter is not compared.
            rows[start] = 0
        }
        return true
    }

    private mutating func unfilter(_ filter: UInt8, _ row: Range<Int>, _ above: Int?, _ step: Int) -> Bool {
        switch filter {
        case 0: return true
        case 1: for index in row.dropFirst(step) { rows[index] &+= rows[index - step] }
        case 2:
            guard let above else { return true }
            for index in row { rows[index] &+= rows[above + index - row.lowerBound] }
        case 3, 4:
            for index in row {
                let offset = index - row.lowerBound
                let left = offset >= step ? Int(rows[index - step]) : 0
                let up = above.map { Int(rows[$0 + offset]) } ?? 0
                let corner = offset >= step ? above.map { Int(rows[$0 + offset - step]) } ?? 0 : 0
                let guess = filter == 3 ? (left + up) / 2 : Self.nearest(left, up, corner)
                rows[index] &+= UInt8(guess)
            }
        default: return false
        }
        return true
    }

    /// Returns the neighbor that is nearest to the prediction (the Paeth filter).
    private static func nearest(_ left: Int, _ up: Int, _ corner: Int) -> Int {
        let (fromLeft, fromUp, fromCorner) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
        if fromLeft <= fromUp, fromLeft <= fromCorner { return left }
        return fromUp <= fromCorner ? up : corner
    }

    // MARK: - Pixels

    /// Whether the samples and the format are identical, which is faster than comparing pixels.
    func hasSameSamples(like other: PNGImage) -> Bool {
        width == other.width && height == other.height && file.colors == other.file.colors
            && file.depth == other.file.depth && file.isInterlaced == other.file.isInterlaced
            && file.palette == other.file.palette && file.transparency == other.file.transparency && rows == other.rows
    }

    /// Writes the pixels of a row to `pixels`: red, green, blue and alpha from 0 to 65535.
    func read(row y: Int, into pixels: inout [UInt16]) {
        if pixels.count != 4 * width { pixels = Array(repeating: 0, count: 4 * width) }
        for pass in passes where y >= pass.y && (y - pass.y) % pass.stepY == 0 {
            let start = pass.start + (y - pass.y) / pass.stepY * pass.rowBytes + 1
            for column in 0..<pass.width {
                let color = color(at: start, column)
                let place = 4 * (pass.x + column * pass.stepX)
                pixels[place] = color.red
                pixels[place + 1] = color.green
                pixels[place + 2] = color.blue
                pixels[place + 3] = color.alpha
            }
        }
    }

    private func color(at start: Int, _ column: Int) -> (red: UInt16, green: UInt16, blue: UInt16, alpha: UInt16) {
        let first = column * file.colors.samples
        let one = sample(at: start, first)
        switch file.colors {
        case .grey:
            let isClear = transparentColor == (one, one, one)
            let grey = scaled(one)
            return (grey, grey, grey, isClear ? 0 : .max)
        case .greyAlpha:
            let grey = scaled(one)
            return (grey, grey, grey, scaled(sample(at: start, first + 1)))
        case .palette:
            // Like libpng, shows an index beyond the palette as black.
            guard 3 * one + 2 < file.palette.count else { return (0, 0, 0, .max) }
            let alpha = one < file.transparency.count ? file.transparency[one] : .max
            let (red, green, blue) = (file.palette[3 * one], file.palette[3 * one + 1], file.palette[3 * one + 2])
            return (UInt16(red) * 257, UInt16(green) * 257, UInt16(blue) * 257, UInt16(alpha) * 257)
        case .rgb, .rgba:
            let (two, three) = (sample(at: start, first + 1), sample(at: start, first + 2))
            var alpha = UInt16.max
            if file.colors == .rgba {
                alpha = scaled(sample(at: start, first + 3))
            } else if transparentColor == (one, two, three) {
                alpha = 0
            }
            return (scaled(one), scaled(two), scaled(three), alpha)
        }
    }

    private func sample(at start: Int, _ index: Int) -> Int {
        switch file.depth {
        case 8: return Int(rows[start + index])
        case 16: return Int(rows[start + 2 * index]) << 8 | Int(rows[start + 2 * index + 1])
        default:
            let bit = index * file.depth
            return Int(rows[start + bit / 8]) >> (8 - file.depth - bit % 8) & (1 << file.depth - 1)
        }
    }

    private func scaled(_ sample: Int) -> UInt16 { UInt16(sample * (65535 / (1 << file.depth - 1))) }
}
