import GalleyJupyterProtocol

/// Where an output stands that can be updated.
struct DisplayPlace: Sendable {
    var cell: Int
    /// Its place in the cell's outputs, which is good until those are cleared: their generation tells.
    var place: Int
    var generation: Int
}

/// Where the displays of a run are, by their identifiers, and how those look that have changed.
///
/// A display can stand in a million places, and each new place updates all others. So an update is kept until the outputs
/// are read, and takes the place of the one before it.
struct Displays: Sendable {
    private var displays: [String: Display] = [:]
    /// The identifiers that each cell displays, with the generation of its outputs.
    private var identifiers: [Int: (generation: Int, Set<String>)] = [:]
    private var updates: [String: Publication.Display] = [:]

    private struct Display: Sendable {
        var places: [DisplayPlace] = []
        /// How many places are in each cell.
        var cells: [Int: Int] = [:]
    }

    /// Adds a place in which a display stands.
    mutating func add(_ place: DisplayPlace, under id: String) {
        displays[id, default: Display()].places.append(place)
        displays[id]?.cells[place.cell, default: 0] += 1
        if identifiers[place.cell]?.generation != place.generation { identifiers[place.cell] = (place.generation, []) }
        identifiers[place.cell]?.1.insert(id)
    }

    /// Forgets what a cell displayed before its outputs were cleared.
    mutating func forget(_ cell: Int, upTo generation: Int) {
        guard let old = identifiers[cell], old.generation <= generation else { return }
        identifiers[cell] = nil
        for id in old.1 {
            guard let count = displays[id]?.cells.removeValue(forKey: cell) else { continue }
            if displays[id]?.places.count == count {
                displays[id] = nil
                updates[id] = nil
            } else {
                displays[id]?.places.removeAll { $0.cell == cell && $0.generation <= generation }
            }
        }
    }

    /// Takes note of how a display looks now; returns the cells that it stands in.
    mutating func update(_ display: Publication.Display) -> [Int] {
        guard let id = display.id, let cells = displays[id]?.cells else { return [] }
        updates[id] = display
        return Array(cells.keys)
    }

    /// Returns the displays that have changed since the last call, each with its places.
    mutating func takeUpdates() -> [(Publication.Display, [DisplayPlace])] {
        defer { updates = [:] }
        return updates.map { id, display in (display, displays[id]?.places ?? []) }
    }
}
