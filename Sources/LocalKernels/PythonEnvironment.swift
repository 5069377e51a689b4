/// A Python environment. Its kernel can be started even if it is not registered with Jupyter.
struct PythonEnvironment {
    let folder: EnvironmentFolder

    /// Whether ipykernel is installed in the environment.
    var hasKernel: Bool {
        guard folder.interpreter() != nil else { return false }
        // The environment can use the system's ipykernel.
        if FileSystem.text(folder.path + "/pyvenv.cfg")?.contains(/include-system-site-packages\s*=\s*true/) == true {
            return true
        }
        return ["lib", "lib64", "local/lib"].contains { library in
            FileSystem.names(in: "\(folder.path)/\(library)").filter { $0.hasPrefix("python") }.contains { python in
                ["site-packages", "dist-packages"].contains {
                    Self.leadsToKernel("\(folder.path)/\(library)/\(python)/\($0)")
                }
            }
        }
    }

    /// Returns whether a folder of packages contains ipykernel, or one of its `.pth` files names a folder that does.
    private static func leadsToKernel(_ packages: String) -> Bool {
        if FileSystem.isFolder(packages + "/ipykernel") { return true }
        return FileSystem.names(in: packages).filter { $0.hasSuffix(".pth") }.contains { file in
            (FileSystem.text(packages + "/" + file) ?? "").split(whereSeparator: \.isNewline).contains { line in
                // Other lines are comments or code.
                guard !line.hasPrefix("#"), !line.hasPrefix("import ") else { return false }
                return FileSystem.isFolder((line.hasPrefix("/") ? "" : packages + "/") + line + "/ipykernel")
            }
        }
    }

    func kernel(called name: String, displayName: String) -> KernelSpec {
        var spec = KernelSpec(
            name: name, displayName: displayName, language: "python",
            arguments: ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"], folder: folder.path)
        spec.home = folder
        return spec
    }
}

/// A Conda environment, with the kernel names that notebooks use for it.
///
/// environment_kernels calls it `conda_NAME`. nb_conda_kernels calls it `conda-env-NAME-py`; the names of other kernels
/// end with their language or folder, such as `conda-env-NAME-r`. The base environment is `conda-base-py` or
/// `conda-root-py`.
struct CondaEnvironment {
    let folder: EnvironmentFolder

    private var name: String { folder.condaName ?? FileSystem.base(folder.path) }

    private var hasR: Bool {
        FileSystem.isExecutable(folder.path + "/bin/R") && FileSystem.isFolder(folder.path + "/lib/R/library/IRkernel")
    }

    /// The kernels, with the names to list.
    var kernels: [KernelSpec] {
        var specs: [KernelSpec] = []
        let prefix = name == "base" ? "conda-base" : "conda-env-\(plainName)"
        if PythonEnvironment(folder: folder).hasKernel { specs.append(python(called: "\(prefix)-py")) }
        if hasR { specs.append(r(called: "\(prefix)-r")) }
        return specs + registered(prefix)
    }

    /// Finds a kernel by one of its names, ignoring case.
    func kernel(called wanted: String) -> KernelSpec? {
        func isWanted(_ name: String) -> Bool { name.lowercased() == wanted.lowercased() }
        let prefixes = name == "base" ? ["conda-base", "conda-root", "conda-env-base"] : ["conda-env-\(plainName)"]
        if isWanted("conda_\(name)") || prefixes.contains(where: { isWanted($0 + "-py") }) {
            return PythonEnvironment(folder: folder).hasKernel ? python(called: wanted) : nil
        }
        if hasR, prefixes.contains(where: { isWanted($0 + "-r") }) { return r(called: wanted) }
        return prefixes.flatMap(registered).first { isWanted($0.name) }
    }

    /// The environment's name in the form that nb_conda_kernels uses in kernel names.
    private var plainName: String { name.replacing(/[^A-Za-z0-9._-]/, with: "_") }

    private func python(called name: String) -> KernelSpec {
        PythonEnvironment(folder: folder).kernel(called: name, displayName: "Python [conda env:\(self.name)]")
    }

    private func r(called name: String) -> KernelSpec {
        var spec = KernelSpec(
            name: name, displayName: "R [conda env:\(self.name)]", language: "R",
            arguments: ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"], folder: folder.path)
        spec.home = folder
        return spec
    }

    /// Returns the kernels with a `kernel.json` in the environment, except those of Python and R.
    private func registered(_ prefix: String) -> [KernelSpec] {
        let kernels = folder.path + "/share/jupyter/kernels"
        return FileSystem.names(in: kernels).compactMap { entry in
            guard !["python2", "python3", "ir"].contains(entry),
                var spec = try? KernelSpec(name: "\(prefix)-\(entry.lowercased())", folder: "\(kernels)/\(entry)")
            else { return nil }
            spec.home = folder
            return spec
        }
    }
}
