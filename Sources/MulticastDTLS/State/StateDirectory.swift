import Glibc

/// The directory in which nodes keep what must outlive them: the epochs that they used, and what they have heard.
public struct StateDirectory: Hashable, Sendable, CustomStringConvertible {
  /// Where it is. It is made, for its owner only, when the first node needs it.
  public let path: String

  /// Takes a directory that the user or the program chose. If its path is relative, the working directory must stay.
  public init(path: String) {
    self.path = path
  }

  /// Picks the directory for this process: `$STATE_DIRECTORY`, which systemd sets (systemd.exec(5)), else
  /// `${XDG_STATE_HOME:-~/.local/state}/mcast-peer`.
  ///
  /// - Throws: ``StateError`` if there is no home directory to fall back on.
  public static func standard() throws(StateError) -> StateDirectory {
    func value(_ name: String) -> String? {
      unsafe getenv(name).map { unsafe String(cString: $0) }
    }
    return try standard(
      stateDirectory: value("STATE_DIRECTORY"),
      stateHome: value("XDG_STATE_HOME"),
      home: value("HOME")
    )
  }

  /// The rule itself.
  static func standard(stateDirectory: String?, stateHome: String?, home: String?) throws(StateError) -> StateDirectory
  {
    // systemd.exec(5): several directories are separated by colons.
    if let first = stateDirectory?.split(separator: ":").first { return StateDirectory(path: String(first)) }
    // XDG Base Directory Specification: a relative path is to be ignored.
    if let stateHome, stateHome.hasPrefix("/") { return StateDirectory(path: stateHome + "/mcast-peer") }
    if let home, home.hasPrefix("/") { return StateDirectory(path: home + "/.local/state/mcast-peer") }
    throw .unusable("there is no home directory to keep the node's state in")
  }

  /// The directory's path.
  public var description: String {
    path
  }

  /// True if a secret was made here, by the mark of the secret. A mark that only names nodes does not count.
  public func hasMark(of keyID: KeyID) -> Bool {
    MarkFile(in: self, keyID: keyID).read()?.isMadeHere == true
  }
}
