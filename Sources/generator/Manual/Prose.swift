/// The sections that only the manual has.
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
        .item("SIGINT, SIGTERM", "Stop the peer in order: it writes its state and its last lines."),
        .item("SIGUSR1", "Print a table of received, lost and rejected messages on standard error."),
        .item("SIGHUP", "Read the key ring and the roster again. If one is unusable, the former one stays in use."),
      ]
    ),
    (
      "ENVIRONMENT",
      [
        .item(
          "DTLS_MCAST_SECRET",
          "The group secret, if no file is given. The process wipes and removes the variable once it has read it."),
        .item(
          "MCAST_PEER_*",
          "The settings: one variable for each option, named after it (see OPTIONS). Options without a value take 1 or 0, and "
            + "repeatable options take a list with commas. The command line wins."),
        .item("STATE_DIRECTORY", "The state directory, as set by systemd."),
        .item("CREDENTIALS_DIRECTORY", "The credentials of a unit, as set by systemd; one may be the secret."),
        .item(
          "XDG_CONFIG_HOME, XDG_STATE_HOME",
          "The parent directories of the secret and the state, instead of ~/.config and ~/.local/state."),
        .item("NO_COLOR", "Turns off the colours of watch, unless it is empty."),
      ]
    ),
    (
      "FILES",
      [
        .item("~/.config/mcast-peer/secret", "The key ring: up to four secrets, one a line, for its owner only."),
        .item(
          "~/.local/state/mcast-peer/",
          "The state: for each member ID and secret, the epochs used and the last messages heard; for each secret, a mark with "
            + "the members that sent with it; for each running peer, the socket ID.status, which status --of asks."),
        .item(
          "/etc/mcast-peer/secret",
          "The key ring of the units mcast-peer@ID.service. It belongs to root, and the group mcast-peer can read it."),
        .item("/etc/mcast-peer/roster", "The members of the group, for these units."),
        .item(
          "/etc/mcast-peer/environment, /etc/mcast-peer/ID.environment",
          "The settings of all these units, and of one unit, as lines such as MCAST_PEER_ENCRYPT=1."),
      ]
    ),
    (
      "EXAMPLES",
      [
        .example(
          "An encrypted group of three members with a secret of its own, one in each terminal:",
          [
            "mcast-peer secret new --write group-secret", "mcast-peer 0 -I eth0 --encrypt -k group-secret",
            "mcast-peer 1 -I eth0 --encrypt -k group-secret", "mcast-peer 2 -I eth0 --encrypt -k group-secret",
          ]),
        .example(
          "Each line of a program as a message, and the received messages as JSON:",
          ["sensor | mcast-peer 0 -I eth0 --stdin", "mcast-peer 1 -I eth0 --listen -o json"]),
        .example("The reason that a peer hears no one:", ["sudo mcast-peer doctor -I eth0"]),
        .example(
          "Member 0 as a service, on the first machine of the group (the others get a copy of the secret):",
          [
            "install -d -m 755 /etc/mcast-peer", "mcast-peer secret new --write /etc/mcast-peer/secret",
            "chgrp mcast-peer /etc/mcast-peer/secret", "chmod 640 /etc/mcast-peer/secret",
            "echo MCAST_PEER_INTERFACE=eth0 >/etc/mcast-peer/environment", "systemctl enable --now mcast-peer@0",
          ]),
        .text("A service listens, and prints no messages, unless MCAST_PEER_LISTEN=0 and MCAST_PEER_QUIET=0 are set."),
      ]
    ),
    (
      "SEE ALSO",
      [.text("ip(8), ip(7), systemd.exec(5), RFC 6347 (DTLS 1.2), RFC 7905 (ChaCha20-Poly1305)")]
    ),
  ]
}
