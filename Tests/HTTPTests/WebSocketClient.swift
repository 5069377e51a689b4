import GalleyConcurrency
import GalleyTestSupport
import Testing

@testable import GalleyHTTP

/// A connection of a test, with all that it has received.
final class WebSocketClient: Sendable {
    struct Record: Sendable {
        var messages: [WebSocket.Message] = []
        var endings: [WebSocket.Ending] = []
        /// Whether a message came after the ending.
        var isDisordered = false
    }

    let socket: WebSocket
    private let record: AsyncState<Record>

    /// Connects to `Tests/Fixtures/servers/websocket.py`.
    init(
        _ url: String, client: HTTPClient = HTTPClient(), headers: HTTPHeaders = [:], subprotocols: [String] = [],
        limits: WebSocketLimits = WebSocketLimits(), timeout: Duration = .seconds(120)
    ) async throws {
        let record = AsyncState(Record())
        self.record = record
        socket = try await WebSocket.connect(
            to: HTTPURL(parsing: url), using: client, headers: headers, subprotocols: subprotocols, limits: limits,
            timeout: timeout,
            receive: { message in
                record.change { record in
                    record.isDisordered = record.isDisordered || !record.endings.isEmpty
                    record.messages.append(message)
                }
            }, onEnd: { ending in record.change { $0.endings.append(ending) } })
    }

    var current: Record { record.look { $0 } }

    func send(_ text: String) { socket.send(.text(Array(text.utf8))) }

    /// Waits for a number of messages, and returns them as texts.
    func texts(_ count: Int) async throws -> [String] {
        let messages = try await messages(count)
        return messages.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    func messages(_ count: Int) async throws -> [WebSocket.Message] {
        let found = await record.first { record in
            record.messages.count >= count || !record.endings.isEmpty ? record.messages : nil
        }
        let messages = try #require(found)
        try #require(messages.count >= count, "the connection ended: \(current.endings)")
        return messages
    }

    /// Waits for the ending.
    func ending() async throws -> WebSocket.Ending {
        let record = try #require(await record.first { $0.endings.isEmpty ? nil : $0 })
        #expect(record.endings.count == 1)
        #expect(!record.isDisordered)
        return record.endings[0]
    }
}

/// Returns the error of an attempt to connect; records an issue if it succeeds.
func refusal(
    _ url: String, client: HTTPClient = HTTPClient(), subprotocols: [String] = [],
    timeout: Duration = .seconds(120)
) async throws -> WebSocketError {
    do {
        let connected = try await WebSocketClient(url, client: client, subprotocols: subprotocols, timeout: timeout)
        Issue.record("the connection was made")
        await connected.socket.close()
        return .canceled
    } catch let error as WebSocketError {
        return error
    }
}
