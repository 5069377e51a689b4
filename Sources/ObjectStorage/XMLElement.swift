/// An element of an XML document: the part of XML that services answer with. Attributes and comments are left out.
package struct XMLElement: Hashable, Sendable {
    /// The name without the prefix of a namespace.
    package let name: String
    /// The text of the element itself, without that of its children.
    package var text: String
    /// The elements in this one, in order.
    package var children: [XMLElement]

    /// Creates an element.
    package init(name: String, text: String = "", children: [XMLElement] = []) {
        self.name = name
        self.text = text
        self.children = children
    }

    /// The first child with a name; nil if there is none.
    package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Returns all children with a name, in order.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Returns the first element with a name in this one, at any depth; nil if there is none.
    package func first(_ name: String) -> XMLElement? {
        // The depth of a document that was read is bounded.
        for child in children {
            if child.name == name { return child }
            if let found = child.first(name) { return found }
        }
        return nil
    }
}

// The answers of services contain secrets.
extension XMLElement: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name.
    package var description: String { "<\(name)>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
