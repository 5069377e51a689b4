import GalleyJSON

/// The variables of an environment that were set with `conda env config vars set`.
enum CondaVariables {
    static func read(_ environment: String) -> [(String, String)] {
        guard let bytes = FileSystem.read(environment + "/conda-meta/state"), let state = try? Document(parsing: bytes)
        else {
            return []
        }
        return state.root["env_vars"]?.members.compactMap { key, value in value.string.map { (key, $0) } } ?? []
    }
}
