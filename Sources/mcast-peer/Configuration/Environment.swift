import CommonSupport
import ArgumentParser
import Glibc
import MulticastDTLS

/// The settings in the environment: one variable for each option.
///
/// `MCAST_PEER_SECRET_FILE` sets `--secret-file`. An empty variable counts as unset.
enum Environment {
  static let prefix = "MCAST_PEER_"

  /// The syntax of a variable.
  enum Kind {
    case value
    /// Values separated by commas.
    case list
    /// 1 or 0.
    case flag
    /// The member ID, an argument without an option.
    case argument
  }

  /// All settings, by option name.
  static let all: [(option: String, kind: Kind)] = [
    ("group", .value), ("interface", .list), ("source", .list), ("ttl", .value),
    ("no-loop", .flag), ("peers", .value), ("roster", .value), ("interval", .value), ("rate", .value),
    ("count", .value),
    ("message", .value), ("stdin", .flag), ("listen", .flag), ("datagram", .flag), ("output", .value),
    ("deadline", .value), ("expect", .value), ("secret-file", .value), ("no-watch-files", .flag), ("encrypt", .flag),
    ("sign", .flag), ("identity", .value),
    ("epoch", .value),
    ("state-dir", .value), ("state-interval", .value), ("new-node", .flag), ("engine", .value), ("quiet", .flag),
    ("stats", .flag), ("metrics-file", .value),
    ("allow-core-dumps", .flag), ("verbose", .flag),
    ("node-id", .argument),
  ]

  /// The variable of an option.
  ///
  /// - Parameter option: The long name, without its dashes.
  static func variable(_ option: String) -> String {
    prefix + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// The value of an option's variable; nil if it is unset or empty.
  ///
  /// - Throws: `ValidationError` if it is not UTF-8.
  static func value(_ option: String) throws -> String? {
    let variable = variable(option)
    guard let value = unsafe getenv(variable), unsafe value.pointee != 0 else { return nil }
    guard let text = unsafe String(validatingCString: value) else {
      throw ValidationError("\(variable) is not valid UTF-8")
    }
    return text
  }

  /// Parses all settings.
  ///
  /// - Throws: `ValidationError` with the name of the variable if its option rejects the value.
  static func settings() throws -> PeerArguments {
    var words: [String] = []
    for (option, kind) in all {
      guard let value = try value(option) else { continue }
      let own = try arguments(option, kind, value)
      do {
        _ = try PeerArguments.parse(own)
      } catch {
        // The message on the value alone, without the usage that the parser adds.
        let text = PeerArguments.message(for: error).replacing(value, with: value.visible)
        throw ValidationError("\(variable(option)) is '\(value.visible)': \(text)")
      }
      words += own
    }
    return try PeerArguments.parse(words)
  }

  /// The command-line arguments equivalent to a variable.
  private static func arguments(_ option: String, _ kind: Kind, _ value: String) throws -> [String] {
    switch kind {
    // After "--", so that a value such as --listen is no option.
    case .argument: return ["--", value]
    case .value: return ["--\(option)=\(value)"]
    case .list:
      return value.split(separator: ",", omittingEmptySubsequences: false).map { "--\(option)=\($0)" }
    case .flag:
      switch value {
      case "1": return ["--\(option)"]
      case "0": return []
      // A typing error must not turn encryption off.
      default: throw ValidationError("\(variable(option)) is '\(value.visible)': set it to 1 or to 0")
      }
    }
  }

  /// The values of the settings that are set, by variable.
  static var values: [String: String] {
    Dictionary(
      uniqueKeysWithValues: all.compactMap { option, _ in (try? value(option)).map { (variable(option), $0) } })
  }

  /// The names of the settings that are set.
  static var given: [String] {
    all.map { variable($0.option) }.filter { name in unsafe getenv(name).map { unsafe $0.pointee != 0 } ?? false }
  }

  /// A warning for each unknown variable with our prefix. It never shows a value, which may be a secret.
  static var warnings: [String] {
    unknown.map { name in
      // Its value may be a secret, which must not become the name of a file.
      let intended = name == "\(prefix)SECRET" ? SecretSource.variable : nearest(to: name)
      return "unknown setting \(name) (\(intended.map { "did you mean \($0)?" } ?? "see \(CommandTree.name) --help"))"
    }
  }

  /// A remark on the variables of the options that a text names; nil if it names none.
  static func remark(onOptionsIn text: String) -> String? {
    let options = all.filter { option, _ in
      text.ranges(of: "--\(option)").contains { range in
        text[range.upperBound...].first.map { $0 == "-" || $0.isLetter } != true
      }
    }
    if options.isEmpty { return nil }
    let variables = options.map { option, kind in
      "\(variable(option))=\(kind == .flag ? "1" : "...") is --\(option)"
    }
    return "; in the settings of a service, \(variables.joined(separator: ", "))"
  }

  /// The setting with the most similar name; nil if none is similar.
  static func nearest(to name: String) -> String? {
    let typed = String(name.dropFirst(prefix.count))
    guard typed.count > 1 else { return nil }
    let errors = all.map { option, _ in
      let name = variable(option)
      let rest = String(name.dropFirst(prefix.count))
      let isPart = typed.count > 2 && (rest.hasPrefix(typed) || typed.hasPrefix(rest))
      return (name: name, count: isPart ? 1 : typingErrors(typed, rest))
    }
    return errors.min { $0.count < $1.count }.flatMap { $0.count <= max(1, typed.count / 3) ? $0.name : nil }
  }

  /// The names of unknown variables with our prefix, escaped for a terminal.
  ///
  /// Reads no other variable: a copy of one, such as the group secret, would stay in memory. Source: environ(7).
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
