import Glibc
import Synchronization

@testable import MulticastDTLS

/// An unreliable network over loopback. It forwards the datagrams of one group to another and back, and loses,
/// duplicates and delays some. Records do not contain their group. The relay ends when its last reference is released.
package final class Relay: Sendable {
  /// The probability of each fault.
  package struct Faults: Sendable {
    package var loss = 0.0
    package var duplication = 0.0
    /// The probability of being held until some later datagrams have passed, at most `window` of them.
    package var delay = 0.0
    package var window = 8

    package init(loss: Double = 0, duplication: Double = 0, delay: Double = 0, window: Int = 8) {
      (self.loss, self.duplication, self.delay, self.window) = (loss, duplication, delay, window)
    }
  }

  private let carrier: Carrier
  private let thread = WorkerThread()

  /// - Parameter seed: The same seed has the same effect on the same datagrams.
  package init(between one: GroupAddress, and other: GroupAddress, _ faults: Faults, seed: UInt64) throws {
    let carrier = Carrier(
      sockets: try [one, other].map { try MulticastSocket(group: $0, interface: loopback, timeToLive: 0) },
      ways: [RelayedWay(faults, seed: seed), RelayedWay(faults, seed: seed + 1)])
    self.carrier = carrier
    try thread.start { carrier.run() }
  }

  deinit {
    stop()
  }

  /// Forwards the held datagrams, and then stops forwarding.
  package func stop() {
    carrier.isOver.set()
    thread.wait()
  }

  /// The direction from the first group to the other, and the way back.
  package var ways: [RelayedWay] { carrier.ways.withLock { $0 } }
}

/// One direction of a relay.
package struct RelayedWay: Sendable {
  /// The forwarded datagrams, in order.
  package private(set) var passed: [[UInt8]] = []
  package private(set) var lost = 0

  private let faults: Relay.Faults
  private var random: SeededGenerator
  /// The held datagrams. Each is released when `others` more have passed.
  private var held: [(datagram: [UInt8], others: Int)] = []

  fileprivate init(_ faults: Relay.Faults, seed: UInt64) {
    self.faults = faults
    random = SeededGenerator(seed: seed)
  }

  /// Takes a datagram, and returns the datagrams to forward now.
  fileprivate mutating func take(_ datagram: [UInt8]) -> [[UInt8]] {
    for index in held.indices { held[index].others -= 1 }
    let due = held.filter { $0.others <= 0 }.map(\.datagram)
    held.removeAll { $0.others <= 0 }
    var now: [[UInt8]] = []
    if random.happens(faults.loss) {
      lost += 1
    } else {
      for _ in 0..<(random.happens(faults.duplication) ? 2 : 1) {
        if random.happens(faults.delay) {
          held.append((datagram, 1 + random.below(faults.window)))
        } else {
          now.append(datagram)
        }
      }
    }
    passed += now + due
    return now + due
  }

  /// Releases the held datagrams.
  fileprivate mutating func release() -> [[UInt8]] {
    let all = held.map(\.datagram)
    held = []
    passed += all
    return all
  }
}

/// The part of a relay that its thread uses. It holds no reference to the relay.
private final class Carrier: Sendable {
  let sockets: [MulticastSocket]
  let ways: Mutex<[RelayedWay]>
  let isOver = Flag()

  init(sockets: [MulticastSocket], ways: [RelayedWay]) {
    self.sockets = sockets
    self.ways = Mutex(ways)
  }

  func run() {
    let there = ReceiveBatch()
    let back = ReceiveBatch()
    while !isOver.isSet {
      var ready = sockets.map { pollfd(fd: $0.receiveDescriptor, events: Int16(POLLIN), revents: 0) }
      guard poll(&ready, 2, 50) > 0 else { continue }
      carry(there, 0)
      carry(back, 1)
    }
    for way in 0...1 { send(way) { $0.release() } }
  }

  private func carry(_ batch: borrowing ReceiveBatch, _ way: Int) {
    _ = try? batch.receive(from: sockets[way]) { datagram, source in
      // Do not forward our own datagrams, or they would circle forever.
      guard !sockets.contains(where: { $0.sourcePort == source.port }) else { return }
      send(way) { $0.take(Array(datagram)) }
    }
  }

  private func send(_ way: Int, _ datagrams: (inout RelayedWay) -> [[UInt8]]) {
    ways.withLock { ways in
      for datagram in datagrams(&ways[way]) {
        datagram.withUnsafeBytes { try? sockets[1 - way].send($0) }
      }
    }
  }
}
