import Glibc
import Synchronization

@testable import MulticastDTLS

/// A network that cannot be relied on: passes on over loopback what is said in one group to another and back, and loses,
/// doubles and delays on the way. Records do not say in which group they were sent. It ends when it is let go.
package final class Relay: Sendable {
  /// What it does to datagrams: how probable each is.
  package struct Faults: Sendable {
    package var loss = 0.0
    package var duplication = 0.0
    /// Of being held back until some later ones have gone before, at most `window`.
    package var delay = 0.0
    package var window = 8

    package init(loss: Double = 0, duplication: Double = 0, delay: Double = 0, window: Int = 8) {
      (self.loss, self.duplication, self.delay, self.window) = (loss, duplication, delay, window)
    }
  }

  private let carrier: Carrier
  private let thread = WorkerThread()

  /// - Parameter seed: The same does the same to the same datagrams.
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

  /// Passes on what is held back, and then nothing any more.
  package func stop() {
    carrier.isOver.set()
    thread.wait()
  }

  /// What went from the first group to the other, and what came back.
  package var ways: [RelayedWay] { carrier.ways.withLock { $0 } }
}

/// One way through a relay.
package struct RelayedWay: Sendable {
  /// What was passed on, in that order.
  package private(set) var passed: [[UInt8]] = []
  package private(set) var lost = 0

  private let faults: Relay.Faults
  private var random: SeededGenerator
  /// What is held back, each for so many others.
  private var held: [(datagram: [UInt8], others: Int)] = []

  fileprivate init(_ faults: Relay.Faults, seed: UInt64) {
    self.faults = faults
    random = SeededGenerator(seed: seed)
  }

  /// Takes a datagram, and says what is to be passed on now.
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

  /// Gives up what is held back.
  fileprivate mutating func release() -> [[UInt8]] {
    let all = held.map(\.datagram)
    held = []
    passed += all
    return all
  }
}

/// The thread's part of a relay, which does not keep the relay itself.
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
      // What it has sent itself must not go round and round.
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
