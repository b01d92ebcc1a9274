import Glibc
import SystemPackage

/// The source of a group secret.
public enum SecretSource: Hashable, Sendable {
  /// A file that the user named.
  case file(path: FilePath)
  /// The environment variable `DTLS_MCAST_SECRET`, as in the C example.
  case environment
  /// The user's own file, created with 256 random bits if there is none.
  case ownFile(path: FilePath)

  /// The environment variable that can hold the secret.
  public static let variable = "DTLS_MCAST_SECRET"

  /// Picks the source for this process: the named file, else the environment variable, else the user's own file
  /// `${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret`.
  ///
  /// - Parameter secretFile: A path that the user gave, or nil.
  /// - Throws: ``SecretError`` if only the user's own file remains and there is no home directory for it.
  public static func choose(secretFile: FilePath?) throws(SecretError) -> SecretSource {
    func value(_ name: String) -> String? {
      unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    return try choose(
      secretFile: secretFile,
      // Only tests that it is set: its value must not get into a string, which nobody wipes.
      variableIsSet: unsafe getenv(variable) != nil,
      configHome: value("XDG_CONFIG_HOME"),
      home: value("HOME")
    )
  }

  /// Picks the source from given values of the environment.
  static func choose(
    secretFile: FilePath?,
    variableIsSet: Bool,
    configHome: String?,
    home: String?
  ) throws(SecretError) -> SecretSource {
    if let secretFile { return .file(path: secretFile) }
    if variableIsSet { return .environment }
    // XDG Base Directory Specification: ignore a relative path.
    if let configHome, configHome.hasPrefix("/") { return .ownFile(path: FilePath(configHome + "/mcast-peer/secret")) }
    if let home, home.hasPrefix("/") { return .ownFile(path: FilePath(home + "/.config/mcast-peer/secret")) }
    throw .unusable("there is no home directory to keep a secret in: name a secret file, or set HOME or \(variable)")
  }
}

extension SecretSource: CustomStringConvertible {
  /// The source as a person would name it.
  public var description: String {
    switch self {
    case .file(let path), .ownFile(let path): path.string
    case .environment: "the environment variable \(Self.variable)"
    }
  }
}

extension SecretSource {
  /// Takes the secret out of the environment: copies it, wipes the original, and removes the variable.
  ///
  /// - Throws: ``SecretError`` if the variable is not set, for instance because it was taken before.
  static func takeVariable() throws(SecretError) -> SecretBytes {
    guard let value = unsafe getenv(variable) else {
      throw .unusable(
        "the environment variable \(variable) is no longer set, since a process can read it once: to change the secret, "
          + "keep it in a file")
    }
    let size = unsafe strlen(value)
    let text = unsafe SecretBytes(copying: UnsafeRawBufferPointer(start: value, count: size))
    // unsetenv(3) removes the pointer, but leaves the bytes where /proc/PID/environ shows them.
    unsafe explicit_bzero(value, size)
    unsafe unsetenv(variable)
    return text
  }
}
