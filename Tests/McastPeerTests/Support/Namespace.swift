import Foundation
import TestSupport

/// A network namespace of a test's own, in which it may do to the network what it likes. It is gone with the last
/// reference. Source: network_namespaces(7), unshare(1), nsenter(1).
final class Namespace {
  /// Whether this machine lets us make one, and has ip(8) to set it up with.
  static let isAvailable = (try? Namespace()) != nil

  /// Whether an interface can be made to take packets and not to send them.
  static let canStall = (try? Namespace().stall("lo")) != nil

  /// Whether namespaces can be joined by a bridge.
  static let canBridge = (try? Namespace().addBridge("bridge")) != nil

  private let holder = Process()

  /// Makes a namespace in which only loopback is up.
  init() throws {
    holder.executableURL = URL(filePath: "/usr/bin/env")
    // A user namespace is only needed, and only asked for, where we are not root.
    holder.arguments = ["unshare", "--net"] + (getuid() == 0 ? [] : ["--map-root-user"]) + ["cat"]
    let input = Pipe()
    let output = Pipe()
    holder.standardInput = input
    holder.standardOutput = output
    holder.standardError = FileHandle.nullDevice
    try holder.run()
    // Once cat answers, the namespace is there.
    try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    guard try output.fileHandleForReading.read(upToCount: 1) != nil else { throw Timeout(description: "no namespace") }
    try output.fileHandleForReading.close()
    try run("ip link set lo up")
  }

  deinit {
    kill(holder.processIdentifier, SIGKILL)
    _ = holder.waitForExitStatus()
  }

  /// What goes before a command to run it here.
  var prefix: [String] {
    ["nsenter", "--target", "\(holder.processIdentifier)", "--net"]
      + (getuid() == 0 ? [] : ["--user", "--preserve-credentials"])
  }

  /// With the places of nft(8) and tc(8), which not every user's PATH has. One for all: Foundation leaks that of each process,
  /// and LeakSanitizer looks at 5,000 leaks only.
  private static let environment: [String: String] = {
    let all = ProcessInfo.processInfo.environment
    return all.merging(["PATH": "\(all["PATH"] ?? "/usr/bin:/bin"):/usr/sbin:/sbin"]) { $1 }
  }()

  /// Runs a command, given in words, to its end.
  ///
  /// - Returns: What it has printed.
  @discardableResult
  func run(_ command: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = prefix + command.split(separator: " ").map(String.init)
    process.environment = Self.environment
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    try pipe.fileHandleForReading.close()
    guard process.waitForExitStatus() == 0 else {
      throw Timeout(description: "'\(command)' failed: \(output)")
    }
    return output
  }

  /// Lets IPv6 multicast go over loopback, which takes that of IPv4 by itself.
  func routeIPv6OverLoopback() throws {
    try run("ip -6 route add local ff00::/8 dev lo table local")
  }

  /// Makes a cable to another namespace, with an address at each end.
  ///
  /// - Parameter index: The kernel's number for this end; without one, the next that is free.
  func connect(_ name: String, _ address: String, to other: Namespace, _ otherAddress: String, index: Int? = nil) throws
  {
    let number = index.map { "index \($0)" } ?? ""
    try run("ip link add \(name) \(number) type veth peer name \(name) netns \(other.holder.processIdentifier)")
    for (namespace, address) in [(self, address), (other, otherAddress)] {
      try namespace.run("ip addr add \(address) dev \(name)")
      try namespace.run("ip link set \(name) up")
    }
  }

  /// Makes a bridge, which passes on all that it gets and begins at once.
  func addBridge(_ name: String) throws {
    // With snooping and nobody who asks for reports, it would stop to pass groups on; with STP, it would listen first.
    try run("ip link add \(name) type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
    try run("ip link set \(name) up")
  }

  /// Makes a cable from an interface with an address to a port, named `port`, of another namespace's bridge.
  func connect(_ name: String, _ address: String, toPort port: String, of bridge: String, in other: Namespace) throws {
    try run("ip link add \(name) type veth peer name \(port) netns \(other.holder.processIdentifier)")
    try other.run("ip link set \(port) master \(bridge) up")
    try run("ip addr add \(address) dev \(name)")
    try run("ip link set \(name) up")
  }

  /// Makes an interface take packets and send hardly any. Source: tc-tbf(8).
  func stall(_ name: String) throws {
    try run("tc qdisc add dev \(name) root tbf rate 1kbit burst 2kb limit 100mb")
  }

  /// Makes an interface with an address, whose other end is in this namespace too.
  func addInterface(_ name: String, address: String) throws {
    try run("ip link add \(name) type veth peer name \(name)-peer")
    try run("ip addr add \(address) dev \(name)")
    try run("ip link set \(name) up")
    try run("ip link set \(name)-peer up")
  }
}
