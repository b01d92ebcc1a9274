import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The memory of a signed group")
struct SignedMemoryTests {
  /// The resident memory of a listener that has heard 255 members, in kilobytes.
  private func memory(isSigned: Bool) async throws -> Int {
    let group = try SignedGroup(isSigned: isSigned, members: 0...255)
    let receiver = try group.start(0, ["--listen", "-q"])
    try await receiver.waitForError(", listening")
    let socket = try FloodSocket(
      group.address, sparing: ReceiveQueue(of: receiver.identifier, group: group.address))
    var count = 0
    for member in UInt8(1)...255 {
      // Two trees are kept of each member.
      for tree in UInt8(0)..<2 {
        let records = (0..<2).map {
          IndependentRecord(member: member, sequence: UInt64(tree * 2 + $0), text: "message \($0)")
        }
        let salt = [UInt8](repeating: tree, count: 8)
        for record in isSigned ? group.signer(member).sign(records, salt: salt).records : records {
          try socket.send(record.sealed(group.keys))
          count += 1
        }
      }
    }
    // Each message has arrived once the queue is empty.
    let queue = try ReceiveQueue(of: receiver.identifier, group: group.address)
    try await eventually("all messages") { try queue.used() == 0 }
    let kilobytes = try receiver.residentKilobytes
    receiver.signal(SIGTERM)
    #expect(try await receiver.exitCode() == 0)
    let errors = try receiver.errors
    #expect(errors.contains("0 sent, \(count) received, "), "\(errors.suffix(300))")
    return kilobytes
  }

  @Test(
    "of 255 members that sign, a receiver needs less than 10 MB more than of 255 that do not",
    .enabled(if: PeerProcess.isMeasurable, "a debug build or a sanitizer has another memory"))
  func members() async throws {
    let (signed, unsigned) = (try await memory(isSigned: true), try await memory(isSigned: false))
    print("255 members: \(signed) kB signed, \(unsigned) kB unsigned")
    #expect(signed - unsigned < 10_000)
    #expect(signed > unsigned)
  }
}
