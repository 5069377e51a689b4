public import GalleyJupyterProtocol
public import GalleyNotebook

extension Notebook {
    /// The kernel that the notebook's metadata names.
    public var wantedKernel: WantedKernel { WantedKernel(metadata: metadata) }
}

extension UnvalidatedNotebook {
    /// The kernel that the notebook's metadata names; nil if the notebook must be read in full first.
    package var wantedKernel: WantedKernel? { metadata.map { WantedKernel(metadata: $0) } }
}
