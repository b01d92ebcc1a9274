import TestSupport
import Testing

@testable import MulticastDTLS

/// Batches of the library's own sealer, against code that verifies each message alone, up to the root.
@Suite("Signed batches")
struct SignedBatchTests {
  private let identity: Identity

  init() throws {
    identity = try makeIdentity((5..<37).map { $0 })
  }

  /// The numbers that a receiver has accepted, in one epoch: those of the last 64 count.
  private struct Window {
    private var seen: Set<UInt64> = []
    private var highest: UInt64?

    func isFresh(_ number: UInt64) -> Bool {
      !seen.contains(number) && highest.map { number + 64 > $0 } ?? true
    }

    mutating func accept(_ number: UInt64) {
      seen.insert(number)
      highest = max(highest ?? 0, number)
    }
  }

  @Test(
    "batches of 1 to 128 messages, in random order, with losses, duplicates and forgeries, are judged as by a plain reference",
    arguments: CipherSuite.allCases, [UInt64(1), 2])
  func batches(_ suite: CipherSuite, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let key = try makeSignedKey(member: 1, suite: suite)
    var sealer = try Sealer(makeRingKey(key), identity: identity)
    let receiver = try makeSignedReceiver([1: identity.publicKey], suite: suite)
    let reference = IndependentSigner(seed: (5..<37).map { $0 }, secret: Vectors.shared.secret, suite)
    let keys = RecordKeys.ofVectors(suite)
    var window = Window()
    var held: [IndependentRecord] = []
    var truth: [UInt64: [UInt8]] = [:]
    var outcomes: [Bool: Int] = [:]
    for count in (1...SendBatch.capacity).shuffled(using: &random) {
      let messages = (0..<count).map { index in
        (0..<Int.random(in: 1...300, using: &random)).map { UInt8(truncatingIfNeeded: $0 + index) }
      }
      #expect(sealer.seal(messages[...]) == nil)
      #expect(sealer.batch.count == count)
      var sealed: [IndependentRecord] = []
      sealer.batch.forEach { datagram in
        guard let record = IndependentRecord(opening: Array(datagram), with: keys) else { return }
        truth[record.sequence] = messages[sealed.count]
        sealed.append(record)
      }
      sealer.clear()
      #expect(sealed.count == count)
      // Some are lost, some come twice, some are changed by another member, and some of the last batch come now.
      var arriving = held
      held = []
      for item in sealed {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: break
        case 1: arriving += [item, item]
        case 2: held.append(item)
        case 3:
          var forged = item
          let bit = Int.random(in: 0..<forged.payload.count * 8, using: &random)
          forged.payload[bit / 8] ^= 1 << (bit % 8)
          arriving += [forged, item]
        default: arriving.append(item)
        }
      }
      // Half of the batches in any order, half in nearly the right one.
      if Bool.random(using: &random) {
        arriving.shuffle(using: &random)
      } else {
        for index in arriving.indices {
          arriving.swapAt(index, min(arriving.count - 1, index + Int.random(in: 0..<9, using: &random)))
        }
      }
      for record in arriving {
        let isFresh = window.isFresh(record.sequence)
        let message = reference.message(of: record, publicKey: identity.publicKey.bytes)
        switch receiver.open(record.sealed(keys)) {
        case .success(let opened):
          // Of a known tree, the signature is not looked at again: a changed one is delivered with the true message.
          #expect(isFresh && receiver.payload(of: opened) == truth[record.sequence])
          window.accept(record.sequence)
          outcomes[true, default: 0] += 1
        case .failure(let rejection):
          #expect(!isFresh || message == nil, "\(rejection.reason)")
          outcomes[false, default: 0] += 1
        }
      }
    }
    #expect(outcomes[true, default: 0] > 3000 && outcomes[false, default: 0] > 1000)
  }
}
