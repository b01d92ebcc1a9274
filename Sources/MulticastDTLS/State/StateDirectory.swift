import Glibc
import SystemPackage

/// The directory for the state that must survive a restart: the epochs that members used, and their replay positions.
public struct StateDirectory: Hashable, Sendable, CustomStringConvertible {
  /// The path of the directory. The first member that needs it creates it, for its owner only.
  public var filePath: FilePath { FilePath(path) }

  let path: String

  /// Takes a directory that the user or the program chose. If the path is relative, the working directory must not
  /// change.
  public init(path: FilePath) {
    self.init(path: path.string)
  }

  init(path: String) {
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

  /// Picks the directory from given values of the environment.
  static func standard(stateDirectory: String?, stateHome: String?, home: String?) throws(StateError) -> StateDirectory
  {
    // systemd.exec(5): colons separate several directories.
    if let first = stateDirectory?.split(separator: ":").first { return StateDirectory(path: String(first)) }
    // XDG Base Directory Specification: ignore a relative path.
    if let stateHome, stateHome.hasPrefix("/") { return StateDirectory(path: stateHome + "/mcast-peer") }
    if let home, home.hasPrefix("/") { return StateDirectory(path: home + "/.local/state/mcast-peer") }
    throw .unusable("there is no home directory to keep the member's state in")
  }

  /// The directory's path.
  public var description: String {
    path
  }

  /// True if the mark of a secret says that the secret was made here. A mark that only lists members does not count.
  public func hasMark(of keyID: KeyID) -> Bool {
    MarkFile(in: self, keyID: keyID).read()?.isMadeHere == true
  }
}
