import ArgumentParser

extension SecretCommand {
  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change the secret of a running group, one step at a time.",
      discussion: """
        Each step replaces the file atomically (write, sync, rename) and keeps its mode, owner and comments. It prints \
        the key IDs of the ring, and the next step on standard error. A running peer reads its file again when it \
        changes; SIGHUP makes it do so at once: pkill -HUP -x mcast-peer
        """,
      subcommands: [Add.self, Promote.self, Drop.self])
  }
}
