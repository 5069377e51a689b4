import Foundation
import GalleyHTTP
import GalleyStorage
import GalleyTestSupport
import Testing

@testable import GalleyObjectStorage

@Suite(.slow, .serialized) struct StoreFaultTests {
    /// The number of faults: 1,000 with `GALLEY_FUZZ=full`.
    private static let count = ProcessInfo.processInfo.environment["GALLEY_FUZZ"] == "full" ? 1000 : 300

    @Test func `No fault loses what was reported as saved, shows half of it, or makes a conflict of an own write`()
        async throws
    {
        let faulty = try await FaultyStore()
        try faulty.proxy.command("faults 21 40")
        var random = SeededGenerator(seed: 21)
        var (number, saved, failed, read) = (0, 0, 0, 0)
        var keys: Set<String> = []
        while try Int(faulty.proxy.command("count")) ?? 0 < Self.count {
            let key = "n-\(Int.random(in: 0..<5, using: &random)).ipynb"
            // One of these is in the store: nil is no object.
            var possible: Set<[UInt8]?> = [try await faulty.contents(key)]
            // A run whose notebook cannot be looked at does not begin.
            guard let run = try? await faulty.open(key) else { continue }
            if possible != [nil] {
                guard let bytes = try? await run.read() else { continue }
                #expect(possible == [bytes])
                read += 1
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                number += 1
                let new = contents(number, size: Int.random(in: 20...5000, using: &random), &random)
                do {
                    let outcome = try await run.write(new)
                    guard case .original = outcome else {
                        Issue.record("write \(number) to \(key): \(outcome)")
                        break
                    }
                    possible = [new]
                    saved += 1
                    keys.insert(key)
                } catch {
                    possible.insert(new)
                    failed += 1
                }
                let now = try await faulty.contents(key)
                #expect(possible.contains(now), "after write \(number) to \(key)")
            }
        }
        let listing = try await faulty.listing()
        #expect(Set(listing.keys).isSubset(of: (0..<5).map { "n-\($0).ipynb" }))
        #expect(keys.isSubset(of: listing.keys))
        // Runs that all succeed, or all fail, would prove little.
        print("saved \(saved), failed \(failed), read \(read), faults \(try faulty.proxy.command("kinds"))")
        #expect(saved > Self.count / 10)
        #expect(failed > 0)
        #expect(read > 0)
    }

    private static let kinds = [
        "error", "slow", "page", "reset", "half", "lost", "late-error", "truncated", "stall", "pause",
    ]

