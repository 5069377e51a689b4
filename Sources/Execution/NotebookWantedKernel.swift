public import GalleyJupyterProtocol
public import GalleyNotebook

extension Notebook {
    /// The kernel that the notebook asks for.
    public var wantedKernel: WantedKernel { WantedKernel(metadata: metadata) }
}

extension UnvalidatedNotebook {
    /// The kernel that the notebook asks for; nil if the notebook has to be read first.
    package var wantedKernel: WantedKernel? { metadata.map { WantedKernel(metadata: $0) } }
}
