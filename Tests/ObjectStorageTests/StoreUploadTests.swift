import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite(.slow) struct `An upload in parts` {
    private static let place = "s3://bucket/a.ipynb"
    private static let bytes = [UInt8](repeating: 0x20, count: 17 << 20)

    /// Starts a write in parts.
    private func start(_ client: ObjectClient) throws -> Task<ObjectClient.Written, any Error> {
        let address = try ObjectAddress(ofObjectAt: NotebookLocation(Self.place))
        return Task {
            try await client.write(
                MemorySource(bytes: Self.bytes), to: address, mediaType: "application/json", .always)
        }
    }

    private func failure(_ task: Task<ObjectClient.Written, any Error>) async throws -> ObjectStorageError {
        try await #require(throws: ObjectStorageError.self) { try await task.value }
    }

    @Test(arguments: ["error", "denied"])
    func `A part that fails ends the upload, which leaves no parts`(kind: String) async throws {
        let faulty = try await FaultyStore()
        try faulty.proxy.command("next \(kind) PUT 3")
        let error = try await failure(start(faulty.client(abortLimit: .seconds(60))))
        if kind == "error" {
            #expect(
                error
                    == .refused(
                        Self.place, operation: "s3:PutObject", status: 500, code: "InternalError", message: "Injected")
            )
            #expect(error.isTransient)
        } else {
            #expect(
                error == .accessDenied(Self.place, action: "s3:PutObject", accessKeyID: faulty.store.accessKeyID))
        }
        let listing = try await faulty.listing()
        #expect(listing.uploads == 0 && listing.keys.isEmpty)
    }

    @Test func `Cancelation between parts leaves no parts`() async throws {
        let faulty = try await FaultyStore()
        try faulty.proxy.command("next silent PUT")
        let task = try start(faulty.client(abortLimit: .seconds(60)))
        #expect(try await eventually { try faulty.proxy.command("count") == "1" })
        #expect(try await faulty.listing().uploads == 1)
        task.cancel()
        #expect(try await failure(task) == .canceled(Self.place))
        #expect(try await faulty.listing().uploads == 0)
    }

    @Test func `Cancelation while the store begins the upload leaves none`() async throws {
        let faulty = try await FaultyStore()
        try faulty.proxy.command("next held POST")
        let task = try start(faulty.client(abortLimit: .seconds(60)))
        #expect(try await eventually { try await faulty.listing().uploads == 1 })
        task.cancel()
        try faulty.proxy.command("release")
        #expect(try await failure(task) == .canceled(Self.place))
        #expect(try await faulty.listing().uploads == 0)
    }

    @Test func `A store that ignores the removal of parts is asked a few times, for a short time each`() async throws {
        let faulty = try await FaultyStore()
        try faulty.proxy.command("next silent PUT")
        let task = try start(faulty.client(abortLimit: .seconds(2)))
        #expect(try await eventually { try faulty.proxy.command("count") == "1" })
        try faulty.proxy.command("next silent DELETE 100")
        task.cancel()
        #expect(try await failure(task) == .canceled(Self.place))
        // The last of three attempts may not begin within the time of all.
        let counts = try faulty.proxy.command("kinds")
        #expect(["silent=3", "silent=4"].contains(counts), "\(counts)")
    }
}
