import GalleyConcurrency
import GalleyHTTP
import GalleyTestSupport
import Synchronization
import Testing

@testable import GalleyObjectStorage

/// A clock that a test sets. Pauses end at once, and the clock is later by them.
final class TestClock: Sendable {
    private let seconds: Mutex<Int>

    init(_ seconds: Int = 1_800_000_000) { self.seconds = Mutex(seconds) }

    var now: Int { seconds.withLock(\.self) }
    func advance(_ count: Int) { seconds.withLock { $0 += count } }

    var time: HTTPTime {
        HTTPTime(
            uptime: HTTPTime.system.uptime, date: { self.now },
            sleep: { _ in try Task.checkCancellation() }, random: { 0 })
    }
}

/// A source that gives keys as a test says, and counts the calls.
private final class TestSource: Sendable {
    enum Answer: Sendable {
        case keys(lifetime: Int?)
        case failure(CredentialError)
    }

    let clock = TestClock()
    private let calls = Mutex(0)
    private let answer = Mutex(Answer.keys(lifetime: 3600))
    /// Set to let the source answer; answers wait for it only if `waits`.
    let gate = AsyncPromise<Bool>()
    let waits: Bool

    init(waits: Bool = false) { self.waits = waits }

    var count: Int { calls.withLock(\.self) }
    func set(_ answer: Answer) { self.answer.withLock { $0 = answer } }

    var chain: CredentialChain {
        CredentialChain(time: clock.time) { () async throws(CredentialError) in try await self.find() }
    }

    private func find() async throws(CredentialError) -> AWSCredentials {
        let number = calls.withLock { calls in
            calls += 1
            return calls
        }
        if waits { _ = await gate.value(within: .seconds(60)) }
        if Task.isCancelled { throw .canceled }
        switch answer.withLock(\.self) {
        case .keys(let lifetime):
            return AWSCredentials(
                accessKeyID: "key-\(number)", secretAccessKey: "hush",
                expiration: lifetime.map { clock.now + $0 })
        case .failure(let error): throw error
        }
    }
}

struct CredentialChainTests {
    private static let failure = CredentialError.refused(.securityTokens, status: 403, message: nil)

    @Test func `Keys without an end are looked for once`() async throws {
        let source = TestSource()
        source.set(.keys(lifetime: nil))
        let chain = source.chain
        for _ in 0..<3 {
            #expect(try await chain.credentials()?.accessKeyID == "key-1")
            source.clock.advance(1_000_000)
        }
        #expect(source.count == 1)
    }

    @Test func `Keys are renewed when less than five minutes remain`() async throws {
        let source = TestSource()
        let chain = source.chain
        #expect(try await chain.credentials()?.accessKeyID == "key-1")
        source.clock.advance(3300)
        #expect(try await chain.credentials()?.accessKeyID == "key-1")
        source.clock.advance(1)
        #expect(try await chain.credentials()?.accessKeyID == "key-2")
        #expect(source.count == 2)
    }

