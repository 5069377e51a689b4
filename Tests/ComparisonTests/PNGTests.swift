import GalleyJSON
import GalleyTestSupport
import Testing

@testable import GalleyComparison

/// A file of `Tests/Fixtures/pictures`.
struct PictureFixture: Sendable, CustomTestStringConvertible {
    let name: String
    let file: Base64Bytes
    let pixels: [UInt16]
    var testDescription: String { name }

    static let all: [PictureFixture] = {
        let cases = (try? Document(parsing: Repository.fixtureBytes("pictures/pictures.json")))?.root.elements ?? []
        return cases.map { json in
            let bytes = Base64Bytes(json["pixels"]?.string ?? "").decoded ?? []
            return PictureFixture(
                name: json["name"]?.string ?? "", file: Base64Bytes(json["file"]?.string ?? ""),
                pixels: stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) })
        }
    }()

    /// The files without those that differ in filter or transparency alone.
    static let ofEachKind = all.filter { !$0.name.contains("bits, filter") && !$0.name.contains("transparent") }

    static func named(_ name: String) throws -> PictureFixture { try #require(all.first { $0.name == name }) }

    var bytes: [UInt8] { file.decoded ?? [] }
}

@Suite struct `A PNG image` {
    @Test func `The PNG fixtures cover all kinds of files`() { #expect(PictureFixture.all.count > 50) }

    @Test(arguments: PictureFixture.all)
    func `A decoded PNG has the pixels of its file`(fixture: PictureFixture) throws {
        let picture = try #require(PNGImage(fixture.bytes))
        #expect(pixels(picture) == fixture.pixels)
    }

    @Test func `Two PNG files of the same pixels are equal, however they are compressed`() throws {
        let one = try PictureFixture.named("level 0")
        for other in PictureFixture.all where ["level", "filter", "strategy"].contains(where: other.name.hasPrefix) {
            #expect(PNGDifference.between(one.file, other.file) == [], "\(other.name)")
        }
    }

    @Test(arguments: PictureFixture.ofEachKind)
    func `A truncated PNG is refused`(fixture: PictureFixture) {
        for count in 0..<fixture.bytes.count { #expect(PNGImage(Array(fixture.bytes.prefix(count))) == nil) }
    }

    @Test(arguments: PictureFixture.ofEachKind)
    func `A PNG with a changed byte is refused`(fixture: PictureFixture) {
        for index in fixture.bytes.indices {
            var bytes = fixture.bytes
            bytes[index] ^= 1 << UInt8(index % 8)
            #expect(PNGImage(bytes) == nil)
        }
    }

    @Test(arguments: PictureFixture.all.filter { ["level", "filter", "strategy"].contains(where: $0.name.hasPrefix) })
    func `A compressed stream with a changed bit is refused, or has the same contents`(fixture: PictureFixture) throws {
        let packed = try #require(PNGFile(fixture.bytes)).packed
        // Eight rows of twelve pixels.
        let count = 8 * (1 + 12 * 3)
        let contents = try #require(ZlibStream.decompress(packed, count: count))
        for index in packed.indices {
            for bit in 0..<8 {
                var bytes = packed
                bytes[index] ^= 1 << UInt8(bit)
                // Some bits of a stream have no meaning.
                let changed = ZlibStream.decompress(bytes, count: count)
                #expect(changed == nil || changed == contents)
            }
        }
    }

    @Test func `A compressed stream is refused if its length is another one, or cannot be reached`() throws {
        let packed = try #require(PNGFile(PictureFixture.named("level 9").bytes)).packed
        for count in [0, 1, 295, 297, 100_000, 1 << 40, Int.max - 1] {
            #expect(ZlibStream.decompress(packed, count: count) == nil)
        }
    }

    @Test func `Of a transparent color, only the bits of a sample count`() throws {
        let file = Self.grey([[1, 2, 3]], transparency: [0xFF, 2])
        let picture = try #require(PNGImage(file.decoded ?? []))
        #expect(pixels(picture) == [257, 257, 257, 65535, 514, 514, 514, 0, 771, 771, 771, 65535])
    }

    @Test func `A PNG that needs too much memory is not decoded`() throws {
        let file = try PictureFixture.named("level 9").bytes
        for (width, height) in [(100_000, 100_000), (0x7FFF_FFFF, 0x7FFF_FFFF), (99_999, 1000), (0, 5), (5, 0)] {
            #expect(PNGImage(Self.resized(file, width, height)) == nil)
        }
    }

    @Test func `A PNG difference names the sizes, or the differing area and the largest difference`() throws {
        let one = try PictureFixture.named("interlaced, 2 by 3").file
        let other = try PictureFixture.named("interlaced, 4 by 4").file
        #expect(PNGDifference.between(one, other) == ["- 2×3 pixels", "+ 4×4 pixels"])
        let grey = Self.grey([[1, 2, 3], [4, 5, 6]])
        let changed = Self.grey([[1, 2, 3], [4, 15, 8]])
        #expect(
            PNGDifference.between(grey, changed) == [
                "2 of 6 pixels differ, by at most 10 of 255", "columns 1 to 2, rows 1 to 1 of a picture of 3×2 pixels",
            ])
        #expect(PNGDifference.between(grey, Self.grey([[1, 2, 3], [4, 5, 6]])) == [])
        let broken = Base64Bytes("AAAA")
        #expect(PNGDifference.between(grey, broken).count == 2)
        #expect(PNGDifference.between(broken, broken) == [])
    }

    private func pixels(_ picture: PNGImage) -> [UInt16] {
        var all: [UInt16] = []
        var row: [UInt16] = []
        for y in 0..<picture.height {
            picture.read(row: y, into: &row)
            all += row
        }
        return all
    }

    /// Makes a file whose pixels are stored without compression.
    static func grey(_ rows: [[UInt8]], transparency: [UInt8] = []) -> Base64Bytes {
        let raw = rows.reduce(into: [UInt8]()) { $0 += [0] + $1 }
        let size = [UInt8(raw.count & 0xFF), UInt8(raw.count >> 8)]
        var stored: [UInt8] = [0x78, 0x01, 1] + size
        stored += size.map { ~$0 }
        stored += raw
        let (low, high) = raw.reduce((1, 0)) { ($0.0 + Int($1), $0.1 + $0.0 + Int($1)) }
        stored += number((high % 65521) << 16 | low % 65521)
        let header = number(rows[0].count) + number(rows.count) + [8, 0, 0, 0, 0]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", header)
        if !transparency.isEmpty { file += chunk("tRNS", transparency) }
        file += chunk("IDAT", stored) + chunk("IEND", [])
        return encoded(file)
    }

    private static func resized(_ file: [UInt8], _ width: Int, _ height: Int) -> [UInt8] {
        let header = number(width) + number(height) + file[24..<29]
        return Array(file[..<8]) + chunk("IHDR", header) + file[33...]
    }

    private static func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) } }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        var sum = ~UInt32(0)
        for byte in body {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return number(data.count) + body + number(Int(~sum))
    }

    private static func encoded(_ bytes: [UInt8]) -> Base64Bytes {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
            let bits = part[0] << 16 | part[1] << 8 | part[2]
            for (index, shift) in [18, 12, 6, 0].enumerated() {
                text.append(start + index <= bytes.count ? letters[bits >> shift & 63] : UInt8(ascii: "="))
            }
        }
        return Base64Bytes(String(decoding: text, as: UTF8.self))
    }
}
