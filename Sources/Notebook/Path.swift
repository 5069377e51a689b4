/// The way from the outermost object of a notebook to one of its values, as a person would write it.
struct Path: CustomStringConvertible {
    private(set) var description = ""

    func member(_ key: String) -> Path {
        let isPlain = !key.isEmpty && key.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "_") }
        if !isPlain { return Path(description: "\(description)[\"\(key)\"]") }
        return Path(description: description.isEmpty ? key : "\(description).\(key)")
    }

    func element(_ index: Int) -> Path { Path(description: "\(description)[\(index)]") }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
}