    @Test func `Keys that cannot be renewed are used until they expire, and renewals are not tried at each call`()
        async throws
    {
        let source = TestSource()
        let chain = source.chain
        _ = try await chain.credentials()
        source.set(.failure(Self.failure))
        source.clock.advance(3400)
        for _ in 0..<5 { #expect(try await chain.credentials()?.accessKeyID == "key-1") }
        #expect(source.count == 2)
        // In the last minute each call tries.
        source.clock.advance(150)
        for _ in 0..<2 { #expect(try await chain.credentials()?.accessKeyID == "key-1") }
        #expect(source.count == 4)
        source.clock.advance(50)
        await #expect(throws: Self.failure) { try await chain.credentials() }
        source.set(.keys(lifetime: 3600))
        #expect(try await chain.credentials()?.accessKeyID == "key-6")
    }

    @Test func `Keys with a short life are used as long as they are valid`() async throws {
        let source = TestSource()
        source.set(.keys(lifetime: 200))
        let chain = source.chain
        for _ in 0..<3 { #expect(try await chain.credentials()?.accessKeyID == "key-1") }
        source.clock.advance(61)
        #expect(try await chain.credentials()?.accessKeyID == "key-2")
    }

    @Test func `Keys that are already expired are an error`() async throws {
        let source = TestSource()
        source.set(.keys(lifetime: 0))
        await #expect(throws: CredentialError.expired(source: "key key-1")) { try await source.chain.credentials() }
    }

    @Test(arguments: [true, false])
    func `Callers at the same time share one look-up and its result`(succeeds: Bool) async throws {
        let source = TestSource(waits: true)
        if !succeeds { source.set(.failure(Self.failure)) }
        let chain = source.chain
        let asked = AsyncState(0)
        let results = await withTaskGroup(of: Result<AWSCredentials?, any Error>.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    asked.change { $0 += 1 }
                    do { return .success(try await chain.credentials()) } catch { return .failure(error) }
                }
            }
            group.addTask {
                // All have asked, and the look-up is under way.
                _ = try? await eventually { asked.look(\.self) == 50 && source.count == 1 }
                source.gate.set(true)
                return .success(nil)
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let keys = results.compactMap { try? $0.get() }
        if succeeds {
            #expect(keys.count == 50)
            #expect(Set(keys.map(\.accessKeyID)) == ["key-1"])
            #expect(source.count == 1)
        } else {
            #expect(results.filter { if case .failure = $0 { true } else { false } }.count == 50)
            // A caller that came after the end of the look-up may have made its own.
            #expect(source.count < 50)
        }
    }

    @Test func `While one caller renews keys, the others use the old ones`() async throws {
        let source = TestSource(waits: true)
        source.gate.set(true)
        let first = source.chain
        _ = try await first.credentials()
        let slow = TestSource(waits: true)
        let (clock, gate) = (slow.clock, slow.gate)
        let calls = AsyncState(0)
        let chain = CredentialChain(time: clock.time) { () async throws(CredentialError) in
            let number = calls.change { calls in
                calls += 1
                return calls
            }
            if number > 1 { _ = await gate.value(within: .seconds(60)) }
            return AWSCredentials(
                accessKeyID: "key-\(number)", secretAccessKey: "hush", expiration: clock.now + 3600)
        }
        _ = try await chain.credentials()
        clock.advance(3400)
        async let renewing = chain.credentials()
        _ = try await eventually { calls.look(\.self) == 2 }
        #expect(try await chain.credentials()?.accessKeyID == "key-1")
        gate.set(true)
        #expect(try await renewing?.accessKeyID == "key-2")
    }

    @Test func `A canceled caller leaves the look-up to the next one`() async throws {
        let source = TestSource(waits: true)
        let chain = source.chain
        let first = Task { try await chain.credentials() }
        _ = try await eventually { source.count == 1 }
        let second = Task { try await chain.credentials() }
        first.cancel()
        source.gate.set(true)
        await #expect(throws: CredentialError.canceled) { try await first.value }
        #expect(try await second.value?.accessKeyID == "key-2")
    }

    @Test func `A caller that waits ends at once when it is canceled`() async throws {
        let source = TestSource(waits: true)
        let chain = source.chain
        let first = Task { try await chain.credentials() }
        _ = try await eventually { source.count == 1 }
        let second = Task { try await chain.credentials() }
        second.cancel()
        await #expect(throws: CredentialError.canceled) { try await second.value }
        source.gate.set(true)
        #expect(try await first.value?.accessKeyID == "key-1")
    }

    @Test func `Refused keys are forgotten, and others are kept`() async throws {
        let source = TestSource()
        let chain = source.chain
        let keys = try #require(try await chain.credentials())
        await chain.discard(AWSCredentials(accessKeyID: "other", secretAccessKey: "hush"))
        #expect(try await chain.credentials() == keys)
        await chain.discard(keys)
        #expect(try await chain.credentials()?.accessKeyID == "key-2")
    }

    @Test func `Requests without a signature need no keys`() async throws {
        let source = TestSource()
        let chain = CredentialChain(isAnonymous: true) { () async throws(CredentialError) in throw .canceled }
        #expect(try await chain.credentials() == nil)
        #expect(source.count == 0)
        var configuration = AWSConfiguration()
        configuration.isAnonymous = true
        #expect(try await CredentialChain(configuration).credentials() == nil)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-30T23:59:59Z", 1_796_083_199),
            ("2024-02-29T12:00:00.123456Z", 1_709_208_000),
            ("2024-02-29T12:00:00+01:00", 1_709_204_400), ("2024-02-29T12:00:00-0130", 1_709_213_400),
            ("2020-06-17T10:02:08UTC", 1_592_388_128), ("2024-02-29T12:00:00", 1_709_208_000), ("", nil),
            ("2024-13-01T00:00:00Z", nil), ("2024-02-29", nil), ("2024-02-29T25:00:00Z", nil),
            ("2024-02-29T12:00:00X", nil),
            ("24-02-29T12:00:00Z0000", nil), ("2024-02-29T12:00:00+1", nil), ("éééééééééééééé", nil),
        ] as [(String, Int?)])
    func `Dates of services become seconds`(text: String, seconds: Int?) {
        #expect(AWSTimestamp.seconds(text) == seconds)
    }

    @Test func `Only failures that may pass are transient`() throws {
        let timeout = HTTPError.timedOut(try HTTPURL(parsing: "http://h").origin, .seconds(1))
        #expect(CredentialError.noCredentials(reasons: [], metadata: timeout).isTransient)
        #expect(!CredentialError.noCredentials(reasons: [], metadata: nil).isTransient)
        #expect(CredentialError.unreachable(.instance, timeout).isTransient)
        #expect(!CredentialError.unreachable(.instance, .canceled).isTransient)
        #expect(CredentialError.refused(.securityTokens, status: 503, message: nil).isTransient)
        #expect(!Self.failure.isTransient)
    }
}
