import Testing

@testable import GalleyHTTP

@Suite struct `The memory for the body of a response` {
    private func collector(announcing count: String) -> ResponseCollector {
        var collector = ResponseCollector(ResponseCollector.Limits(body: 1 << 32))
        for line in ["HTTP/1.1 200 OK\r\n", "Content-Length: \(count)\r\n", "\r\n"] {
            let isTaken = collector.addHeader(Array(line.utf8))
            #expect(isTaken)
        }
        return collector
    }

    @Test(arguments: ["500000000", "4294967296", "9223372036854775807", "99999999999999999999", "-1", "x"])
    func `A server that announces much gets little, until it sends it`(count: String) {
        var collector = collector(announcing: count)
        _ = collector.addBody([1, 2, 3])
        #expect(collector.body.capacity <= 17 << 20)
    }

    @Test(arguments: [1, 16384, 16385, 16 << 20, (16 << 20) + 1, (32 << 20) + 5, 60_000_000])
    func `A growing body and its copy never take more memory than the announced size`(count: Int) {
        var collector = collector(announcing: "\(count)")
        let part = [UInt8](repeating: 7, count: 16384)
        var capacities: [Int] = []
        while collector.body.count < count {
            let old = collector.body.count
            let isTaken = collector.addBody(Array(part.prefix(count - old)))
            #expect(isTaken)
            guard capacities.last != collector.body.capacity else { continue }
            capacities.append(collector.body.capacity)
            // The bytes so far exist twice while they are copied.
            #expect(2 * old <= count)
            #expect(old == 0 || collector.body.capacity <= 2 * (old + part.count) + 4096)
        }
        #expect(collector.body.capacity <= count + 4096, "\(capacities)")
        #expect(collector.body.allSatisfy { $0 == 7 } && collector.body.count == count)
        #expect(capacities.count <= 4, "\(capacities)")
    }

    @Test func `A server may send more than it has announced, up to the limit`() {
        var collector = ResponseCollector(ResponseCollector.Limits(body: 100))
        for line in ["HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "\r\n"] {
            let isTaken = collector.addHeader(Array(line.utf8))
            #expect(isTaken)
        }
        let part = [UInt8](repeating: 1, count: 60)
        let areTaken = [collector.addBody(part), collector.addBody(part)]
        #expect(areTaken == [true, false])
        #expect(collector.refusal == .bodyTooLarge(limit: 100) && collector.body.count == 60)
    }
}
