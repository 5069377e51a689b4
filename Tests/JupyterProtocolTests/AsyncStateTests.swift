import GalleyConcurrency
import GalleyJupyterProtocol
import Testing

@Suite struct `An async state` {
    @Test func `An async state is checked once more when the waiting task is canceled`() async {
        let watched = AsyncState(0)
        let found = await Task {
            await watched.first { state -> Int? in
                if state > 0 { return state }
                // Both changes happen between the first check and the registration of the waiter.
                state = 1
                withUnsafeCurrentTask { $0?.cancel() }
                return nil
            }
        }.value
        #expect(found == 1)
    }
}
