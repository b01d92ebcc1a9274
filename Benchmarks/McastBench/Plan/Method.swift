/// A cipher suite, as the results name it.
enum Suite: String, Codable, Hashable, CaseIterable {
  case wdm = "WDM-NULL-SHA256"
  case chaCha = "PSK-CHACHA20-POLY1305"

  /// What a table has room for.
  var shortName: String {
    switch self {
    case .wdm: "WDM"
    case .chaCha: "ChaCha"
    }
  }
}

/// What makes and checks the library's records.
enum Engine: String, Codable, Hashable, CaseIterable {
  case libcrypto
  case wolfSSL
}

/// What messages go through.
enum Path: Codable, Hashable {
  /// UDP alone: one sendto and one recv a message.
  case plain
  /// wolfSSL's calls in C: one wolfSSL_write, one select and wolfSSL_mcast_read a message.
  case baseline(Suite)
  /// The same calls with libcrypto behind wolfSSL's hook, in batches, as lean as C can be.
  case limit(Suite)
  case library(Suite, Engine)

  static let all: [Path] =
    [.plain] + Suite.allCases.map { .baseline($0) } + Suite.allCases.map { .limit($0) }
    + Suite.allCases.flatMap { suite in Engine.allCases.map { .library(suite, $0) } }
}

/// A path, and how many messages are handed to it at a time.
struct Method: Codable, Hashable {
  var path: Path
  /// Whether the library is given up to ``Plan/largestBurst`` messages in one call.
  var isBatched = false

  static let plain = Method(path: .plain)
  static let baseline = Method(path: .baseline(.wdm))

  static func limit(_ suite: Suite) -> Method { Method(path: .limit(suite), isBatched: true) }

  static func library(_ suite: Suite, _ engine: Engine = .libcrypto, isBatched: Bool) -> Method {
    Method(path: .library(suite, engine), isBatched: isBatched)
  }

  /// All ways to use a path.
  static func all(of path: Path) -> [Method] {
    switch path {
    case .plain, .baseline: [Method(path: path)]
    case .limit: [Method(path: path, isBatched: true)]
    case .library: [Method(path: path), Method(path: path, isBatched: true)]
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
    }
  }
}
