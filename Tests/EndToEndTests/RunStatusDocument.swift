import Foundation

/// The contents of a status file.
struct RunStatusDocument: Decodable {
    let id, state: String
    let process, cell, cells: Int
    let exit_status: Int?
    let kernel, user, message, status, log: String?

    init(_ text: String) throws { self = try JSONDecoder().decode(RunStatusDocument.self, from: Data(text.utf8)) }
}
