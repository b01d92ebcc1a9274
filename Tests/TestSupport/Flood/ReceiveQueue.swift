import Foundation
import Glibc

@testable import MulticastDTLS

/// What waits in the socket by which a process hears a group, as the kernel tells it. Source: proc(5), /proc/net/udp.
package final class ReceiveQueue {
  /// The room that a socket has by default, in bytes. Source: socket(7), rmem_default.
  package static let size =
    (try? String(contentsOfFile: "/proc/sys/net/core/rmem_default", encoding: .utf8))
    .flatMap { Int($0.trimmingCharacters(in: .newlines)) } ?? 212_992

  private let list: Descriptor
  private let inode: String
  /// Used again each time.
  private let text = UnsafeMutablePointer<CChar>.allocate(capacity: textSize)
  private static let textSize = 1 << 16

  /// Finds the socket of a process of this network namespace.
  package init(of process: Int32, group: GroupAddress) throws {
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
    let own = descriptors.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
    }
    // The address's four bytes as this machine reads them as a number.
    let address = hexadecimal(group.address.inAddr.s_addr, digits: 8) + ":" + hexadecimal(group.port, digits: 4)
    // Not by Foundation, which takes the first piece for the whole.
    let list = try Descriptor("open", open("/proc/net/udp", O_RDONLY | O_CLOEXEC))
    inode = try Self.retrying("process \(process) has no socket at \(group)") { [text] in
      Self.read(list, into: text)
      let sockets = String(cString: text).split(separator: "\n").dropFirst()
      return sockets.map { $0.split(separator: " ") }.first {
        $0[1] == address && own.contains("socket:[\($0[9])]")
      }.map { " \($0[9]) " }
    }
    self.list = list
  }

  deinit {
    text.deallocate()
  }

  /// How many bytes of it are used.
  package func used() throws -> Int {
    try column(7, radix: 16)
  }

  /// How many datagrams the kernel has dropped there.
  package func dropped() throws -> Int {
    try column(16, radix: 10)
  }

  /// A column of the socket's line, where colons part columns too.
  private func column(_ index: Int, radix: Int32) throws -> Int {
    try Self.retrying("the socket is gone") {
      Self.read(list, into: text)
      // By C's functions, since it is asked many thousand times.
      guard var field = strstr(text, inode) else { return nil }
      while field > text, field[-1] != CChar(UInt8(ascii: "\n")) { field -= 1 }
      for _ in 0..<index {
        field += strspn(field, " :")
        field += strcspn(field, " :")
      }
      return Int(strtoul(field + strspn(field, " :"), nil, radix))
    }
  }

  /// Reads the whole list.
  private static func read(_ list: borrowing Descriptor, into text: UnsafeMutablePointer<CChar>) {
    var count = 0
    while count < textSize - 1 {
      let read = pread(list.rawValue, text + count, textSize - 1 - count, off_t(count))
      guard read > 0 else { break }
      count += read
    }
    text[count] = 0
  }

  /// The kernel tells the list in pieces, and passes over a socket when one before it is closed in between.
  private static func retrying<Value>(_ failure: String, _ find: () throws -> Value?) throws -> Value {
    for _ in 0..<100 {
      if let value = try find() { return value }
      usleep(5000)
    }
    throw Timeout(description: failure)
  }
}

private func hexadecimal(_ number: some BinaryInteger, digits: Int) -> String {
  let text = String(number, radix: 16, uppercase: true)
  return String(repeating: "0", count: digits - text.count) + text
}

/// How many packets the kernel has dropped before they got to any socket, on the whole machine. Source: the kernel's
/// Documentation/networking/scaling.rst, /proc/net/softnet_stat.
package func droppedBeforeSockets() throws -> Int {
  try String(contentsOfFile: "/proc/net/softnet_stat", encoding: .utf8).split(separator: "\n").reduce(0) {
    $0 + (Int($1.split(separator: " ")[1], radix: 16) ?? 0)
  }
}
