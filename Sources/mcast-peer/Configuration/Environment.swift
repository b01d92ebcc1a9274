import ArgumentParser
import Glibc
import MulticastDTLS

/// The settings that the environment has: one variable for each option, named after it.
///
/// `--secret-file` is `MCAST_PEER_SECRET_FILE`. A variable that is empty is as good as none.
enum Environment {
  static let prefix = "MCAST_PEER_"

  /// What a variable holds.
  enum Kind {
    /// The option's value.
    case value
    /// Several, with commas between them.
    case list
    /// 1 or 0.
    case flag
    /// The node ID, which is no option's.
    case argument
  }

  /// All options that have one.
  static let all: [(option: String, kind: Kind)] = [
    ("group", .value), ("interface", .list), ("source", .list), ("ttl", .value),
    ("no-loop", .flag), ("peers", .value), ("interval", .value), ("rate", .value), ("count", .value),
    ("message", .value), ("stdin", .flag), ("listen", .flag), ("datagram", .flag), ("output", .value),
    ("deadline", .value), ("expect", .value), ("secret-file", .value), ("encrypt", .flag), ("epoch", .value),
    ("state-dir", .value), ("state-interval", .value), ("new-node", .flag), ("engine", .value), ("stats", .flag),
    ("allow-core-dumps", .flag), ("verbose", .flag),
    ("node-id", .argument),
  ]

  /// The variable of an option, given without its dashes.
  static func variable(_ option: String) -> String {
    prefix + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// What an option's variable holds; nil if that is nothing.
  static func value(_ option: String) throws -> String? {
    let variable = variable(option)
    guard let value = unsafe getenv(variable), unsafe value.pointee != 0 else { return nil }
    guard let text = unsafe String(validatingCString: value) else {
      throw ValidationError("\(variable) is not valid UTF-8")
    }
    return text
  }

  /// Reads them all.
  ///
  /// - Throws: `ValidationError` that names the variable whose value its option does not take.
  static func settings() throws -> PeerArguments {
    var words: [String] = []
    for (option, kind) in all {
      guard let value = try value(option) else { continue }
      let own = try arguments(option, kind, value)
      do {
        _ = try PeerArguments.parse(own)
      } catch {
        // What the value should have been, without what the parser says of the option.
        let text = PeerArguments.message(for: error).replacing(value, with: value.visible)
        throw ValidationError("\(variable(option)) is '\(value.visible)': \(text)")
      }
      words += own
    }
    return try PeerArguments.parse(words)
  }

  /// What a variable's value would be on the command line.
  private static func arguments(_ option: String, _ kind: Kind, _ value: String) throws -> [String] {
    switch kind {
    // The last, so that nothing after it is taken for an argument, too.
    case .argument: return ["--", value]
    case .value: return ["--\(option)=\(value)"]
    case .list:
      return value.split(separator: ",", omittingEmptySubsequences: false).map { "--\(option)=\($0)" }
    case .flag:
      switch value {
      case "1": return ["--\(option)"]
      case "0": return []
      // Whoever meant to encrypt must not be sent in the clear for a slip.
      default: throw ValidationError("\(variable(option)) is '\(value.visible)': set it to 1 or to 0")
      }
    }
  }

  /// The names of those variables that hold something.
  static var given: [String] {
    all.map { variable($0.option) }.filter { name in unsafe getenv(name).map { unsafe $0.pointee != 0 } ?? false }
  }

  /// The names of the variables with our prefix that are no option's, as text that no terminal obeys.
  ///
  /// Nothing else of the environment is looked at: a copy of another variable, the group secret's among them, would stay in
  /// memory. Source: environ(7).
  static var unknown: [String] {
    let known = Set(all.map { variable($0.option) })
    var names: [String] = []
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      unsafe next += 1
      guard unsafe strncmp(entry, prefix, prefix.utf8.count) == 0,
        let end = unsafe strchr(entry, CInt(UInt8(ascii: "=")))
      else { continue }
      let bytes = unsafe UnsafeRawBufferPointer(
        start: entry, count: UnsafePointer(entry).distance(to: UnsafePointer(end)))
      let name = unsafe escaped(bytes)
      if !known.contains(name) { names.append(name) }
    }
    return names.sorted()
  }
}
