import GalleyJupyterProtocol

/// Where an output stands that can be updated.
struct DisplayLocation: Sendable {
    var cell: Int
    /// Its place in the cell's outputs, which is good until those are cleared: their generation tells.
    var place: Int
    var generation: Int
}

/// Where the displays of a run are, by their identifiers, and how those look that have changed.
///
/// A display can stand in a million places, and each new place updates all others. So an update is kept until the outputs
/// are read, and takes the place of the one before it.
struct DisplayIndex: Sendable {
    private var displays: [String: Display] = [:]
    /// The identifiers that each cell displays, with the generation of its outputs.
    private var identifiers: [Int: (generation: Int, Set<String>)] = [:]
    private var updates: [String: IOPubMessage.Display] = [:]

    private struct Display: Sendable {
        /// Its only place: most displays have one, and there can be a million of them.
        private var single: DisplayLocation?
        private var several: [DisplayLocation] = []
        /// How many of several places are in each cell.
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

        /// Removes the places in a cell; returns whether there is none left.
        mutating func remove(_ cell: Int) -> Bool {
            if let single { return single.cell == cell }
            guard let count = counts.removeValue(forKey: cell) else { return false }
            if count < several.count { several.removeAll { $0.cell == cell } }
            return counts.isEmpty
        }
    }

    /// Adds a place in which a display stands.
    mutating func add(_ place: DisplayLocation, under id: String) {
        displays[id, default: Display()].add(place)
        if identifiers[place.cell]?.generation != place.generation { identifiers[place.cell] = (place.generation, []) }
        identifiers[place.cell]?.1.insert(id)
    }

    /// Forgets what a cell displayed before its outputs were cleared.
    mutating func forget(_ cell: Int, upTo generation: Int) {
        guard let old = identifiers[cell], old.generation <= generation else { return }
        identifiers[cell] = nil
        for id in old.1 where displays[id]?.remove(cell) == true {
            displays[id] = nil
            updates[id] = nil
        }
    }

    /// Takes note of how a display looks now; returns the cells that it stands in.
    mutating func update(_ display: IOPubMessage.Display) -> [Int] {
        guard let id = display.id, let cells = displays[id]?.cells else { return [] }
        updates[id] = display
        return cells
    }

    /// Returns the displays that have changed since the last call, each with its places.
    mutating func takeUpdates() -> [(IOPubMessage.Display, [DisplayLocation])] {
        defer { updates = [:] }
        return updates.map { id, display in (display, displays[id]?.places ?? []) }
    }
}
