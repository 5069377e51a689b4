import Foundation
import GalleyHTTP
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

/// The signatures that botocore's source package publishes for its own tests.
@Suite(.realKernel) struct `The published examples of signatures` {
    private static let folder = Repository.root + "/.build/botocore/tests/unit/auth/aws4_testsuite"

    /// The examples whose rules are not those of S3: paths that are normalized.
    private static let exceptions: Set<String> = [
        "get-relative", "get-relative-relative", "get-slash", "get-slash-dot-slash", "get-slash-pointless-dot",
        "get-slashes",
    ]

    private static func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".req") }.map { String($0.dropLast(4)) }.sorted()
    }

    private func text(_ example: String, _ suffix: String) throws -> String {
        try String(contentsOfFile: "\(Self.folder)/\(example).\(suffix)", encoding: .utf8)
            .replacing("\r\n", with: "\n")
    }

    @Test func `Galley signs each of them as published`() throws {
        let examples = Self.files(Self.folder).filter { example in
            !Self.exceptions.contains(String(example.split(separator: "/").last ?? ""))
        }
        #expect(examples.count >= 20, "\(examples)")
        for example in examples {
            var lines = try text(example, "req").split(separator: "\n", omittingEmptySubsequences: false)
            let words = lines.removeFirst().split(separator: " ")
            let target = words.dropFirst().dropLast().joined(separator: " ").split(separator: "?", maxSplits: 1)
            let end = lines.firstIndex(of: "") ?? lines.endIndex
            var headers: HTTPHeaders = [:]
            var date = ""
            var last: (name: String, value: String)?
            for line in lines[..<end] {
                // A field can go on in the next line.
                if line.first == " ", let (name, value) = last {
                    last = (name, value + " " + line.trimmingCharacters(in: .whitespaces))
                    continue
                }
                if let last { headers.add(last.name, last.value) }
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                last = (String(parts[0]), String(parts[1]))
            }
            if let last { headers.add(last.name, last.value) }
            date = headers["X-Amz-Date"] ?? ""
            headers.remove("X-Amz-Date")
            // The token of one example is only in its signed request.
            let signed = try HTTPHeaders(lines: text(example, "sreq"))
            let token =
                headers["X-Amz-Security-Token"]
                ?? (example.contains("session-token") ? signed["X-Amz-Security-Token"] : nil)
            headers.remove("X-Amz-Security-Token")
            let body = end < lines.endIndex ? lines[(end + 1)...].joined(separator: "\n") : ""
            let path = try #require(String(target[0]).removingPercentEncoding)
            let items = target.count < 2 ? [] : target[1].split(separator: "&")
            let query: [(name: String, value: String)] = items.map { item in
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    String(parts[0]).removingPercentEncoding ?? "",
                    parts.count > 1 ? String(parts[1]).removingPercentEncoding ?? "" : ""
                )
            }
            var request = SignatureV4.Request(
                method: String(words[0]), path: ObjectEndpoint.encodedKey(path), query: query, headers: headers,
                payloadHash: SHA256.digest(of: Array(body.utf8)).hexadecimal)
            let formatter = DateFormatter()
            (formatter.dateFormat, formatter.timeZone) = ("yyyyMMdd'T'HHmmss'Z'", TimeZone(identifier: "UTC"))
            formatter.locale = Locale(identifier: "en_US_POSIX")
            let seconds = try #require(formatter.date(from: date), "\(example): \(date)")
            SignatureV4(region: "us-east-1", service: "service").sign(
                &request,
                with: AWSCredentials(
                    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                    sessionToken: token),
                date: Int(seconds.timeIntervalSince1970), hashField: false)
            let wanted = try text(example, "authz").trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(request.headers["Authorization"] == wanted, "\(example)")
        }
    }
}

extension HTTPHeaders {
    /// Reads the fields of a text, one per line.
    fileprivate init(lines text: String) {
        self = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { add(String(parts[0]), String(parts[1])) }
        }
    }
}
