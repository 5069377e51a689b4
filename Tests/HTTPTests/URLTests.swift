import GalleyHTTP
import Testing

@Suite struct `A URL` {
    @Test func `It is read`() throws {
        #expect(try HTTPURL(parsing: "http://a").text == "http://a/")
    }
}
