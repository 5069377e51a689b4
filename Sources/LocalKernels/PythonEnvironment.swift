/// A Python environment, whose kernel can be started whether or not somebody registered it.
struct PythonEnvironment {
    let folder: EnvironmentFolder

    /// Whether ipykernel is installed there.
    var hasKernel: Bool {
        guard folder.interpreter() != nil else { return false }
        // An environment that sees the system's packages may well have it from there.
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

    /// Whether a folder of packages has ipykernel, or names a folder that has it in one of its `.pth` files.
    private static func leadsToKernel(_ packages: String) -> Bool {
        if FileSystem.isFolder(packages + "/ipykernel") { return true }
        return FileSystem.names(in: packages).filter { $0.hasSuffix(".pth") }.contains { file in
            (FileSystem.text(packages + "/" + file) ?? "").split(whereSeparator: \.isNewline).contains { line in
                // Other lines are comments, and code.
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

/// A Conda environment, which answers to the names that people's notebooks have for it.
///
/// environment_kernels calls it `conda_NAME`; nb_conda_kernels `conda-env-NAME-py` or, by the language or the folder of
/// another kernel in it, `conda-env-NAME-r` and so on; the outermost environment is `conda-base-py` or `conda-root-py`.
struct CondaEnvironment {
    let folder: EnvironmentFolder

    private var name: String { folder.condaName ?? FileSystem.base(folder.path) }

    private var hasR: Bool {
        FileSystem.isExecutable(folder.path + "/bin/R") && FileSystem.isFolder(folder.path + "/lib/R/library/IRkernel")
    }

    /// The kernels, by the name that lists show.
    var kernels: [KernelSpec] {
        var specs: [KernelSpec] = []
        let prefix = name == "base" ? "conda-base" : "conda-env-\(plainName)"
        if PythonEnvironment(folder: folder).hasKernel { specs.append(python(called: "\(prefix)-py")) }
        if hasR { specs.append(r(called: "\(prefix)-r")) }
        return specs + registered(prefix)
    }

    /// Finds a kernel by one of its names, in whatever case.
    func kernel(called wanted: String) -> KernelSpec? {
        func isWanted(_ name: String) -> Bool { name.lowercased() == wanted.lowercased() }
        let prefixes = name == "base" ? ["conda-base", "conda-root", "conda-env-base"] : ["conda-env-\(plainName)"]
        if isWanted("conda_\(name)") || prefixes.contains(where: { isWanted($0 + "-py") }) {
            return PythonEnvironment(folder: folder).hasKernel ? python(called: wanted) : nil
        }
        if hasR, prefixes.contains(where: { isWanted($0 + "-r") }) { return r(called: wanted) }
        return prefixes.flatMap(registered).first { isWanted($0.name) }
    }

    /// The name as nb_conda_kernels makes it part of a kernel's.
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

    /// Kernels that have a `kernel.json` in the environment, other than its Python's and R's.
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
