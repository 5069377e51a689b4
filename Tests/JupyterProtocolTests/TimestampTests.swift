import GalleyJupyterProtocol
import Testing

@Suite struct `A timestamp` {
    @Test(
        arguments: [
            ("2026-01-31T12:00:00.123456Z", "2026-01-31T12:00:00.123456Z"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00.5+00:00", "2026-01-31T12:00:00.500000Z"),
            ("2026-01-31T01:30:00+0200", "2026-01-30T23:30:00.000000Z"),
            ("2024-02-29T23:59:60.1234567-01", "2024-03-01T01:00:00.123456Z"),
            ("2026-01-31 12:00", "2026-01-31T12:00:00.000000Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("2000-03-01T00:00:00", "2000-03-01T00:00:00.000000Z"),
            ("2100-02-28T24:00:00", nil), ("yesterday", nil), ("", nil), ("2026-13-01T00:00:00Z", nil),
            ("2026-01-31T12:00:00Zulu", nil),
            ("2026-1-31T12:00:00Z", nil), ("2026-01-31T12:00:0é", nil),
        ] as [(String, String?)])
    func `A timestamp is parsed as kernels write it, and written as notebooks store it`(text: String, expected: String?)
    {
        #expect(Timestamp(text)?.description == expected)
    }

    @Test func `A timestamp parses every day of many years as it writes it`() {
        for day in stride(from: -200_000, to: 200_000, by: 97) {
            let time = Timestamp(microseconds: day * 86_400_000_000 + 1)
            guard (0...9999).contains(Int(time.description.prefix(while: { $0 != "-" })) ?? -1) else { continue }
            #expect(Timestamp(time.description) == time)
        }
    }
}
