import GalleyConcurrency
import GalleyJupyterProtocol
import Testing

@Suite struct `A state that is watched` {
    @Test func `is looked at once more by who is cancelled meanwhile`() async {
        let watched = AsyncState(0)
        let found = await Task {
            await watched.first { state -> Int? in
                if state > 0 { return state }
                // As if both came about between the first look and the question whether there is to be another.
                state = 1
                withUnsafeCurrentTask { $0?.cancel() }
                return nil
            }
        }.value
        #expect(found == 1)
    }
}
