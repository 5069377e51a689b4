import GalleyConcurrency
import GalleyJupyterProtocol
import GalleyLocalKernels

/// A kernel that stays borrowed from its provider until ``leave()`` is called.
///
/// Each scope calls the provider in a task of its own. So a client can return one kernel and request another while its
/// caller continues.
struct KernelScope: Sendable {
    private enum State: Sendable {
        case starting
        case ready(any Kernel)
        case failed(any Error)
        case left
    }

    private let state = AsyncState(State.starting)
    private let work: Task<Void, Never>

    /// Requests the kernel.
    init(_ borrow: @escaping @Sendable () -> BorrowedKernel) {
        work = Task { [state] in
            do {
                try await borrow().withKernel { kernel in
                    state.change { if case .starting = $0 { $0 = .ready(kernel) } }
                    // Leaving the scope returns the kernel; canceling this task does not.
                    await Task { _ = await state.first { if case .left = $0 { true } else { nil } } }.value
                }
            } catch {
                state.change { if case .starting = $0 { $0 = .failed(error) } }
            }
        }
    }

    /// Waits until the kernel is ready.
    ///
    /// If the calling task is canceled, the start is canceled too.
    ///
    /// - Throws: Any error of the provider; `CancellationError` if the start is canceled, or the scope is left.
    func kernel() async throws -> any Kernel {
        let found = await withTaskCancellationHandler {
            await Task { [state] in
                await state.first { state -> Swift.Result<any Kernel, any Error>? in
                    switch state {
                    case .starting: nil
                    case .ready(let kernel): .success(kernel)
                    case .failed(let error): .failure(error)
                    case .left: .failure(CancellationError())
                    }
                }
            }.value
        } onCancel: {
            work.cancel()
        }
        do {
            guard let found else { throw CancellationError() }
            return try found.get()
        } catch is KernelError where Task.isCancelled {
            throw CancellationError()
        }
    }

    /// Returns the kernel to its provider, or cancels its start. Waits until that is done, even if the task is
    /// canceled.
    func leave() async {
        let isStarting = state.change { state in
            defer { state = .left }
            return if case .starting = state { true } else { false }
        }
        if isStarting { work.cancel() }
        await work.value
    }
}
