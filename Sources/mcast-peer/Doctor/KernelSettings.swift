import CommonSupport
import MulticastDTLS
import SystemPackage

/// The kernel's settings on multicast for an interface. Source: proc(5), the kernel's ip-sysctl.
struct KernelSettings {
  /// The version of IGMP, as in V3; nil if no group is joined there, or if it is unknown.
  let version: String?
  /// The maximum of the settings for all interfaces and for this one: 0 off, 1 strict, 2 loose.
  let reversePathFilter: Int?

  /// True if `conf/all` forces a version, which overrides the setting of this interface.
  let isVersionForcedForAll: Bool

  private let name: String

  /// Reads the settings of an interface from /proc.
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
    self.name = name
    self.version = version
    self.reversePathFilter = reversePathFilter
    self.isVersionForcedForAll = isVersionForcedForAll
  }

  /// A command that changes a setting: with slashes if the name has a dot, which would separate parts. Source:
  /// sysctl(8).
  private func setting(_ name: String, _ value: Int, of interface: String) -> String {
    let parts = ["net", "ipv4", "conf", interface, name]
    return "sysctl \(shellWord(parts.joined(separator: interface.contains(".") ? "/" : ".") + "=\(value)"))"
  }

  /// - Parameters:
  ///   - isIPv4: True for an IPv4 group. The settings do not apply to IPv6.
  ///   - needsSources: True if the group is joined for single sources.
  ///   - hasOtherInterfaces: True if another interface is up.
  func findings(isIPv4: Bool, needsSources: Bool, hasOtherInterfaces: Bool) -> [Finding] {
    guard isIPv4, name != "lo" else { return [] }
    var findings: [Finding] = []
    if let version {
      findings.append(
        needsSources && version != "V3"
          ? .warning(
            "IGMP", "version \(version.dropFirst()) on \(name), which cannot request single sources",
            "enable IGMPv3 at the network's querier, or run",
            command: setting("force_igmp_version", 0, of: isVersionForcedForAll ? "all" : name))
          : .ok("IGMP", "version \(version.dropFirst()) on \(name)"))
    }
    switch reversePathFilter {
    case 1 where hasOtherInterfaces:
      findings.append(
        .warning(
          "rp_filter",
          "strict on \(name): it drops messages from addresses that the kernel routes by another interface",
          "if such members are not heard, run", command: setting("rp_filter", 2, of: name)))
    case let value?:
      findings.append(.ok("rp_filter", "\(["off", "strict", "loose"][min(max(value, 0), 2)]) on \(name)"))
    case nil:
      break
    }
    return findings
  }

  /// True if IPv6 is disabled on an interface.
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
