import Foundation
import Glibc

@testable import MulticastDTLS

/// The receive queue of the socket on which a process receives a group, read from the kernel. Source: proc(5),
/// /proc/net/udp.
package final class ReceiveQueue {
  /// The default size of a socket's receive queue, in bytes. Source: socket(7), rmem_default.
  package static let size =
    (try? String(contentsOfFile: "/proc/sys/net/core/rmem_default", encoding: .utf8))
    .flatMap { Int($0.trimmingCharacters(in: .newlines)) } ?? 212_992

  private let list: Descriptor
  private let inode: String
  /// Reused for each read.
  private let text = UnsafeMutablePointer<CChar>.allocate(capacity: textSize)
  private static let textSize = 1 << 16

  /// Finds the socket of a process in this network namespace.
  package init(of process: Int32, group: GroupAddress) throws {
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
    let own = descriptors.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
    }
    // The four bytes of the address, as a number in the byte order of this machine.
    let address = hexadecimal(group.address.inAddr.s_addr, digits: 8) + ":" + hexadecimal(group.port, digits: 4)
    // Not through Foundation, which stops after the first piece.
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

  /// The number of bytes in the queue.
  package func used() throws -> Int {
    try column(7, radix: 16)
  }

  /// The number of datagrams that the kernel has dropped at this socket.
  package func dropped() throws -> Int {
    try column(16, radix: 10)
  }

  /// A column of the socket's line. Colons separate columns, too.
  private func column(_ index: Int, radix: Int32) throws -> Int {
    try Self.retrying("the socket is gone") {
      Self.read(list, into: text)
      // With C functions, since this runs many thousand times.
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

  /// The kernel delivers the list in pieces, and skips a socket if an earlier one is closed between two pieces.
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

/// The number of packets that the kernel has dropped before any socket, on the whole machine. Source: the kernel's
/// Documentation/networking/scaling.rst, /proc/net/softnet_stat.
package func droppedBeforeSockets() throws -> Int {
  try String(contentsOfFile: "/proc/net/softnet_stat", encoding: .utf8).split(separator: "\n").reduce(0) {
    $0 + (Int($1.split(separator: " ")[1], radix: 16) ?? 0)
  }
}
