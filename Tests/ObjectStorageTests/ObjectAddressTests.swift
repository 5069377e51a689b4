import GalleyObjectStorage
import GalleyStorage
import Testing

@Suite struct ObjectAddressTests {
    @Test func `An address has the text of its location`() {
        #expect(ObjectAddress(bucket: "in", key: "a b/c.ipynb").location == "s3://in/a b/c.ipynb")
    }
}
