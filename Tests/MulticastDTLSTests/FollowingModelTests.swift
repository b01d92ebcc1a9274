import TestSupport
import Testing

@testable import MulticastDTLS

/// Compares real sessions with a plain model of the deliveries.
@Suite("Random replays and epochs")
struct FollowingModelTests {
  /// The expected deliveries of one sender, in the simplest form: sets of all delivered numbers.
  private struct Model {
    var epoch: UInt16 = 0
    var delivered: [UInt16: Set<UInt64>] = [:]
    var former: (epoch: UInt16, until: Duration)?

    mutating func shouldDeliver(_ epoch: UInt16, _ sequence: UInt64, now: Duration) -> Bool {
      if epoch > self.epoch {
        if self.epoch > 0 { former = (self.epoch, now + .seconds(1)) }
        self.epoch = epoch
      } else if epoch < self.epoch {
        guard let former, former.epoch == epoch, now < former.until else { return false }
      }
      let seen = delivered[epoch, default: []]
      guard !seen.contains(sequence), sequence + 64 > seen.max() ?? 0 else { return false }
      delivered[epoch, default: []].insert(sequence)
      return true
    }
  }

  private struct Sender {
    var epoch: UInt16
    var next: UInt64 = 0
    /// The records on their way, and those that an attacker recorded.
    var flying: [(epoch: UInt16, sequence: UInt64)] = []
    var recorded: [(epoch: UInt16, sequence: UInt64)] = []
  }

  @Test(
    "a receiver agrees with a plain model in 70,000 steps of send, lose, duplicate, reorder, restart, replay and forge",
    arguments: [CipherSuite.wdmNullSHA256, .pskChaCha20Poly1305])
  func model(suite: CipherSuite) throws {
    var generator = SeededGenerator(seed: 3)
    let start = BootInstant.now
    var now = Duration.zero
    let keys = RecordKeys.ofVectors(suite)
    var senders = (0..<3).map { _ in Sender(epoch: UInt16.random(in: 1...3, using: &generator)) }
    var models = [Model](repeating: Model(), count: 3)
    var receiver = try makeReceiver(suite: suite)
    /// The positions on disk.
    var positions: [MemberID: ReplayPosition] = [:]
    var counts: [String: Int] = [:]

    func arrive(_ index: Int, _ epoch: UInt16, _ sequence: UInt64, forged: Bool = false) -> String {
      var datagram = IndependentRecord(
        member: UInt8(index + 1), sequence: sequence, epoch: epoch, text: "\(index) \(epoch) \(sequence)"
      ).sealed(keys)
      if forged {
        // Any authenticated bit whose change leaves the header valid.
        let place = ([4, 9, 10] + Array(13..<datagram.count)).randomElement(using: &generator) ?? 13
        datagram[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      let outcome = receiver.open(datagram, now: start + now)
      let expected = !forged && models[index].shouldDeliver(epoch, sequence, now: now)
      switch outcome {
      case .success(let arrival):
        #expect(expected, "delivered: \(index) \(epoch) \(sequence)")
        #expect(receiver.text(of: arrival) == "\(index) \(epoch) \(sequence)")
        return "delivered"
      case .failure(let rejection):
        #expect(!expected, "refused \(rejection.reason): \(index) \(epoch) \(sequence)")
        if forged { #expect([.forged, .malformed].contains(rejection.reason)) }
        return rejection.reason.rawValue
      }
    }

    for _ in 0..<70_000 {
      now += .microseconds(Int64.random(in: 0...20_000, using: &generator))
      let index = Int.random(in: 0..<3, using: &generator)
      var step = ""
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<38:
        senders[index].flying.append((senders[index].epoch, senders[index].next))
        senders[index].next += 1
        step = "sent"
      case 38..<80 where !senders[index].flying.isEmpty:
        // Mostly in order.
        let late = Int.random(in: 0..<4, using: &generator) == 0
        let place = late ? Int.random(in: 0..<senders[index].flying.count, using: &generator) : 0
        let record = senders[index].flying.remove(at: place)
        senders[index].recorded.append(record)
        step = arrive(index, record.epoch, record.sequence)
      case 80..<84 where !senders[index].flying.isEmpty:
        senders[index].flying.remove(at: Int.random(in: 0..<senders[index].flying.count, using: &generator))
        step = "lost"
      case 84..<88 where !senders[index].flying.isEmpty:
        let record = senders[index].flying[0]
        step = "duplicate " + arrive(index, record.epoch, record.sequence)
      case 88..<93:
        // A recent record, or any earlier one.
        let recorded = Bool.random(using: &generator) ? senders[index].recorded : senders[index].recorded.suffix(80)
        if let record = recorded.randomElement(using: &generator) {
          step = "replay " + arrive(index, record.epoch, record.sequence)
        }
      case 93..<98:
        let epoch = senders[index].epoch + UInt16.random(in: 0...3, using: &generator)
        step = "forgery " + arrive(index, epoch, senders[index].next, forged: true)
      case 98 where Bool.random(using: &generator):
        // Its earlier records are still on their way.
        senders[index].epoch += UInt16.random(in: 1...2, using: &generator)
        senders[index].next = 0
        step = "sender restarted"
      case 99 where Int.random(in: 0..<20, using: &generator) == 0:
        // The receiver restarts with the positions on disk: it rejects every number up to the highest, and all
        // stragglers.
        positions.merge(receiver.positions.values.first ?? [:]) { $1 }
        receiver = try makeReceiver(suite: suite, heardBefore: positions)
        for index in models.indices {
          models[index].former = nil
          guard let next = positions[MemberID(rawValue: UInt8(index + 1))]?.next else { continue }
          let reached = (0..<next).suffix(128)
          models[index].delivered[models[index].epoch, default: []].formUnion(reached)
        }
        step = "receiver restarted"
      default: break
      }
      counts[step, default: 0] += 1
    }
    // Each kind of step has happened often.
    for (kind, least) in [
      ("delivered", 10_000), ("replayed", 100), ("stale epoch", 10), ("duplicate delivered", 500), ("lost", 1000),
      ("replay replayed", 500), ("replay stale epoch", 500), ("forgery forged", 2000), ("sender restarted", 200),
      ("receiver restarted", 10),
    ] {
      #expect(counts[kind, default: 0] >= least, "\(kind): \(counts)")
    }
  }
}
