import ArgumentParser
import CommonSupport
import Glibc
import MulticastDTLS
import SystemPackage

extension SecretCommand {
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a secret of 256 random bits, in hex: on standard output, or with --write in a new file.")

    @Flag(help: "Write the secret to a new file with mode 0600. An existing file is never overwritten.")
    var write = false

    @Flag(
      help: """
        Make a secret under which all messages are signed: it begins with signed:, and each member needs an identity.
        """)
    var sign = false

    @Argument(
      help: .init(
        "File for --write. (default: $MCAST_PEER_SECRET_FILE, else ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret)",
        valueName: "path"),
      completion: .file())
    var path: String?

    @Option(
      parsing: .unconditional,
      help: .init(
        """
        State directory for --write, which records there that the secret is new: members with their state there need no \
        --new-node. (default: as for the peer)
        """,
        valueName: "path"),
      completion: .directory)
    var stateDir: String?

    func validate() throws {
      guard stateDir == nil || write else { throw ValidationError("--state-dir needs --write: give both") }
      guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
      guard path == nil || write else { throw ValidationError("to write the secret to '\(path ?? "")', give --write") }
      guard path != "" else { throw ValidationError("the path is empty: name a file, or leave it out") }
    }

    func run() throws {
      if write {
        let path = try File.path(path)
        let named = try stateDir ?? Environment.value("state-dir")
        let state = named.map { StateDirectory(path: FilePath($0)) } ?? (try? .standard())
        try KeyRingFile(path: FilePath(path)).create(markingIn: state, isSigned: sign)
        let keyID = try KeyRing(from: .file(path: FilePath(path))).secrets[0].keyID()
        try StandardStream.write("\(path.visible): key ID \(keyID)\n", to: STDOUT_FILENO)
        if state?.hasMark(of: keyID) != true {
          warn(
            "cannot record in \(state.map { "\($0)".visible } ?? "any state directory") that the secret is new: a member with "
              + "--encrypt needs --new-node at its first start")
        }
      } else {
        try closeToOthers(STDOUT_FILENO)
        try unsafe GroupSecret.random(isSigned: sign).withBytes {
          try unsafe StandardStream.write($0, to: STDOUT_FILENO)
        }
        try StandardStream.write("\n", to: STDOUT_FILENO)
      }
    }
  }
}

/// Removes the permissions of others on a regular file that is about to get a secret.
private func closeToOthers(_ descriptor: CInt) throws {
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else {
    return
  }
  guard fchmod(descriptor, status.st_mode & 0o700) == 0 else {
    throw SecretError.openToOthers(
      "others may read the file of standard output, and its mode cannot be changed: use --write with a path")
  }
}
