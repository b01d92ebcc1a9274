import Glibc
import Logging
import MulticastDTLS

/// A sending member: a full peer, which also receives, or a transmitter alone.
private protocol Sender {
  func send(_ payload: [UInt8]) throws(PeerError)
  func send(_ payloads: [[UInt8]]) throws(PeerError) -> SendReceipt
}

extension MulticastPeer: Sender {}
extension MessageSender: Sender {}

/// One or more members that send with the library.
final class LibrarySendingEnd: SendingEnd {
  private let senders: [any Sender]

  init(
    _ suite: Suite, _ engine: Engine, isSigned: Bool = false, group: GroupEndpoint, senders: Int, receivers: Int
  ) throws {
    let keys = try benchKeys()
    self.senders = try (0..<senders).map { member in
      var configuration = try configuration(member: member, senders: senders, group, suite, engine)
      if isSigned { try configuration.sign(senders: senders) }
      // Several full peers in one process would also receive each other's messages.
      return senders == 1
        ? try MulticastPeer(configuration, keys: keys, logger: silence, handler: { _, _, _ in true })
        : try MessageSender(alone: configuration, keys: keys)
    }
  }

  func send(_ payloads: [[UInt8]], as sender: Int, isBatched: Bool) throws {
    guard isBatched else {
      for payload in payloads { try senders[sender].send(payload) }
      return
    }
    var sent = try senders[sender].send(payloads).count
    while sent < payloads.count {
      sched_yield()
      sent += try senders[sender].send(Array(payloads[sent...])).count
    }
  }
}

private let silence = Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() })

/// Receives with the library, until the returned peer is released.
func receiveByLibrary(
  _ suite: Suite, _ engine: Engine, isSigned: Bool = false, _ opening: Opening, into delivery: Delivery
) throws -> MulticastPeer {
  var configuration = try configuration(
    member: opening.senders + opening.number, senders: opening.senders, opening.group, suite, engine)
  if isSigned { try configuration.sign(senders: opening.senders) }
  guard opening.reader == .handler else {
    let peer = try MulticastPeer(configuration, keys: benchKeys(), logger: silence)
    read(peer.messages, as: opening.reader, into: delivery)
    return peer
  }
  return try MulticastPeer(configuration, keys: benchKeys(), logger: silence) { _, payload, _ in
    delivery.take(payload)
    return true
  }
}

/// Seals and opens the library's records in memory.
final class LibraryMemory {
  /// The records of one full batch.
  private static let count = Plan.largestBurst
  private var records: MemoryRecords

  init(_ cell: MemoryCell) throws {
    records = try MemoryRecords(
      suite: cell.suite.librarySuite, engine: cell.engine.libraryEngine,
      payload: [UInt8](repeating: 0x5A, count: cell.size), count: Self.count)
  }

  /// Seals and opens records in turns, until each side has run for `seconds`.
  func measure(seconds: Double) throws -> (sealedPerSecond: Double, openedPerSecond: Double) {
    let clock = ContinuousClock()
    var (sealing, opening, count) = (Duration.zero, Duration.zero, 0)
    repeat {
      let start = clock.now
      try records.seal()
      let middle = clock.now
      let opened = records.open()
      opening += clock.now - middle
      sealing += middle - start
      guard opened == Self.count else { throw BenchError("only \(opened) of \(Self.count) records were accepted") }
      count += opened
    } while min(sealing, opening) < .seconds(seconds)
    return (Double(count) / (sealing / .seconds(1)), Double(count) / (opening / .seconds(1)))
  }
}

private func benchKeys() throws -> KeyRing {
  KeyRing(try GroupSecret(text: "a secret for this measurement"))
}

private func configuration(
  member: Int, senders: Int, _ group: GroupEndpoint, _ suite: Suite, _ engine: Engine
) throws -> MulticastPeer.Configuration {
  var configuration = MulticastPeer.Configuration(
    member: MemberID(rawValue: UInt8(member)), peers: MemberSet(0...UInt8(senders)),
    group: try GroupAddress(group.text), suite: suite.librarySuite, interface: try NetworkInterface("lo"), state: nil)
  configuration.epoch = .first
  configuration.timeToLive = 0
  configuration.engine = engine.libraryEngine
  return configuration
}

extension MulticastPeer.Configuration {
  /// Signs messages, with an identity that each process of the benchmark can make. All senders have the same.
  fileprivate mutating func sign(senders: Int) throws {
    let identity = try Identity.ofMeasurements()
    isSigning = true
    self.identity = identity
    for member in 0..<senders { publicKeys[MemberID(rawValue: UInt8(member))] = MemberKeys(identity.publicKey) }
  }
}

extension Suite {
  fileprivate var librarySuite: CipherSuite {
    switch self {
    case .wdm: .wdmNullSHA256
    case .chaCha: .pskChaCha20Poly1305
    }
  }
}

extension Engine {
  fileprivate var libraryEngine: RecordEngine {
    switch self {
    case .libcrypto: .libcrypto
    case .wolfSSL: .wolfSSL
    }
  }
}
