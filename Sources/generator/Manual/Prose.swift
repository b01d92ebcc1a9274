/// What only the manual says.
enum Prose {
  enum Entry {
    case text(String)
    case item(String, String)
    case example(String, [String])
  }

  static let sections: [(title: String, entries: [Entry])] = [
    (
      "SIGNALS",
      [
        .item("SIGINT, SIGTERM", "End the peer in order: what was heard is on disk, and the last lines are written."),
        .item("SIGUSR1", "Print the table of what was received, lost and refused on standard error."),
        .item("SIGHUP", "Read the key ring again. If it cannot be used, the former one stays in force."),
      ]
    ),
    (
      "ENVIRONMENT",
      [
        .item("DTLS_MCAST_SECRET", "The group secret, if no file is named. It is wiped and removed when it is read."),
        .item(
          "MCAST_PEER_*",
          "The settings, as named with the options: 1 or 0 for those without a value, several with commas for those that can "
            + "be given again. What the command line says counts more."),
        .item("STATE_DIRECTORY", "Where the state is kept, as systemd sets it."),
        .item("CREDENTIALS_DIRECTORY", "Where systemd puts a unit's credentials; the secret may be one of them."),
        .item(
          "XDG_CONFIG_HOME, XDG_STATE_HOME",
          "Where the secret and the state are, if not in ~/.config and ~/.local/state."),
        .item("NO_COLOR", "Leaves colours out of what watch shows, unless it is empty."),
      ]
    ),
    (
      "FILES",
      [
        .item("~/.config/mcast-peer/secret", "The key ring: up to four secrets, one a line, for its owner only."),
        .item(
          "~/.local/state/mcast-peer/",
          "For each node ID and secret, the epochs used and how far others were heard; for each secret, a mark that names the "
            + "nodes that sent with it."),
        .item("/etc/mcast-peer/secret", "The key ring of the systemd units mcast-peer@ID.service."),
        .item(
          "/etc/mcast-peer/environment, /etc/mcast-peer/ID.environment",
          "The settings of all these units, and of one, as lines such as MCAST_PEER_ENCRYPT=1."),
      ]
    ),
    (
      "EXAMPLES",
      [
        .example(
          "An encrypted group of three with a secret of its own, one node in each terminal:",
          [
            "mcast-peer secret new --write group-secret", "mcast-peer 0 --encrypt -k group-secret",
            "mcast-peer 1 --encrypt -k group-secret", "mcast-peer 2 --encrypt -k group-secret",
          ]),
        .example(
          "Each line of a program as a message, and what others say as JSON:",
          ["sensor | mcast-peer 0 --stdin", "mcast-peer 1 --listen -o json"]),
        .example(
          "Node 0 as a service:",
          [
            "install -d -m 755 /etc/mcast-peer", "mcast-peer secret new --write /etc/mcast-peer/secret",
            "systemctl enable --now mcast-peer@0",
          ]),
        .text("A unit gets its copy of the secret when it starts: after a change, restart it."),
      ]
    ),
    (
      "SEE ALSO",
      [.text("ip(8), ip(7), systemd.exec(5), RFC 6347 (DTLS 1.2), RFC 7905 (ChaCha20-Poly1305)")]
    ),
  ]
}
