import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

struct XMLReaderTests {
    private func read(_ text: String) throws -> XMLElement { try XMLReader.read(Array(text.utf8)) }

    @Test func `An answer of a service becomes a tree of elements`() throws {
        let root = try read(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a comment --><s3:List xmlns:s3='http://s3/"doc"' a = "1">
              <Key>a &amp; b&#x20;&#233;&lt;&gt;&quot;&apos;</Key><Key> c </Key><Empty/>
              <Owner><ID>7</ID></Owner><Raw><![CDATA[<&]]>]</Raw>
            </s3:List>
            """)
        #expect(root.name == "List")
        #expect(root.all("Key").map(\.text) == ["a & b \u{E9}<>\"'", " c "])
        #expect(root["Empty"]?.text == "")
        #expect(root["Owner"]?["ID"]?.text == "7")
        #expect(root.first("ID")?.text == "7")
        #expect(root["Raw"]?.text == "<&]")
        #expect(root["Absent"] == nil)
    }

    @Test func `Line ends are line feeds, and references keep their carriage returns`() throws {
        #expect(try read("<a>1\r\n2\r3\n&#13;&#1;</a>").text == "1\n2\n3\n\r\u{1}")
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>text", "</a>", "<a b></a>", "<a b=1></a>", "<a b='</a>",
        "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#+65;</a>", "<a>&#;</a>", "<a>&#x110000;</a>",
        "<a>&amp</a>",
        "<a>&", "<a", "<", "<a><!--", "<a><![CDATA[", "<?xml", "&amp;<a/>", "<>", "<a/", "<a><b></a></b>",
        "<!DOCTYPE a [<!ENTITY x 'xxxx'>]><a>&x;</a>", "<!DOCTYPE html><html></html>", "{\"json\": true}",
    ])
    func `A text that is no XML, or more than a service's, is refused`(text: String) {
        #expect(throws: XMLReader.Failure.self) { try read(text) }
    }

    @Test func `Depth, number of elements and size are bounded`() throws {
        let depth = XMLReader.depthLimit
        func nested(_ count: Int) -> String {
            String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
        }
        _ = try read(nested(depth))
        #expect(throws: XMLReader.Failure.self) { try read(nested(depth + 1)) }
        #expect(throws: XMLReader.Failure.self) {
            try read("<a>" + String(repeating: "<b/>", count: XMLReader.elementLimit) + "</a>")
        }
        #expect(throws: XMLReader.Failure.self) {
            try XMLReader.read([UInt8](repeating: 0x20, count: XMLReader.sizeLimit + 1))
        }
    }

    @Test func `Text that is not UTF-8 is refused`() {
        #expect(throws: XMLReader.Failure.self) { try XMLReader.read(Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) }
    }

    @Test func `No change of a document traps or hangs the reader`() throws {
        let document = Array("<?xml?><L a='1'><K>a&amp;b&#x41;</K><!--c--><![CDATA[d]]><E/></L>".utf8)
        var random = SeededGenerator(seed: 21)
        for _ in 0..<20_000 {
            var changed = document
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<changed.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: changed.remove(at: index)
                case 1: changed[index] = UInt8.random(in: 0...255, using: &random)
                default: changed.insert(document[Int.random(in: 0..<document.count, using: &random)], at: index)
                }
            }
            _ = try? XMLReader.read(changed)
        }
    }

    @Test func `A failure and a description contain no text of the document`() throws {
        #expect(throws: XMLReader.Failure(reason: "an entity is not known", offset: 9)) {
            try read("<a>secret&secret;</a>")
        }
        let element = try read("<a><SecretAccessKey>hush</SecretAccessKey></a>")
        #expect(!"\(element) \(String(reflecting: element))".contains("hush"))
    }
}
