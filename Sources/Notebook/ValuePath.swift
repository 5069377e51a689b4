/// The path from the root object of a notebook to a value, such as `cells[3].metadata`.
struct ValuePath: CustomStringConvertible {
    private(set) var description = ""

    func member(_ key: String) -> ValuePath {
        let isPlain = !key.isEmpty && key.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "_") }
        if !isPlain { return ValuePath(description: "\(description)[\"\(key)\"]") }
        return ValuePath(description: description.isEmpty ? key : "\(description).\(key)")
    }

    func element(_ index: Int) -> ValuePath { ValuePath(description: "\(description)[\(index)]") }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
}
