import Glibc

/// Creates links, each with its own group and port.
struct Links {
  private var links: [Link.Key: Link] = [:]
  private var next: GroupEndpoint = {
    let process = UInt32(getpid())
    return GroupEndpoint(low: UInt16(process % 0xFF) << 8 | 1, port: UInt16(20_000 + process % 10_000))
  }()

  subscript(key: Link.Key) -> Link? { links[key] }

  /// Releases the links that are no longer needed, and starts the missing ones in parallel.
  mutating func prepare(_ keys: Set<Link.Key>) throws {
    links = links.filter { keys.contains($0.key) }
    var started: [Link] = []
    for key in keys where links[key] == nil {
      let link = try make(key)
      links[key] = link
      started.append(link)
    }
    for link in started { try link.waitUntilReady() }
  }

  mutating func make(_ key: Link.Key, countsAllocations: Bool = false) throws -> Link {
    defer { next = GroupEndpoint(low: next.low + 1, port: next.port + 1) }
    return try Link(key, group: next, countsAllocations: countsAllocations)
  }
}
