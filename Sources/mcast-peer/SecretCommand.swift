import CommonSupport
import ArgumentParser
import Glibc
import MulticastDTLS
import SystemPackage

/// `mcast-peer secret`: makes, compares and changes key rings.
struct SecretCommand: ParsableCommand {
  /// The name on the command line.
  static let name = "secret"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Make, compare and change the secret of a group.",
    discussion: """
      A key ring is a file of up to four secrets, one a line; lines that begin with # are comments. A peer sends with \
      the first secret and accepts all. A running group changes its secret in three steps. Complete each step at all \
      members, in any order, before the next one. After each step, SIGHUP makes the member's peer read its file again:

        1. mcast-peer secret rotate add <NEW      (made once: mcast-peer secret new --write NEW)
        2. mcast-peer secret rotate promote KEY-ID
        3. mcast-peer secret rotate drop KEY-ID

      Before step 3, all members must send with the new secret: check the log of the peers on standard error, or the \
      column 'key ID' of their tables (SIGUSR1).

      Exit codes: 0 done; 64 usage error; 71 system failure; 77 file or directory open to others; 78 not possible.
      """,
    subcommands: [New.self, ID.self, Rotate.self],
    helpNames: [.short, .long]
  )

  /// Runs a subcommand.
  static func run(_ command: any ParsableCommand) throws {
    try hideMemory()
    var command = command
    try command.run()
    for text in InvisibleEnds.warnings { warn(text) }
  }

  /// The option for the key ring's file.
  struct File: ParsableArguments {
    @Option(
      name: [.customShort("k"), .long],
      parsing: .unconditional,
      help: .init(
        "File of the key ring, as for the peer. (default: ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret)",
        valueName: "path"),
      completion: .file()
    )
    var secretFile: String?

    /// The path of the file.
    ///
    /// - Throws: ``SecretError`` if the secret is in the environment.
    var path: String {
      get throws { try Self.path(secretFile) }
    }

    /// The file of the option, else of the environment; nil if neither is set.
    static func named(_ secretFile: String?) throws -> String? {
      try secretFile ?? Environment.value("secret-file")
    }

    /// The path of the file, or the default one.
    static func path(_ secretFile: String?) throws -> String {
      switch try SecretSource.choose(secretFile: named(secretFile).map { FilePath($0) }) {
      case .file(let path), .ownFile(let path): return path.string
      case .environment:
        throw SecretError.unusable(
          "\(SecretSource.variable) holds the secret, and this command changes files only: give --secret-file, or unset it"
        )
      }
    }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a secret of 256 random bits, in hex: on standard output, or with --write in a new file.")

    @Flag(help: "Write the secret to a new file with mode 0600. An existing file is never overwritten.")
    var write = false

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
        try KeyRingFile(path: FilePath(path)).create(markingIn: state)
        let keyID = try KeyRing(from: .file(path: FilePath(path))).secrets[0].keyID()
        try StandardStream.write("\(path.visible): key ID \(keyID)\n", to: STDOUT_FILENO)
        if state?.hasMark(of: keyID) != true {
          warn(
            "cannot record in \(state.map { "\($0)".visible } ?? "any state directory") that the secret is new: a member with "
              + "--encrypt needs --new-node at its first start")
        }
      } else {
        try closeToOthers(STDOUT_FILENO)
        try unsafe GroupSecret.random().withBytes { try unsafe StandardStream.write($0, to: STDOUT_FILENO) }
        try StandardStream.write("\n", to: STDOUT_FILENO)
      }
    }
  }

  struct ID: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "id",
      abstract:
        "Print the key IDs of a ring: equal IDs mean equal secrets. Warn of weak secrets, and of a file open to others.",
      discussion:
        "Without --secret-file, the ring is the one of a peer: from MCAST_PEER_SECRET_FILE if set, else from DTLS_MCAST_SECRET."
    )

    @OptionGroup var file: File

    func run() throws {
      let source = try SecretSource.choose(secretFile: File.named(file.secretFile).map { FilePath($0) })
      let ring = try KeyRing(from: source) { warn("\($0)") }
      try show(ring)
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change the secret of a running group, one step at a time.",
      discussion: """
        Each step replaces the file atomically (write, sync, rename) and keeps its mode, owner and comments. Peers use \
        the former ring until they get SIGHUP: pkill -HUP -x mcast-peer
        """,
      subcommands: [Add.self, Promote.self, Drop.self])
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add the secret on standard input as the last one: peers accept it, and do not send with it yet.")

    @OptionGroup var file: File

    func run() throws {
      guard isatty(STDIN_FILENO) == 0 else {
        throw ValidationError("give the new secret on standard input: mcast-peer secret rotate add <FILE")
      }
      let secret = try GroupSecret(readingFrom: STDIN_FILENO, name: "standard input")
      try change(file) { try $0.add(secret) }
    }
  }

  struct Promote: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move a secret to the first place: peers send with it.",
      discussion: "Without a key ID, moves the last secret. With two secrets, a second call restores the former order.")

    @OptionGroup var file: File
    @Argument(help: "Key ID of the secret. (default: the last)", transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      try change(file) { try $0.promote(keyID) }
    }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a secret that no member sends with any longer; never the first.")

    @OptionGroup var file: File
    @Argument(help: "Key ID of the secret. (default: the last)", transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      try change(file) { try $0.drop(keyID) }
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

/// Changes a ring's file, and prints its new key IDs.
private func change(_ file: SecretCommand.File, _ body: (KeyRingFile) throws -> Void) throws {
  let path = try file.path
  try body(KeyRingFile(path: FilePath(path)))
  try show(KeyRing(from: .file(path: FilePath(path))))
}

/// Prints the key IDs of a ring on standard output, one a line.
private func show(_ ring: KeyRing) throws {
  for (index, secret) in ring.secrets.enumerated() {
    let keyID = try secret.keyID()
    try StandardStream.write("\(keyID)  \(index == 0 ? "sends, and is accepted" : "is accepted")\n", to: STDOUT_FILENO)
    for text in warnings(of: secret) { warn("key ID \(keyID): \(text)") }
  }
}

/// Prints a warning on standard error. Ignores a failed write, since the command itself has succeeded.
private func warn(_ text: String) {
  try? StandardStream.write("mcast-peer: warning: \(text.visible)\n", to: STDERR_FILENO)
}
