import MulticastDTLS
import SystemPackage

/// What the kernel's settings say of multicast on an interface. Source: proc(5), the kernel's ip-sysctl.
struct KernelSettings {
  /// Which version of IGMP is spoken, as in V3; nil if nothing is joined there, or it is not told.
  let version: String?
  /// The greater one of all interfaces' and this one's: 0 no check, 1 strict, 2 loose.
  let reversePathFilter: Int?

  /// True if the version is forced for all interfaces, so that this one's setting does not count.
  let isVersionForcedForAll: Bool

  private let name: String

  /// Reads them.
  init(_ name: String) {
    let rows = Self.read("/proc/net/igmp").split(separator: "\n").map { $0.split { " \t:".contains($0) } }
    let version = rows.first { $0.count >= 4 && $0[1] == name }.map { String($0[3]) }
    let filters = ["all", name].compactMap {
      Int(Self.read("/proc/sys/net/ipv4/conf/\($0)/rp_filter").prefix { $0.isNumber })
    }
    let forced = Int(Self.read("/proc/sys/net/ipv4/conf/all/force_igmp_version").prefix { $0.isNumber })
    self.init(
      name, version: version, reversePathFilter: filters.max(), isVersionForcedForAll: forced.map { $0 > 0 } ?? false)
  }

  init(_ name: String, version: String?, reversePathFilter: Int?, isVersionForcedForAll: Bool = false) {
    (self.name, self.version, self.reversePathFilter) = (name, version, reversePathFilter)
    self.isVersionForcedForAll = isVersionForcedForAll
  }

  /// A setting of an interface, as sysctl(8) takes it: with slashes, where a dot of its name would end a part.
  private func setting(_ name: String, _ value: Int, of interface: String) -> String {
    let parts = ["net", "ipv4", "conf", interface, name]
    return "sysctl \(shellWord(parts.joined(separator: interface.contains(".") ? "/" : ".") + "=\(value)"))"
  }

  /// What there is to say.
  func findings(isIPv4: Bool, needsSources: Bool, hasOtherInterfaces: Bool) -> [Finding] {
    // They are IPv4's.
    guard isIPv4, name != "lo" else { return [] }
    var findings: [Finding] = []
    if let version {
      findings.append(
        needsSources && version != "V3"
          ? .warning(
            "IGMP", "version \(version.dropFirst()) on \(name), which cannot ask for single sources",
            "have the network's querier speak IGMPv3, or: "
              + setting("force_igmp_version", 0, of: isVersionForcedForAll ? "all" : name))
          : .ok("IGMP", "version \(version.dropFirst()) on \(name)"))
    }
    switch reversePathFilter {
    case 1 where hasOtherInterfaces:
      findings.append(
        .warning(
          "rp_filter",
          "strict on \(name), and there are other interfaces: what comes from an address to which another "
            + "one leads is dropped",
          "if members at such addresses are not heard: \(setting("rp_filter", 2, of: name))"))
    case let value?:
      findings.append(.ok("rp_filter", "\(["off", "strict", "loose"][min(max(value, 0), 2)]) on \(name)"))
    case nil:
      break
    }
    return findings
  }

  /// True if an interface takes no IPv6 address.
  static func isIPv6Disabled(on name: String) -> Bool {
    read("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6").first == "1"
  }

  private static func read(_ path: String) -> String {
    guard let file = unsafe try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else { return "" }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = (try? unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }) ?? 0
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
