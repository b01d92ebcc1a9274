// A fixture that is wrong stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Glibc
import TestSupport

@testable import MulticastDTLS

/// What is fuzzed: the receiving side of node 0, new for each input, so that an input does the same every time.
///
/// All that the fuzz knows of how it is made and called is here.
final class FuzzReceiver {
  static let ownMember: MemberID = 0
  /// Few, since each is a session to make for every input.
  static let followed: [MemberID] = [1, 2, 255]
  /// Where all datagrams come from.
  private static let source = Endpoint(IPAddress(ipv4: 0), port: 0)
  /// Deriving keys takes 12 ms, so it is done once.
  private static let keys = Dictionary(
    uniqueKeysWithValues: RecordEngine.allCases.map { engine in
      let keys = CipherSuite.allCases.map { suite in
        let secret = try! GroupSecret(text: Vectors.shared.secret)
        return (suite, try! GroupKey(DTLSContext(ownMember: ownMember, suite: suite, engine: engine), secret))
      }
      return (engine, Dictionary(uniqueKeysWithValues: keys))
    })

  /// All comes at once, so that stragglers of a former epoch are taken as long as an input lasts.
  private let now = BootInstant.now
  private var receiver: Receiver

  init(suite: CipherSuite, engine: RecordEngine) {
    // It has sent nothing yet, so whoever uses its ID is another.
    let sent = SentRecords(port: 1)
    let followed = MemberSet(Self.followed)
    receiver = Receiver(
      [try! OpeningKey(Self.keys[engine]![suite]!)], following: followed, sent: sent,
      observer: Observer(start: now, followed: followed), counters: .init(), handler: { _, _ in true })
  }

  /// Opens one datagram.
  func open(_ datagram: [UInt8]) -> Result<Message, RejectionReason> {
    // Exactly as many bytes as there are, so that AddressSanitizer sees a read past them.
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: datagram.count)
    defer { copy.deallocate() }
    _ = copy.initialize(from: datagram)
    switch receiver.open(UnsafeBufferPointer(copy), from: Self.source, now: now) {
    case .failure(let rejection): return .failure(rejection.reason)
    case .success(let record):
      let header = RecordHeader(datagram.span)!
      let origin = Message.Origin(
        sender: header.member, epoch: try! Epoch(header.epoch), sequence: header.sequence, source: Self.source)
      return .success(Message(origin: origin, payload: Array(receiver.lentPayload(record.count))))
    }
  }
}

/// Checks that a header is read where there is one, and that it says what the bytes say.
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
