/// A cipher suite.
enum Suite: String, Codable, Hashable, CaseIterable {
  case wdm = "WDM-NULL-SHA256"
  case chaCha = "PSK-CHACHA20-POLY1305"

  /// The name in tables.
  var shortName: String {
    switch self {
    case .wdm: "WDM"
    case .chaCha: "ChaCha"
    }
  }
}

/// The crypto library behind our library's records.
enum Engine: String, Codable, Hashable, CaseIterable {
  case libcrypto
  case wolfSSL
}

/// The software that messages pass through.
enum Path: Codable, Hashable {
  /// UDP alone: one sendto and one recv per message.
  case plain
  /// wolfSSL's calls in C: one wolfSSL_write, one select and one wolfSSL_mcast_read per message.
  case baseline(Suite)
  /// The same calls with libcrypto behind wolfSSL's hook, in batches: the fastest C program.
  case limit(Suite)
  case library(Suite, Engine)
  /// The library with libcrypto, in a signed group.
  case signed(Suite)

  static let all: [Path] =
    [.plain] + Suite.allCases.map { .baseline($0) } + Suite.allCases.map { .limit($0) }
    + Suite.allCases.flatMap { suite in Engine.allCases.map { .library(suite, $0) } }
    + Suite.allCases.map { .signed($0) }
}

extension Path {
  /// True if it needs wolfSSL's hook for libcrypto.
  var needsHook: Bool {
    switch self {
    case .library(_, .libcrypto), .signed: true
    case .plain, .baseline, .limit, .library(_, .wolfSSL): false
    }
  }
}

/// A path, used in batches or one message at a time.
struct Method: Codable, Hashable {
  var path: Path
  /// True if one call gets up to ``Plan/largestBurst`` messages.
  var isBatched = false

  static let plain = Method(path: .plain)
  static let baseline = Method(path: .baseline(.wdm))

  static func limit(_ suite: Suite) -> Method { Method(path: .limit(suite), isBatched: true) }

  static func library(_ suite: Suite, _ engine: Engine = .libcrypto, isBatched: Bool) -> Method {
    Method(path: .library(suite, engine), isBatched: isBatched)
  }

  static func signed(_ suite: Suite, isBatched: Bool) -> Method { Method(path: .signed(suite), isBatched: isBatched) }

  /// The methods of a path.
  static func all(of path: Path) -> [Method] {
    switch path {
    case .plain, .baseline: [Method(path: path)]
    case .limit: [Method(path: path, isBatched: true)]
    case .library, .signed: [Method(path: path), Method(path: path, isBatched: true)]
    }
  }

  static let all = Path.all.flatMap(all(of:))

  var name: String {
    switch path {
    case .plain: "plain UDP"
    case .baseline(let suite): "C, wolfSSL, \(suite.shortName)"
    case .limit(let suite): "C, the limit, \(suite.shortName), batches"
    case .library(let suite, let engine):
      "library, \(suite.shortName), \(engine.rawValue), \(isBatched ? "batches" : "one at a time")"
    case .signed(let suite):
      "library, \(suite.shortName), signed, \(isBatched ? "batches" : "one at a time")"
    }
  }
}
