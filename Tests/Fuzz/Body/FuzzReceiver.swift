// An invalid fixture stops the fuzzer.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Glibc
import TestSupport

@testable import MulticastDTLS

/// The fuzzed object: the receiving side of member 0. It is new for each input, so that an input always has the same
/// effect.
///
/// No other file of the fuzzer depends on the receiver's interface.
final class FuzzReceiver {
  static let ownMember: MemberID = 0
  /// Few members, since every input makes a session for each.
  static let followed: [MemberID] = [1, 2, 255]
  /// The source of all datagrams.
  private static let source = Endpoint(IPAddress(ipv4: 0), port: 0)
  /// Derived once, since that takes 12 ms.
  private static let keys = Dictionary(
    uniqueKeysWithValues: RecordEngine.allCases.map { engine in
      let keys = CipherSuite.allCases.map { suite in
        let secret = try! GroupSecret(text: Vectors.shared.secret)
        return (suite, try! GroupKey(DTLSContext(ownMember: ownMember, suite: suite, engine: engine), secret))
      }
      return (engine, Dictionary(uniqueKeysWithValues: keys))
    })
  /// As above, of a signed group.
  private static let signedKeys = Dictionary(
    uniqueKeysWithValues: CipherSuite.allCases.map { suite in
      let secret = try! GroupSecret(text: Vectors.shared.secret)
      return (suite, try! GroupKey(DTLSContext(ownMember: ownMember, suite: suite), secret, isSigned: true))
    })
  private static let publicKeys = Dictionary(
    uniqueKeysWithValues: followed.map { ($0, MemberKeys(try! PublicKey(Script.signer(.wdmNullSHA256).publicKey))) })

  /// All datagrams arrive at the same time, so that stragglers of the former epoch are accepted throughout an input.
  private let now = BootInstant.now
  private var receiver: Receiver

  init(suite: CipherSuite, engine: RecordEngine, isSigned: Bool) {
    // It has sent nothing, so every record with its ID is from another peer.
    let sent = SentRecords(port: 1)
    let followed = MemberSet(Self.followed)
    receiver = Receiver(
      [try! OpeningKey(isSigned ? Self.signedKeys[suite]! : Self.keys[engine]![suite]!)], following: followed,
      sent: sent,
      observer: Observer(start: now, followed: followed), counters: .init(), handler: { _, _ in true })
    receiver.verify(by: Self.publicKeys)
  }

  /// Opens one datagram.
  func open(_ datagram: [UInt8]) -> Result<Message, RejectionReason> {
    // Allocated at the exact size, so that AddressSanitizer detects a read past the end.
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: datagram.count)
    defer { copy.deallocate() }
    _ = copy.initialize(from: datagram)
    do throws(Rejection) {
      let opened = try receiver.open(UnsafeBufferPointer(copy), from: Self.source, now: now)
      return .success(
        Message(origin: opened.origin, payload: Array(receiver.lentPayload(opened.record.count))))
    } catch {
      return .failure(error.reason)
    }
  }
}

/// Checks that every header is read, and that its fields match the bytes.
func checkHeader(of datagram: [UInt8]) throws {
  guard let header = RecordHeader(datagram.span) else {
    guard datagram.count < 13 else { throw Finding("a header was not read", datagram) }
    return
  }
  let again =
    [UInt8(header.epoch >> 8), UInt8(header.epoch & 0xFF), header.member.rawValue]
    + [32, 24, 16, 8, 0].map { UInt8(header.sequence >> $0 & 0xFF) }
    + [UInt8(header.length >> 8), UInt8(header.length & 0xFF)]
  guard Array(datagram[3..<13]) == again else { throw Finding("a header was misread", datagram) }
}
