/// The record of the kernels that runs have started on servers.
///
/// If a run is killed, its kernel goes on, and only this record tells which kernel that is.
package protocol ServerKernelJournal: Sendable {
    /// Records a kernel, before the server is asked to start it.
    ///
    /// - Parameters:
    ///   - kernel: The ID of the kernel.
    ///   - name: The kernel name in notebooks.
    ///   - server: The address of the server, without secrets.
    func add(_ kernel: String, named name: String, on server: String)

    /// Removes the record of a kernel that has ended.
    func remove(_ kernel: String)

    /// Returns the IDs of the kernels that killed runs have left on a server.
    func leftKernels(on server: String) -> [String]
}
