import Glibc

/// Where a group secret comes from.
public enum SecretSource: Hashable, Sendable {
  /// A file that the user named.
  case file(path: String)
  /// The environment variable `DTLS_MCAST_SECRET`, as the C example has it.
  case environment
  /// The user's own file, made with 256 random bits when there is none.
  case ownFile(path: String)

  /// The environment variable that can hold the secret.
  public static let variable = "DTLS_MCAST_SECRET"

  /// Picks the source for this process: the named file, else the environment variable, else the user's own file
  /// `${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret`.
  ///
  /// - Parameter secretFile: A path that the user gave, or nil.
  /// - Throws: ``SecretError`` if all is left to the user's own file and there is no home directory for it.
  public static func choose(secretFile: String?) throws(SecretError) -> SecretSource {
    func value(_ name: String) -> String? {
      unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    return try choose(
      secretFile: secretFile,
      // Only whether it is set: its value must not get into a string, which nobody wipes.
      variableIsSet: unsafe getenv(variable) != nil,
      configHome: value("XDG_CONFIG_HOME"),
      home: value("HOME")
    )
  }

  /// The rule itself.
  static func choose(
    secretFile: String?,
    variableIsSet: Bool,
    configHome: String?,
    home: String?
  ) throws(SecretError) -> SecretSource {
    if let secretFile { return .file(path: secretFile) }
    if variableIsSet { return .environment }
    // XDG Base Directory Specification: a relative path is to be ignored.
    if let configHome, configHome.hasPrefix("/") { return .ownFile(path: configHome + "/mcast-peer/secret") }
    if let home, home.hasPrefix("/") { return .ownFile(path: home + "/.config/mcast-peer/secret") }
    throw .unusable("there is no home directory to keep a secret in: name a secret file, or set HOME or \(variable)")
  }
}

extension SecretSource: CustomStringConvertible {
  /// The source as a person would name it.
  public var description: String {
    switch self {
    case .file(let path), .ownFile(let path): path
    case .environment: "the environment variable \(Self.variable)"
    }
  }
}

extension GroupSecret {
  /// Reads the secret from where it is kept. One newline at the end of a file does not count.
  ///
  /// The user's own file is made first, with 256 random bits in hex and mode 0600, if there is none; of several
  /// processes that do so at once, one makes it and all read the same.
  ///
  /// - Throws: ``SecretError`` if there is no secret, it cannot be used, or others can read its file.
  public init(from source: SecretSource) throws(SecretError) {
    switch source {
    case .file(let path):
      try self.init(file: SecretFile(path: path))
    case .environment:
      guard let value = unsafe getenv(SecretSource.variable) else {
        throw .unusable("the environment variable \(SecretSource.variable) is not set")
      }
      let text = unsafe SecretBytes(copying: UnsafeRawBufferPointer(start: value, count: strlen(value)))
      try self.init(text, origin: "\(source)")
    case .ownFile(let path):
      let file = SecretFile(path: path)
      try file.createIfMissing()
      try self.init(file: file)
    }
  }

  private init(file: SecretFile) throws(SecretError) {
    let content = try file.read()
    let text = unsafe content.withBytes { unsafe SecretBytes(copying: Self.withoutFinalNewline($0)) }
    try self.init(text, origin: "the secret file \(file.path)")
  }

  /// Leaves out one newline at the end (LF, or CR LF from another system's editor).
  private static func withoutFinalNewline(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard unsafe bytes.last == UInt8(ascii: "\n") else { return unsafe bytes }
    let line = unsafe bytes.dropLast()
    return unsafe UnsafeRawBufferPointer(rebasing: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
  }
}
