import COpenSSL

/// The secrets that a member holds, up to four: it sends with the first, and accepts what was made with any of them.
///
/// With two, a running group changes its secret: first every member adds the new one last, then every member moves it
/// first, then every member removes the old one; in each step in any order.
public struct KeyRing: Sendable {
  /// How many secrets a ring can have: each is tried on a record that none before it opened.
  public static let maximumCount = 4

  /// The secrets; the first is the one to send with.
  public let secrets: [GroupSecret]
  /// Whether its file was made just now, with a new secret that no other machine has.
  public private(set) var isNew = false

  /// Takes one secret.
  public init(_ secret: GroupSecret) {
    secrets = [secret]
  }

  /// Takes several, the one to send with first.
  ///
  /// - Throws: ``SecretError`` if there is none or there are more than four.
  public init(_ secrets: [GroupSecret]) throws(SecretError) {
    try self.init(secrets, origin: "the key ring")
  }

  /// Reads a ring from where it is kept; see ``SecretSource``.
  ///
  /// The user's own file is made first, with 256 random bits in hex and mode 0600, if there is none; of several
  /// processes that do so at once, one makes it and all read the same. The environment variable holds one secret; it is
  /// wiped and removed when it is read, so that neither the processes that this one starts nor `/proc` show it. (So no
  /// other thread may use the environment meanwhile; see getenv(3).)
  ///
  /// - Parameters:
  ///   - source: Where the ring is kept.
  ///   - makesOwnFile: Whether the user's own file is made if there is none.
  ///   - state: Where the state of nodes is kept that send with it: there it is noted that the secret was made here.
  /// - Throws: ``SecretError`` if there is no secret, one cannot be used, or others can read or change the file.
  public init(
    from source: SecretSource, makesOwnFile: Bool = true, markingIn state: StateDirectory? = nil
  ) throws(SecretError) {
    var isNew = false
    if makesOwnFile, case .ownFile(let path) = source {
      isNew = try SecretFile(path: path).createIfMissing(markingIn: state)
    }
    try self.init(from: source) { error throws(SecretError) in throw error }
    self.isNew = isNew
  }

  /// Reads a ring that exists, also from a file that others can read or change.
  ///
  /// - Parameters:
  ///   - source: Where the ring is kept.
  ///   - report: Is told that others can, and may throw what it is told.
  /// - Throws: ``SecretError`` if there is no secret, or one cannot be used.
  public init(
    from source: SecretSource, ifOpenToOthers report: (SecretError) throws(SecretError) -> Void
  ) throws(SecretError) {
    defer { copenssl_wipe_traces() }
    switch source {
    case .file(let path), .ownFile(let path):
      let text = KeyRingText(try SecretFile(path: path).read(ifOpenToOthers: report))
      try self.init(text, path: path)
    case .environment:
      self.init(try GroupSecret(SecretSource.takeVariable(), origin: "\(source)"))
    }
  }

  private init(_ text: borrowing KeyRingText, path: String) throws(SecretError) {
    var secrets: [GroupSecret] = []
    for (index, line) in text.lines.enumerated() where line.isSecret {
      secrets.append(try GroupSecret(text.content(of: line), origin: "line \(index + 1) of the secret file \(path)"))
    }
    try self.init(secrets, origin: "the secret file \(path)")
  }

  private init(_ secrets: [GroupSecret], origin: String) throws(SecretError) {
    guard !secrets.isEmpty else {
      throw .unusable(
        "\(origin) holds no secret: put one of at least \(GroupSecret.recommendedMinimumSize) bytes there")
    }
    guard secrets.count <= Self.maximumCount else {
      throw .unusable(
        "\(origin) holds \(secrets.count) secrets, one a line, and can have \(Self.maximumCount): remove those that no "
          + "member uses any more")
    }
    self.secrets = secrets
  }
}
