import GalleyConcurrency
import GalleyHTTP
import Synchronization

/// A connection that is made when it is first needed, and then shared by all that use the server.
package final class SharedServerConnection: Sendable {
    private enum State {
        case idle
        case connecting
        case connected(ServerConnection)
    }

    private let access: ServerAccess
    private let state = AsyncState(State.idle)
    private let hubServer = Mutex<HubServer?>(nil)

    /// Prepares a connection. Does no I/O.
    package init(_ access: ServerAccess) { self.access = access }

    /// Returns the connection. After an error, the next call tries again.
    ///
    /// - Throws: ``ServerError``, also if the task is canceled.
    package func open() async throws(ServerError) -> ServerConnection {
        let found: ServerConnection?? = await state.first { state in
            switch state {
            case .connected(let connection): return .some(.some(connection))
            case .connecting: return nil
            case .idle:
                state = .connecting
                return .some(nil)
            }
        }
        guard let found else { throw .http(.canceled) }
        if let found { return found }
        do throws(ServerError) {
            let connection = try await access.connect { server in
                // The server that an earlier attempt has started is still to be stopped.
                hubServer.withLock { if $0?.isStarted != true { $0 = server } }
            }
            state.change { $0 = .connected(connection) }
            return connection
        } catch {
            state.change { $0 = .idle }
            throw error
        }
    }

    /// The user's server of a hub, also if it was started but no connection to it could be made; nil if there is none.
    package var startedHubServer: HubServer? { hubServer.withLock(\.self) }
}
