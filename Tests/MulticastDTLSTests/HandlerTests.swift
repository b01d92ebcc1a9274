import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

/// The time limit turns a hang into a failure.
@Suite("Calls of a peer in its own handler", .timeLimit(.minutes(3)))
struct HandlerTests {
  private let group = makeTestGroup()
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func makePeer(
    _ state: String? = nil, in other: GroupAddress? = nil, handler: MulticastPeer.Handler? = nil
  ) throws -> MulticastPeer {
    var configuration = MulticastPeer.Configuration(
      member: 0, peers: MemberSet(0...1), group: other ?? group, suite: .wdmNullSHA256, interface: loopback,
      state: state.map { StateDirectory(path: $0) })
    configuration.epoch = state == nil ? .first : nil
    configuration.timeToLive = 0
    return try MulticastPeer(
      configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)), logger: RecordedLog().logger,
      handler: handler)
  }

  private func record(_ sequence: UInt64) -> [UInt8] {
    IndependentRecord(member: 1, sequence: sequence, text: "\(sequence)").sealed(keys)
  }

  /// Gives a handler its peer, which exists only after the handler.
  private final class Holder: Sendable {
    private let held = Mutex<MulticastPeer?>(nil)
    var peer: MulticastPeer? { held.withLock { $0 } }
    func hold(_ peer: MulticastPeer?) {
      // Released outside the lock, since its deinit calls other code.
      let former = held.withLock { held -> MulticastPeer? in
        defer { held = peer }
        return held
      }
      _ = former
    }
  }

  @Test("rotating the keys in the handler is an error, and the peer continues and can be stopped")
  func rotate() async throws {
    let holder = Holder()
    let codes = Mutex<[PeerError.Code]>([])
    let secret = try GroupSecret(text: "another secret of this group")
    let peer = try makePeer { _, _, _ in
      if let code = peerError({ try holder.peer?.rotate(to: KeyRing(secret)) })?.code {
        codes.withLock { $0.append(code) }
      }
      return true
    }
    holder.hold(peer)
    let wire = try Wire(group)
    for sequence in 0..<2 as Range<UInt64> { try wire.send(record(sequence)) }
    try await eventually("two errors") { codes.withLock { $0.count } == 2 }
    #expect(codes.withLock { $0 } == [.calledInHandler, .calledInHandler])
    #expect(peer.keyIDs == [try makeKey().keyID])
    // Outside the handler it succeeds, also while messages arrive.
    try await peer.rotate(to: KeyRing([secret, GroupSecret(text: Vectors.shared.secret)]))
    #expect(peer.keyIDs.count == 2)
    await peer.stop()
    holder.hold(nil)
  }

  @Test("a stop in the handler returns at once, delivers no further message, saves the state and releases its lock")
  func stop() async throws {
    let scratch = TemporaryDirectory()
    let holder = Holder()
    let heard = Atomic(0)
    let peer = try makePeer(scratch.path) { _, _, _ in
      if heard.add(1, ordering: .relaxed).newValue == 10 { holder.peer?.stop() }
      return true
    }
    holder.hold(peer)
    let wire = try Wire(group)
    let recorded = (0..<100).map { record($0) }
    for datagram in recorded { try wire.send(datagram) }
    try await eventually("the tenth message") { heard.load(ordering: .relaxed) >= 10 }
    // Waits for the end of the stop that the handler began.
    await peer.stop()
    #expect(heard.load(ordering: .relaxed) == 10)
    #expect(peerError { try peer.send("too late") }?.code == .stopped)
    holder.hold(nil)

    // Its lock is released, and its state has all ten messages.
    let again = try makePeer(scratch.path)
    for datagram in recorded { try wire.send(datagram) }
    try await eventually("all recordings") {
      again.statistics.received + again.statistics.rejected.values.reduce(0, +) == 100
    }
    #expect(again.statistics.rejected == [.replayed: 10])
    await again.stop()
  }

  @Test("a stop in the handler and one on another thread both return")
  func stopTwice() async throws {
    for _ in 0..<20 {
      let (holder, isCalled, isStopping) = (Holder(), Flag(), Flag())
      let peer = try makePeer { _, _, _ in
        isCalled.set()
        while !isStopping.isSet { usleep(100) }
        holder.peer?.stop()
        return true
      }
      holder.hold(peer)
      try Wire(group).send(record(0))
      try await eventually("the message") { isCalled.isSet }
      async let stopped: Void = onThread {
        isStopping.set()
        peer.stop()
      }
      try await stopped
      holder.hold(nil)
    }
  }

  @Test("a peer released in its own handler ends, releases its lock, and detaches its thread")
  func release() async throws {
    let scratch = TemporaryDirectory()
    for round in 0..<20 {
      let holder = Holder()
      let isDetached = Mutex<Bool?>(nil)
      weak var gone: MulticastPeer?
      do {
        let peer = try makePeer(scratch.path) { _, _, _ in
          // Detaching a detached thread fails with EINVAL. Source: pthread_detach(3).
          let isRefused = pthread_detach(pthread_self()) == EINVAL
          isDetached.withLock { $0 = isRefused }
          holder.hold(nil)
          return true
        }
        holder.hold(peer)
        gone = peer
      }
      try Wire(group).send(record(UInt64(round)))
      try await eventually("its end") { gone == nil }
      #expect(isDetached.withLock { $0 } == true)
      // Once its thread has ended, another peer can lock its state.
      try await eventually("the lock") { (try? makePeer(scratch.path)) != nil }
    }
  }

  @Test("a handler answers through the lent sender, which keeps no peer alive")
  func answer() async throws {
    weak var gone: MulticastPeer?
    let wire = try Wire(group)
    do {
      let peer = try makePeer { origin, _, sender in
        (try? sender.send("answer to \(origin.sequence)")) != nil
      }
      gone = peer
      try wire.send(record(7))
      let answer = IndependentRecord(member: 0, text: "answer to 7").sealed(keys)
      #expect(try wire.receive(1) == [answer])
      await peer.stop()
    }
    #expect(gone == nil)
  }

  enum Call: CaseIterable { case stop, release, rotate }

  @Test("Two peers whose handlers stop, release or rotate each other both return", arguments: Call.allCases)
  func crossed(call: Call) async throws {
    let groups = [makeTestGroup(), makeTestGroup()]
    let holders = [Holder(), Holder()]
    let (isIn, isOut) = ([Flag(), Flag()], [Flag(), Flag()])
    let secret = try GroupSecret(text: "another secret of this group")
    for (own, other) in [(0, 1), (1, 0)] {
      holders[own].hold(
        try makePeer(in: groups[own]) { _, _, _ in
          isIn[own].set()
          while !isIn[other].isSet { usleep(100) }
          switch call {
          case .stop: holders[other].peer?.stop()
          case .release: holders[other].hold(nil)
          case .rotate: try? holders[other].peer?.rotate(to: KeyRing(secret))
          }
          isOut[own].set()
          return true
        })
    }
    for group in groups { try Wire(group).send(record(0)) }
    try await eventually("both handlers to return") { isOut.allSatisfy(\.isSet) }
    for holder in holders { holder.hold(nil) }
  }
}
