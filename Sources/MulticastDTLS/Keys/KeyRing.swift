internal import COpenSSL

/// The secrets that a member holds, up to four: it sends with the first, and accepts records made with any of them.
///
/// Two secrets let a running group change its secret in three steps: every member adds the new one last, every member
/// moves it first, every member removes the old one. Within a step the members may act in any order.
public struct KeyRing: Sendable {
  /// The maximum number of secrets in a ring: a record is tried with each until one opens it.
  public static let maximumCount = 4

  /// The secrets; the first is the one to send with.
  public let secrets: [GroupSecret]
  /// True if its file was created just now, with a new secret that no other machine has.
  public private(set) var isNew = false

  /// Takes one secret.
  public init(_ secret: GroupSecret) {
    secrets = [secret]
  }

  /// Takes several secrets, the one to send with first.
  ///
  /// - Throws: ``SecretError`` if there is none or there are more than four.
  public init(_ secrets: [GroupSecret]) throws(SecretError) {
    try self.init(secrets, origin: "the key ring")
  }

  /// Reads a ring from its source; see ``SecretSource``.
  ///
  /// If the user's own file does not exist, this creates it with 256 random bits in hex and mode 0600. If several
  /// processes do so at once, one creates it and all read the same secret. The environment variable holds one secret;
  /// reading wipes and removes it, so that neither child processes nor `/proc` show it. (So no other thread may use the
  /// environment meanwhile; see getenv(3).)
  ///
  /// - Parameters:
  ///   - source: The source of the ring.
  ///   - makesOwnFile: True to create the user's own file if there is none.
  ///   - state: The directory for the state of members that send with the ring. It records that the secret was made
  ///     here.
  /// - Throws: ``SecretError`` if there is no secret, one cannot be used, or others can read or change the file.
  public init(
    from source: SecretSource, makesOwnFile: Bool = true, markingIn state: StateDirectory? = nil
  ) throws(SecretError) {
    var isNew = false
    if makesOwnFile, case .ownFile(let path) = source {
      isNew = try SecretFile(path: path.string).createIfMissing(markingIn: state)
    }
    try self.init(from: source) { error throws(SecretError) in throw error }
    self.isNew = isNew
  }

  /// Reads a ring that exists, also from a file that others can read or change.
  ///
  /// - Parameters:
  ///   - source: The source of the ring.
  ///   - report: Called with an error if others can; may throw it.
  /// - Throws: ``SecretError`` if there is no secret, or one cannot be used.
  public init(
    from source: SecretSource, ifOpenToOthers report: (SecretError) throws(SecretError) -> Void
  ) throws(SecretError) {
    defer { copenssl_wipe_traces() }
    switch source {
    case .file(let path), .ownFile(let path):
      let text = KeyRingText(try SecretFile(path: path.string).read(ifOpenToOthers: report))
      try self.init(text, path: path.string)
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
          + "member uses")
    }
    self.secrets = secrets
  }
}
