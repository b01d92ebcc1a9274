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

extension SecretSource {
  /// Takes the secret out of the environment: wiped where it was, and removed.
  ///
  /// - Throws: ``SecretError`` if it is not there, as when it was taken before.
  static func takeVariable() throws(SecretError) -> SecretBytes {
    guard let value = unsafe getenv(variable) else {
      throw .unusable(
        "the environment variable \(variable) is not set any more, since a process can read it once: to change the secret, "
          + "start it with --secret-file")
    }
    let size = unsafe strlen(value)
    let text = unsafe SecretBytes(copying: UnsafeRawBufferPointer(start: value, count: size))
    // unsetenv(3) forgets the pointer, and leaves the bytes where /proc/PID/environ shows them.
    unsafe explicit_bzero(value, size)
    unsafe unsetenv(variable)
    return text
  }
}
