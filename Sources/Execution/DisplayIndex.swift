import GalleyJupyterProtocol

/// The location of an output that can be updated.
struct DisplayLocation: Sendable {
    var cell: Int
    /// The position among the cell's outputs. It is valid as long as the outputs have the same `generation`.
    var place: Int
    var generation: Int
}

/// An index of a run's displays by display ID, with their pending updates.
///
/// A display can appear in a million places, and each new appearance updates all others. An update is therefore stored
/// until the outputs are read, and replaces the previous one.
struct DisplayIndex: Sendable {
    private var displays: [String: Display] = [:]
    /// The display IDs in each cell, with the generation of the cell's outputs.
    private var identifiers: [Int: (generation: Int, Set<String>)] = [:]
    private var updates: [String: IOPubMessage.Display] = [:]

    private struct Display: Sendable {
        /// The only location. Most displays have just one, and there can be a million of them.
        private var single: DisplayLocation?
        private var several: [DisplayLocation] = []
        /// The number of entries of `several` in each cell.
        private var counts: [Int: Int] = [:]

        var places: [DisplayLocation] { single.map { [$0] } ?? several }
        var cells: [Int] { single.map { [$0.cell] } ?? Array(counts.keys) }

        mutating func add(_ place: DisplayLocation) {
            if single == nil, several.isEmpty { return single = place }
            for place in [single, place].compactMap(\.self) {
                several.append(place)
                counts[place.cell, default: 0] += 1
            }
            single = nil
        }

        /// Removes the locations in a cell; returns true if none is left.
        mutating func remove(_ cell: Int) -> Bool {
            if let single { return single.cell == cell }
            guard let count = counts.removeValue(forKey: cell) else { return false }
            if count < several.count { several.removeAll { $0.cell == cell } }
            return counts.isEmpty
        }
    }

    /// Adds a location of a display.
    mutating func add(_ place: DisplayLocation, under id: String) {
        displays[id, default: Display()].add(place)
        if identifiers[place.cell]?.generation != place.generation { identifiers[place.cell] = (place.generation, []) }
        identifiers[place.cell]?.1.insert(id)
    }

    /// Forgets the displays of a cell whose outputs were cleared.
    mutating func forget(_ cell: Int, upTo generation: Int) {
        guard let old = identifiers[cell], old.generation <= generation else { return }
        identifiers[cell] = nil
        for id in old.1 where displays[id]?.remove(cell) == true {
            displays[id] = nil
            updates[id] = nil
        }
    }

    /// Stores an update of a display; returns the cells that contain the display.
    mutating func update(_ display: IOPubMessage.Display) -> [Int] {
        guard let id = display.id, let cells = displays[id]?.cells else { return [] }
        updates[id] = display
        return cells
    }

    /// Returns the displays that have changed since the last call, each with its locations.
    mutating func takeUpdates() -> [(IOPubMessage.Display, [DisplayLocation])] {
        defer { updates = [:] }
        return updates.map { id, display in (display, displays[id]?.places ?? []) }
    }
}
