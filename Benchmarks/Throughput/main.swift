import Glibc
import Logging
import MulticastDTLS

/// How many messages a second go from one peer to another over loopback, with each cipher suite; both in this process, so
/// that nothing but the library and the kernel is measured. The suites take turns, so that the machine's moods are shared.
let (rounds, messages, burst, size) = (15, 20_000, 32, 256)

/// A sender and a receiver with one suite, in a group of their own.
struct Pair {
  let sender: MulticastPeer
  let receiver: MulticastPeer
  let reader: Task<Void, Never>

  init(_ suite: CipherSuite, port: Int) throws {
    let keys = KeyRing(try GroupSecret(text: "a secret for this measurement"))
    func makePeer(_ member: MemberID) throws -> MulticastPeer {
      var configuration = MulticastPeer.Configuration(
        member: member, peers: MemberSet(0...1), group: try GroupAddress("239.255.0.1:\(port)"),
        interface: try NetworkInterface("lo"), state: nil)
      configuration.epoch = .first
      configuration.timeToLive = 0
      configuration.suite = suite
      return try MulticastPeer(
        configuration, keys: keys, logger: Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
    (sender, receiver) = (try makePeer(0), try makePeer(1))
    reader = Task { [messages = receiver.messages] in for await _ in messages {} }
  }

  /// Sends a round of messages, and waits for each burst to arrive: nothing is lost, so that all that is counted is what
  /// went all the way. Returns messages a second.
  func measure() throws -> Double {
    let payload = [UInt8](repeating: 0x5A, count: size)
    let before = receiver.traffic.received
    let start = ContinuousClock.now
    for number in 1...messages {
      try sender.send(payload)
      if number % burst == 0 {
        while receiver.traffic.received < before + number { sched_yield() }
      }
    }
    return Double(messages) / ((ContinuousClock.now - start) / .seconds(1))
  }
}

let port = 20_000 + Int(getpid()) % 10_000
let suites: [CipherSuite] = [.wdmNullSHA256, .pskChaCha20Poly1305]
let pairs = try suites.enumerated().map { try Pair($1, port: port + $0) }
var rates: [[Double]] = [[], []]
for round in 0...rounds {
  for (index, pair) in pairs.enumerated() {
    let rate = try pair.measure()
    // The first round warms up.
    if round > 0 { rates[index].append(rate) }
  }
}
let medians = rates.map { $0.sorted()[rounds / 2] }
print("\(size)-byte messages, sent by one peer and delivered to another over loopback, medians of \(rounds) rounds:")
for (suite, (median, all)) in zip(suites, zip(medians, rates)) {
  let range = "\(Int(all.min() ?? 0)) to \(Int(all.max() ?? 0))"
  print("  \(suite.name): \(Int(median)) messages/s (\(range))")
}
let ratio = (medians[1] / medians[0] * 1000).rounded() / 1000
print("encrypted / authenticated only: \(ratio), \(ratio >= 1 ? "ok" : "MISSED: encryption is to cost nothing")")
exit(ratio >= 1 ? EXIT_SUCCESS : EXIT_FAILURE)
