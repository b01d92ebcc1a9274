import Foundation
import TestSupport

/// The names of the byte strings found in the readable memory of a process. Source: proc(5), maps and mem.
func search(memoryOf process: Int32, for needles: [String: [UInt8]]) throws -> Set<String> {
  let memory = open("/proc/\(process)/mem", O_RDONLY)
  guard memory >= 0 else { throw Timeout(description: "cannot open the memory of \(process)") }
  defer { close(memory) }
  let overlap = needles.values.map(\.count).max() ?? 0
  var found: Set<String> = []
  var chunk = [UInt8](repeating: 0, count: 1 << 20)
  for line in try readWhole("/proc/\(process)/maps").split(separator: "\n") {
    // 7f0c1a200000-7f0c1a400000 rw-p ...
    let words = line.split(separator: " ")
    let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
    guard words[1].hasPrefix("r"), ends.count == 2, !line.hasSuffix("[vvar]") else { continue }
    var position = ends[0]
    while position < ends[1] {
      let wanted = min(chunk.count, Int(ends[1] - position))
      let count = pread(memory, &chunk, wanted, off_t(truncatingIfNeeded: position))
      guard count > 0 else { break }
      for (name, needle) in needles where holds(chunk, count, needle) { found.insert(name) }
      guard count == chunk.count else { break }
      position += UInt64(count - overlap)
    }
  }
  return found
}

extension PeerProcess {
  /// The values of a line of /proc/PID/limits: soft and hard.
  func limit(_ name: String) throws -> [String] {
    let line = try readWhole("/proc/\(identifier)/limits").split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
    return line.dropFirst(name.count).split(separator: " ").prefix(2).map(String.init)
  }

  /// Its command line and environment, as other processes see them.
  var visible: String {
    get throws { try readWhole("/proc/\(identifier)/cmdline") + readWhole("/proc/\(identifier)/environ") }
  }
}

/// True if a byte string is among the first `count` bytes of a buffer.
private func holds(_ buffer: [UInt8], _ count: Int, _ needle: [UInt8]) -> Bool {
  // Memory is full of zeros, so search for another byte first.
  let place = needle.firstIndex { $0 != 0 } ?? 0
  return buffer.withUnsafeBytes { buffer in
    guard let base = buffer.baseAddress else { return false }
    var position = place
    while position < count, let found = memchr(base + position, Int32(needle[place]), count - position) {
      let start = base.distance(to: UnsafeRawPointer(found)) - place
      if start + needle.count <= count, memcmp(base + start, needle, needle.count) == 0 { return true }
      position = start + place + 1
    }
    return false
  }
}

/// Reads a file of unknown size.
private func readWhole(_ path: String) throws -> String {
  guard let file = FileHandle(forReadingAtPath: path) else { throw Timeout(description: "cannot open \(path)") }
  return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
}
