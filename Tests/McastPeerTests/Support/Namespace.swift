import Foundation
import TestSupport

/// A test's own network namespace, which the test can change freely. It is removed with the last reference. Source:
/// network_namespaces(7), unshare(1), nsenter(1).
final class Namespace {
  /// True if this machine permits namespaces and has ip(8).
  static let isAvailable = (try? Namespace()) != nil

  /// True if an interface can be stalled.
  static let canStall = (try? Namespace().stall("lo")) != nil

  /// True if namespaces can be connected by a bridge.
  static let canBridge = (try? Namespace().addBridge("bridge")) != nil

  private let holder = Process()

  /// Makes a namespace with only loopback up.
  init() throws {
    holder.executableURL = URL(filePath: "/usr/bin/env")
    // Only users other than root need a user namespace.
    holder.arguments = ["unshare", "--net"] + (getuid() == 0 ? [] : ["--map-root-user"]) + ["cat"]
    let input = Pipe()
    let output = Pipe()
    holder.standardInput = input
    holder.standardOutput = output
    holder.standardError = FileHandle.nullDevice
    try holder.run()
    // Once cat answers, the namespace exists.
    try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    guard try output.fileHandleForReading.read(upToCount: 1) != nil else { throw Timeout(description: "no namespace") }
    try output.fileHandleForReading.close()
    try run("ip link set lo up")
  }

  deinit {
    kill(holder.processIdentifier, SIGKILL)
    _ = holder.waitForExitStatus()
  }

  /// The words before a command that run it in this namespace.
  var prefix: [String] {
    ["nsenter", "--target", "\(holder.processIdentifier)", "--net"]
      + (getuid() == 0 ? [] : ["--user", "--preserve-credentials"])
  }

  /// Adds the directories of nft(8) and tc(8), which not every user's PATH has. All processes share it, since
  /// Foundation leaks the environment of each process, and LeakSanitizer handles 5,000 leaks only.
  private static let environment: [String: String] = {
    let all = ProcessInfo.processInfo.environment
    return all.merging(["PATH": "\(all["PATH"] ?? "/usr/bin:/bin"):/usr/sbin:/sbin"]) { $1 }
  }()

  /// Runs a command to its end.
  ///
  /// - Returns: Its output.
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

  /// Adds the route for IPv6 multicast over loopback. IPv4 needs none.
  func routeIPv6OverLoopback() throws {
    try run("ip -6 route add local ff00::/8 dev lo table local")
  }

  /// Connects to another namespace by a cable with an address at each end.
  ///
  /// - Parameter index: The interface index of this end; nil for the next free one.
  func connect(_ name: String, _ address: String, to other: Namespace, _ otherAddress: String, index: Int? = nil) throws
  {
    let number = index.map { "index \($0)" } ?? ""
    try run("ip link add \(name) \(number) type veth peer name \(name) netns \(other.holder.processIdentifier)")
    for (namespace, address) in [(self, address), (other, otherAddress)] {
      try namespace.run("ip addr add \(address) dev \(name)")
      try namespace.run("ip link set \(name) up")
    }
  }

  /// Makes a bridge that forwards everything at once.
  func addBridge(_ name: String) throws {
    // With snooping but no querier, it would stop forwarding groups. With STP, it would first listen.
    try run("ip link add \(name) type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
    try run("ip link set \(name) up")
  }

  /// Connects an interface with an address to a port of another namespace's bridge.
  func connect(_ name: String, _ address: String, toPort port: String, of bridge: String, in other: Namespace) throws {
    try run("ip link add \(name) type veth peer name \(port) netns \(other.holder.processIdentifier)")
    try other.run("ip link set \(port) master \(bridge) up")
    try run("ip addr add \(address) dev \(name)")
    try run("ip link set \(name) up")
  }

  /// Makes an interface accept packets and send hardly any. Source: tc-tbf(8).
  func stall(_ name: String) throws {
    try run("tc qdisc add dev \(name) root tbf rate 1kbit burst 2kb limit 100mb")
  }

  /// Makes a cable with both ends in this namespace, and an address at one end.
  func addInterface(_ name: String, address: String) throws {
    try run("ip link add \(name) type veth peer name \(name)-peer")
    try run("ip addr add \(address) dev \(name)")
    try run("ip link set \(name) up")
    try run("ip link set \(name)-peer up")
  }
}
