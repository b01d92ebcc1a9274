import TestSupport
import Testing

@testable import MulticastDTLS

/// Real sessions against a plain model of what must be delivered.
@Suite("Replay and epochs at random")
struct FollowingModelTests {
  /// What must be delivered of one sender, kept as simply as can be: sets of all that was.
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
    /// What is on its way, and what somebody recorded.
    var flying: [(epoch: UInt16, sequence: UInt64)] = []
    var recorded: [(epoch: UInt16, sequence: UInt64)] = []
  }

  @Test(
    "70,000 steps of send, lose, duplicate, reorder, restart, replay and forge are judged as a plain model would",
    arguments: [CipherSuite.wdmNullSHA256, .pskChaCha20Poly1305])
  func model(suite: CipherSuite) throws {
    var generator = SeededGenerator(seed: 3)
    let start = BootInstant.now
    var now = Duration.zero
    let keys = RecordKeys.ofVectors(suite)
    var senders = (0..<3).map { _ in Sender(epoch: UInt16.random(in: 1...3, using: &generator)) }
    var models = [Model](repeating: Model(), count: 3)
    var members = try makeReceiver(suite: suite)
    /// What is on disk.
    var positions: [MemberID: ReplayPosition] = [:]
    var counts: [String: Int] = [:]

    func arrive(_ index: Int, _ epoch: UInt16, _ sequence: UInt64, forged: Bool = false) -> String {
      var datagram = IndependentRecord(
        member: UInt8(index + 1), sequence: sequence, epoch: epoch, text: "\(index) \(epoch) \(sequence)"
      ).sealed(keys)
      if forged {
        // Any bit that is authenticated and leaves the record one that admission passes.
        let place = ([4, 9, 10] + Array(13..<datagram.count)).randomElement(using: &generator) ?? 13
        datagram[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      let outcome = members.open(datagram, now: start + now)
      let expected = !forged && models[index].shouldDeliver(epoch, sequence, now: now)
      switch outcome {
      case .success(let arrival):
        #expect(expected, "delivered: \(index) \(epoch) \(sequence)")
        #expect(members.text(of: arrival) == "\(index) \(epoch) \(sequence)")
        return "delivered"
      case .failure(let refused):
        #expect(!expected, "refused \(refused.reason): \(index) \(epoch) \(sequence)")
        if forged { #expect([.forged, .malformed].contains(refused.reason)) }
        return refused.reason.rawValue
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
        // In order, mostly.
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
        // Of late, or of any time.
        let recorded = Bool.random(using: &generator) ? senders[index].recorded : senders[index].recorded.suffix(80)
        if let record = recorded.randomElement(using: &generator) {
          step = "replay " + arrive(index, record.epoch, record.sequence)
        }
      case 93..<98:
        let epoch = senders[index].epoch + UInt16.random(in: 0...3, using: &generator)
        step = "forgery " + arrive(index, epoch, senders[index].next, forged: true)
      case 98 where Bool.random(using: &generator):
        // What it had sent is still on its way.
        senders[index].epoch += UInt16.random(in: 1...2, using: &generator)
        senders[index].next = 0
        step = "sender restarted"
      case 99 where Int.random(in: 0..<20, using: &generator) == 0:
        // The receiver restarts with what is on disk: all up to the highest number is given up, and no straggler is taken.
        positions.merge(members.positions.values.first ?? [:]) { $1 }
        members = try makeReceiver(suite: suite, heardBefore: positions)
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
    // Each kind of thing has happened, and often.
    for (kind, least) in [
      ("delivered", 10_000), ("replayed", 100), ("stale epoch", 10), ("duplicate delivered", 500), ("lost", 1000),
      ("replay replayed", 500), ("replay stale epoch", 500), ("forgery forged", 2000), ("sender restarted", 200),
      ("receiver restarted", 10),
    ] {
      #expect(counts[kind, default: 0] >= least, "\(kind): \(counts)")
    }
  }
}
