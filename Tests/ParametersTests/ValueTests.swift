import GalleyParameters
import Testing

@Suite struct ValueTests {
    @Test(
        arguments: [
            ("True", true), ("False", false), ("None", nil), ("7", 7), (" 5 ", 5), ("1_000", 1000), ("-3", -3),
            ("0.6", 0.6),
            ("5.", 5.0), (".5", 0.5), ("1e3", 1000.0), ("true", "true"), ("1__0", "1__0"), ("0x10", "0x10"), ("", ""),
            ("2024-01-01", "2024-01-01"),
        ] as [(String, ParameterValue)])
    func `a word has the type that papermill gives it`(word: String, value: ParameterValue) {
        #expect(ParameterValue(word: word) == value)
    }
}
