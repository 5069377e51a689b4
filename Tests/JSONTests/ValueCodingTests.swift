import Foundation
import GalleyJSON
import Testing

@Suite struct `A value in a third-party coder` {
    @Test(arguments: [
        #"{"a":[1,2.5,"x",true,false,null,{}],"b":{"c":-7},"d":[],"e":"🙂\n"}"#, "[0,1]", #"["true"]"#,
        #"{"big":9007199254740993}"#,
    ])
    func `A value is the same after a third-party coder encodes and decodes it`(text: String) throws {
        let value = try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
        #expect(try Document(parsing: Array(text.utf8)).root.canonicalText.bytes == value.canonicalText.bytes)
    }
}
