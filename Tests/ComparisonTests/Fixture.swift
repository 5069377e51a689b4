import Foundation
import GalleyJSON

/// A file of `Tests/Fixtures`.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func json(_ name: String, or path: String? = nil) throws -> Value {
        let url = path.map { URL(fileURLWithPath: $0) } ?? folder.appendingPathComponent(name)
        return try Document(parsing: Array(Data(contentsOf: url))).root
    }
}
