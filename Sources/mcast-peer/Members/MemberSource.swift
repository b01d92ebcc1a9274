import Glibc
import MulticastDTLS
import SystemPackage

/// The source of the group's members: `--peers`, else a roster, else the default.
struct MemberSource: Sendable {
  /// The members of `--peers`.
  let listed: MemberSet?
  /// The roster: of `--roster`, else the file `roster` beside the secret. Nil if `--peers` was given, or the secret is in
  /// no file.
  let path: FilePath?
  /// True if `--roster` names the path: then a file must be there.
  let isNamed: Bool
  let standard: MemberSet
  /// A roster beside the secret that `--peers` makes useless.
  let unusedRoster: FilePath?
  /// The changes of the roster since this was made; nil if there is no path of one.
  let changes: FileChanges?

  /// - Parameters:
  ///   - listed: The members of `--peers`.
  ///   - roster: The path of `--roster`.
  ///   - secretFile: The path of `--secret-file`.
  ///   - standard: The members without any of these.
  init(listed: MemberSet?, roster: String?, secretFile: String?, standard: MemberSet) {
    self.listed = listed
    self.standard = standard
    isNamed = roster != nil
    let secret = try? SecretSource.choose(secretFile: secretFile.map { FilePath($0) }).path
    let beside = secret?.removingLastComponent().appending("roster")
    path = listed == nil ? roster.map { FilePath($0) } ?? beside : nil
    unusedRoster = listed == nil ? nil : beside.flatMap { Self.exists($0) ? $0 : nil }
    changes = path.map { FileChanges(of: $0) }
  }

  /// Reads the members.
  ///
  /// - Throws: ``RosterError`` if there is a roster that cannot be used.
  func read() throws(RosterError) -> Members {
    if let listed { return Members(roster: Roster(listed), origin: .option) }
    guard let path, isNamed || Self.exists(path) else { return Members(roster: Roster(standard), origin: .standard) }
    return Members(roster: try Roster(readingFrom: path), origin: .file(path))
  }

  /// False also if the path cannot be reached, as that of a secret that is not there.
  private static func exists(_ path: FilePath) -> Bool {
    var status = stat()
    // Links that lead to one another are a fault.
    return unsafe stat(path.string, &status) == 0 || errno == ELOOP
  }
}

extension SecretSource {
  /// The file of the secret; nil if it is in the environment.
  var path: FilePath? {
    switch self {
    case .file(let path), .ownFile(let path): path
    case .environment: nil
    }
  }
}
