import FoundationEssentials
import Glibc

/// The messages between coordinator and workers: one JSON object a line.
enum JSONLine {
  static func write(_ value: some Encodable, to descriptor: CInt) throws {
    var line = [UInt8](try JSONEncoder().encode(value))
    line.append(UInt8(ascii: "\n"))
    var written = 0
    while written < line.count {
      let count = unsafe line.withUnsafeBytes { bytes in
        unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + written }, line.count - written)
      }
      guard count > 0 else { throw BenchError("the other process has ended") }
      written += count
    }
  }
}