    @Test func `A save succeeds though its first attempt fails in any way`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 22)
        for kind in Self.kinds {
            // A new object, which is replaced twice.
            let run = try await faulty.open("\(kind).ipynb")
            for number in 1...3 {
                try faulty.proxy.command("next \(kind) PUT")
                let new = contents(number, size: 3000, &random)
                #expect(try await run.write(new) == .original, "\(kind) \(number)")
                #expect(try await faulty.contents("\(kind).ipynb") == new, "\(kind) \(number)")
            }
        }
        #expect(try Int(faulty.proxy.command("count")) == 3 * Self.kinds.count)
        #expect(try await Set(faulty.listing().keys) == Set(Self.kinds.map { "\($0).ipynb" }))
    }

    @Test func `A notebook is read whole though the first attempt fails in any way`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 23)
        let bytes = contents(1, size: 100_000, &random)
        #expect(try await faulty.open("a.ipynb").write(bytes) == .original)
        for kind in Self.kinds {
            let run = try await faulty.open("a.ipynb")
            try faulty.proxy.command("next \(kind) GET")
            #expect(try await run.read() == bytes, "\(kind)")
        }
        #expect(try Int(faulty.proxy.command("count")) == Self.kinds.count)
    }

    @Test func `A large save in parts succeeds though one request fails`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 24)
        let faults = [
            "reset PUT", "half PUT", "lost PUT", "late-error PUT", "slow POST", "lost POST", "truncated POST",
        ]
        let run = try await faulty.open("a.ipynb")
        for (number, fault) in faults.enumerated() {
            // The filling is cheap: the first bytes tell the contents apart.
            let new = contents(number, size: 1000, &random) + [UInt8](repeating: 0x20, count: 17 << 20)
            try faulty.proxy.command("next \(fault)")
            #expect(try await run.write(new) == .original, "\(fault)")
            #expect(try await faulty.contents("a.ipynb") == new, "\(fault)")
        }
        #expect(try Int(faulty.proxy.command("count")) == faults.count)
        #expect(try await faulty.listing().keys == ["a.ipynb"])
    }

    @Test func `A save that fails leaves the old contents, and the next one succeeds`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 25)
        let run = try await faulty.open("a.ipynb")
        let old = contents(1, size: 1000, &random)
        #expect(try await run.write(old) == .original)
        try faulty.proxy.command("faults 1 100 error reset half slow")
        await #expect(throws: (any Error).self) { try await run.write(contents(2, size: 1000, &random)) }
        #expect(try await faulty.contents("a.ipynb") == old)
        try faulty.proxy.command("pass")
        let new = contents(3, size: 1000, &random)
        #expect(try await run.write(new) == .original)
        #expect(try await faulty.contents("a.ipynb") == new)
    }

    @Test func `A save whose every answer is lost is no conflict for the next one`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 26)
        let run = try await faulty.open("a.ipynb")
        // The store is known to heed conditions after the second save, which replaces the first one.
        #expect(try await run.write(contents(1, size: 1000, &random)) == .original)
        #expect(try await run.write(contents(1, size: 1000, &random)) == .original)
        for number in 1...3 {
            try faulty.proxy.command("faults 1 100 lost")
            let unknown = contents(2 * number, size: 1000, &random)
            await #expect(throws: (any Error).self) { try await run.write(unknown) }
            #expect(try await faulty.contents("a.ipynb") == unknown)
            try faulty.proxy.command("pass")
            let new = contents(2 * number + 1, size: 1000, &random)
            #expect(try await run.write(new) == .original)
            #expect(try await faulty.contents("a.ipynb") == new)
        }
        #expect(try await faulty.listing().keys == ["a.ipynb"])
    }

    @Test func `A change by another program is a conflict, also after a save of unknown outcome`() async throws {
        let faulty = try await FaultyStore()
        var random = SeededGenerator(seed: 27)
        let run = try await faulty.open("a.ipynb")
        #expect(try await run.write(contents(1, size: 1000, &random)) == .original)
        try faulty.proxy.command("faults 1 100 lost")
        _ = try? await run.write(contents(2, size: 1000, &random))
        try faulty.proxy.command("pass")
        try await faulty.store.python("s3.put_object(Bucket='bucket', Key='a.ipynb', Body=b'theirs')")
        let mine = contents(3, size: 1000, &random)
        let outcome = try await run.write(mine)
        guard case .conflict(let place) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await faulty.contents("a.ipynb") == Array("theirs".utf8))
        let beside = try #require(place.split(separator: "/").last.map(String.init))
        #expect(try await faulty.contents(beside) == mine)
    }

    @Test func `Of eight runs that save at once one wins, and seven results lie beside it`() async throws {
        let faulty = try await FaultyStore()
        #expect(try await faulty.open("a.ipynb").write(Array("old".utf8)) == .original)
        var runs: [any NotebookStore] = []
        for _ in 0..<8 { runs.append(try await faulty.open("a.ipynb")) }
        for run in runs { #expect(try await run.read() == Array("old".utf8)) }
        let outcomes = try await withThrowingTaskGroup(of: (Int, WriteOutcome).self) { group in
            for (index, run) in runs.enumerated() {
                group.addTask { (index, try await run.write(Array("result \(index)".utf8))) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let winners = outcomes.filter { $0.1 == .original }
        try #require(winners.count == 1)
        #expect(try await faulty.contents("a.ipynb") == Array("result \(winners[0].0)".utf8))
        var places: Set<String> = []
        for case (let index, .conflict(let place)) in outcomes {
            let beside = try #require(place.split(separator: "/").last.map(String.init))
            places.insert(beside)
            #expect(try await faulty.contents(beside) == Array("result \(index)".utf8))
        }
        #expect(places.count == 7)
        #expect(Set(try await faulty.listing().keys) == places.union(["a.ipynb"]))
    }

    // MARK: Keys that expire

    @Test func `Keys of an instance that a store refuses as expired are renewed, and the save succeeds`() async throws {
        let faulty = try await FaultyStore([
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "STORE", "AWS_METADATA_SERVICE_TIMEOUT": "60",
        ])
        var random = SeededGenerator(seed: 28)
        let run = try await faulty.open("a.ipynb")
        #expect(try await run.write(contents(1, size: 1000, &random)) == .original)
        let before = faulty.store.log.matches(of: /PUT \/latest\/api\/token/).count
        #expect(before == 1)
        try faulty.proxy.command("next expired PUT")
        let new = contents(2, size: 1000, &random)
        #expect(try await run.write(new) == .original)
        #expect(try await faulty.contents("a.ipynb") == new)
        #expect(faulty.store.log.matches(of: /PUT \/latest\/api\/token/).count == 2)
    }

    @Test func `Keys that cannot be renewed are an error, not an endless loop`() async throws {
        let faulty = try await FaultyStore(["AWS_SESSION_TOKEN": "hush-token"])
        let run = try await faulty.open("a.ipynb")
        try faulty.proxy.command("faults 1 100 expired")
        let error = await #expect(throws: (any Error).self) { try await run.write(Array("new".utf8)) }
        #expect(!"\(try #require(error))".contains("hush"))
        #expect(try await faulty.contents("a.ipynb") == nil)
        #expect(try Int(faulty.proxy.command("count")) ?? 0 <= 4)
    }
}
