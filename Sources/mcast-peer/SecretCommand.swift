import ArgumentParser
import Glibc
import MulticastDTLS

/// `mcast-peer secret`: makes, shows and changes key rings. It stands beside `mcast-peer <node-id>`, which is parsed
/// without subcommands.
struct SecretCommand: ParsableCommand {
  /// The word by which it is called.
  static let name = "secret"

  static let configuration = CommandConfiguration(
    commandName: name,
    _superCommandName: MCastPeer.name,
    abstract: "Make, compare and change the secret of a group.",
    discussion: """
      A key ring is a file of up to four secrets, one a line; lines that begin with # are comments. A peer sends with the \
      first and accepts all. A running group changes its secret in three steps; each is finished at every member, in any \
      order, before the next begins. After each, SIGHUP makes the member's peer read its file again:

        1. mcast-peer secret rotate add <NEW      (made once: mcast-peer secret new --write NEW)
        2. mcast-peer secret rotate promote KEY-ID
        3. mcast-peer secret rotate drop KEY-ID

      Before step 3, look at what the peers say on standard error, or at the column 'key ID' of their tables (SIGUSR1): \
      all must send with the new secret.

      Exit codes: 0 done; 64 usage; 71 system failure; 77 file or directory open to others; 78 not possible.
      """,
    subcommands: [New.self, ID.self, Rotate.self]
  )

  /// Runs the command that the arguments after `secret` name.
  static func run(_ arguments: [String]) throws {
    try hideMemory()
    var command = try parseAsRoot(arguments)
    try command.run()
    for text in InvisibleEnds.warnings { warn(text) }
  }

  func run() throws {
    throw CleanExit.helpRequest(self)
  }

  /// The file that is meant.
  struct File: ParsableArguments {
    @Option(
      name: [.customShort("k"), .long],
      parsing: .unconditional,
      help: .init(
        "The key ring's file, as the peer has it. (default: ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret)",
        valueName: "path"),
      completion: .file()
    )
    var secretFile: String?

    /// Where it is.
    var path: String {
      get throws { try Self.path(secretFile) }
    }

    /// The file that was named, here or in the environment.
    static func named(_ secretFile: String?) throws -> String? {
      try secretFile ?? Environment.value("secret-file")
    }

    /// Where the file is that the user named, or did not.
    static func path(_ secretFile: String?) throws -> String {
      switch try SecretSource.choose(secretFile: named(secretFile)) {
      case .file(let path), .ownFile(let path): return path
      case .environment:
        throw SecretError.unusable(
          "\(SecretSource.variable) is set, and what is in the environment cannot be changed: name the file, or unset it"
        )
      }
    }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a secret of 256 random bits, in hex: on standard output, or with --write in a file of its own.")

    @Flag(help: "Write it to a file that is made for it, with mode 0600; a file that exists is never overwritten.")
    var write = false

    @Argument(
      help: .init(
        "The file for --write. (default: $MCAST_PEER_SECRET_FILE, else ${XDG_CONFIG_HOME:-~/.config}/mcast-peer/secret)",
        valueName: "path"),
      completion: .file())
    var path: String?

    @Option(
      parsing: .unconditional,
      help: .init(
        """
        With --write, note in this directory that the secret was made here: the nodes that keep their state there are new \
        then, and need no --new-node. (default: as the peer has it)
        """,
        valueName: "path"),
      completion: .directory)
    var stateDir: String?

    func validate() throws {
      guard stateDir == nil || write else { throw ValidationError("--state-dir goes with --write: give that, too") }
      guard stateDir != "" else { throw ValidationError("--state-dir is empty: name a directory, or leave it out") }
      guard path == nil || write else { throw ValidationError("to write the secret to '\(path ?? "")', give --write") }
      guard path != "" else { throw ValidationError("the path is empty: name a file, or leave it out") }
    }

    func run() throws {
      if write {
        let path = try File.path(path)
        let named = try stateDir ?? Environment.value("state-dir")
        let state = named.map { StateDirectory(path: $0) } ?? (try? .standard())
        try KeyRingFile(path: path).create(markingIn: state)
        let keyID = try KeyRing(from: .file(path: path)).secrets[0].keyID()
        try StandardStream.write("\(path.visible): key ID \(keyID)\n", to: STDOUT_FILENO)
        if state?.hasMark(of: keyID) != true {
          warn(
            "it could not be noted in \(state.map { "\($0)".visible } ?? "any state directory") that the secret was made here: "
              + "a node that encrypts needs --new-node at its first start")
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
        "Print the key IDs of a ring: equal IDs mean equal secrets. Warn of weak ones, and of a file that is open.",
      discussion:
        "Without --secret-file it is the ring that a peer would use: that of MCAST_PEER_SECRET_FILE, if that is set, else DTLS_MCAST_SECRET."
    )

    @OptionGroup var file: File

    func run() throws {
      let source = try SecretSource.choose(secretFile: File.named(file.secretFile))
      let ring = try KeyRing(from: source) { warn("\($0)") }
      try show(ring)
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take one step of changing a running group's secret.",
      discussion: """
        The file is replaced as a whole: written, synced, renamed; its mode and owner stay, and so do comments. Peers go on \
        with the former ring until they get SIGHUP, as by: pkill -HUP -x mcast-peer
        """,
      subcommands: [Add.self, Promote.self, Drop.self])
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add the secret on standard input as the last one: it is accepted, and not used to send yet.")

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
      abstract: "Move a secret to the first place, to send with it.",
      discussion: "Without a key ID it is the last; so of two secrets a second call would bring back the former.")

    @OptionGroup var file: File
    @Argument(help: "Its key ID. (default: the last)", transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      try change(file) { try $0.promote(keyID) }
    }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a secret that no member sends with any more; never the first.")

    @OptionGroup var file: File
    @Argument(help: "Its key ID. (default: the last)", transform: { try KeyID($0) })
    var keyID: KeyID?

    func run() throws {
      try change(file) { try $0.drop(keyID) }
    }
  }
}

/// Takes from others the right to read a file into which a secret is about to be written.
private func closeToOthers(_ descriptor: CInt) throws {
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else {
    return
  }
  guard fchmod(descriptor, status.st_mode & 0o700) == 0 else {
    throw SecretError.openToOthers(
      "others may read the file that standard output goes to, and its mode cannot be changed: use --write with a path")
  }
}

/// Changes a ring's file, and shows what is in it now.
private func change(_ file: SecretCommand.File, _ body: (KeyRingFile) throws -> Void) throws {
  let path = try file.path
  try body(KeyRingFile(path: path))
  try show(KeyRing(from: .file(path: path)))
}

/// Prints the key IDs of a ring, a line each, on standard output.
private func show(_ ring: KeyRing) throws {
  for (index, secret) in ring.secrets.enumerated() {
    let keyID = try secret.keyID()
    try StandardStream.write("\(keyID)  \(index == 0 ? "sends, and is accepted" : "is accepted")\n", to: STDOUT_FILENO)
    for text in warnings(of: secret) { warn("key ID \(keyID): \(text)") }
  }
}

/// Says something on standard error; that nobody reads it changes nothing.
private func warn(_ text: String) {
  try? StandardStream.write("mcast-peer: warning: \(text.visible)\n", to: STDERR_FILENO)
}
