/// Decompresses deflate data (RFC 1951).
struct Inflater {
    private let input: [UInt8]
    private var place: Int
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    private let limit: Int

    /// The input is truncated or invalid.
    struct Damage: Error {}

    /// Decompresses a zlib stream (RFC 1950) up to `limit` bytes; nil if the stream is invalid.
    ///
    /// Does not verify the stream's checksum, because the chunks of PNG have their own.
    static func unpack(_ input: [UInt8], atMost limit: Int) -> [UInt8]? {
        guard input.count >= 2, input[0] & 0x0F == 8, input[0] >> 4 <= 7, input[1] & 0x20 == 0,
            (Int(input[0]) << 8 | Int(input[1])) % 31 == 0
        else { return nil }
        var inflater = Inflater(input: input, place: 2, limit: limit)
        do throws(Damage) { try inflater.run() } catch { return nil }
        return inflater.output
    }

    private init(input: [UInt8], place: Int, limit: Int) {
        (self.input, self.place, self.limit) = (input, place, limit)
    }

    private mutating func run() throws(Damage) {
        var isLast = false
        while !isLast, output.count < limit {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1: try copy(Self.fixed.literals, Self.fixed.distances)
            case 2:
                let codes = try readCodes()
                try copy(codes.literals, codes.distances)
            default: throw Damage()
            }
        }
    }

    // MARK: - Bits

    private mutating func fill() {
        while bitCount <= 48, place < input.count {
            bits |= UInt64(input[place]) << UInt64(bitCount)
            bitCount += 8
            place += 1
        }
    }

    private mutating func take(_ count: Int) throws(Damage) -> Int {
        if bitCount < count { fill() }
        guard bitCount >= count else { throw Damage() }
        defer { drop(count) }
        return Int(bits & (1 << UInt64(count) - 1))
    }

    private mutating func drop(_ count: Int) {
        bits >>= UInt64(count)
        bitCount -= count
    }

    // MARK: - Blocks

    private mutating func copyStored() throws(Damage) {
        drop(bitCount % 8)
        let count = try take(16)
        guard try take(16) == ~count & 0xFFFF else { throw Damage() }
        for _ in 0..<min(count, limit - output.count) { output.append(UInt8(try take(8))) }
    }

    private mutating func copy(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(Damage) {
        while output.count < limit {
            let symbol = try read(literals)
            if symbol < 256 {
                output.append(UInt8(symbol))
                continue
            }
            if symbol == 256 { return }
            guard symbol < 286 else { throw Damage() }
            let length = Self.lengths[symbol - 257]
            let count = length.base + (try take(length.bits))
            let code = try read(distances)
            guard code < 30 else { throw Damage() }
            let distance = Self.distances[code].base + (try take(Self.distances[code].bits))
            guard distance <= output.count else { throw Damage() }
            for _ in 0..<min(count, limit - output.count) { output.append(output[output.count - distance]) }
        }
    }

    private mutating func read(_ code: HuffmanCode) throws(Damage) -> Int {
        if bitCount < 15 { fill() }
        guard let (symbol, length) = code.symbol(in: bits), length <= bitCount else { throw Damage() }
        drop(length)
        return symbol
    }

    private mutating func readCodes() throws(Damage) -> (literals: HuffmanCode, distances: HuffmanCode) {
        let literalCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        var lengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<(try take(4) + 4) { lengths[Self.order[index]] = UInt8(try take(3)) }
        guard literalCount <= 286, let code = HuffmanCode(lengths) else { throw Damage() }
        lengths = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try read(code)
            switch symbol {
            case 16:
                guard let last = lengths.last else { throw Damage() }
                lengths += Array(repeating: last, count: 3 + (try take(2)))
            case 17: lengths += Array(repeating: 0, count: 3 + (try take(3)))
            case 18: lengths += Array(repeating: 0, count: 11 + (try take(7)))
            default: lengths.append(UInt8(symbol))
            }
        }
        guard lengths.count == literalCount + distanceCount, lengths[256] > 0,
            let literals = HuffmanCode(Array(lengths[..<literalCount])),
            let distances = HuffmanCode(Array(lengths[literalCount...]))
        else { throw Damage() }
        return (literals, distances)
    }

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    /// The base length of each symbol from 257 on, and the number of extra bits.
    private static let lengths: [(base: Int, bits: Int)] = {
        var lengths = steps(from: 3, count: 28, doublingEvery: 4)
        lengths.append((258, 0))
        return lengths
    }()

    private static let distances = steps(from: 1, count: 30, doublingEvery: 2)

    private static func steps(from first: Int, count: Int, doublingEvery group: Int) -> [(base: Int, bits: Int)] {
        var base = first
        return (0..<count).map { index in
            let bits = max(0, index / group - 1)
            defer { base += 1 << bits }
            return (base, bits)
        }
    }

    private static let fixed: (literals: HuffmanCode, distances: HuffmanCode) = {
        let lengths: [UInt8] = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        return (HuffmanCode(lengths) ?? .none, HuffmanCode(Array(repeating: 5, count: 32)) ?? .none)
    }()
}

/// A Huffman code.
struct HuffmanCode: Sendable {
    /// For each value of the next ten bits: the symbol times 16 plus the code's length; zero if the code is longer.
    private var short: [UInt16]
    /// The number of codes of each length, and their symbols in order, for longer codes.
    private var counts = [Int](repeating: 0, count: 16)
    private var symbols: [UInt16] = []

    private static let shortBits = 10

    static let none = HuffmanCode()

    private init() { short = Array(repeating: 0, count: 1 << Self.shortBits) }

    /// Creates the code from the code length of each symbol (zero if unused); nil if no such code exists.
    init?(_ lengths: [UInt8]) {
        self.init()
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var next = [Int](repeating: 0, count: 17)
        var places = [Int](repeating: 0, count: 17)
        var left = 1
        for length in 1...15 {
            left = left * 2 - counts[length]
            if left < 0 { return nil }
            next[length + 1] = (next[length] + counts[length]) * 2
            places[length + 1] = places[length] + counts[length]
        }
        // A code may be incomplete only if it has at most one symbol.
        if left > 0, counts.reduce(0, +) > 1 || counts[1...].firstIndex(where: { $0 > 0 }) ?? 1 > 1 { return nil }
        symbols = Array(repeating: 0, count: lengths.count)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            symbols[places[Int(length)]] = UInt16(symbol)
            places[Int(length)] += 1
            enter(symbol, code: next[Int(length)], length: Int(length))
            next[Int(length)] += 1
        }
    }

    private mutating func enter(_ symbol: Int, code: Int, length: Int) {
        if length > Self.shortBits { return }
        var reversed = 0
        for bit in 0..<length where code >> bit & 1 == 1 { reversed |= 1 << (length - 1 - bit) }
        for index in stride(from: reversed, to: short.count, by: 1 << length) {
            short[index] = UInt16(symbol << 4 | length)
        }
    }

    /// Returns the symbol at the beginning of `bits` (least significant bit first) and the length of its code.
    func symbol(in bits: UInt64) -> (Int, length: Int)? {
        let entry = Int(short[Int(bits & (1 << UInt64(Self.shortBits) - 1))])
        if entry > 0 { return (entry >> 4, entry & 15) }
        var (code, first, place) = (0, 0, 0)
        for length in 1...15 {
            code |= Int(bits >> UInt64(length - 1) & 1)
            let count = counts[length]
            if code - first < count { return (Int(symbols[place + code - first]), length) }
            place += count
            first = (first + count) << 1
            code <<= 1
        }
        return nil
    }
}
