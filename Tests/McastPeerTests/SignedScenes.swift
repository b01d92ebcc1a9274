import TestSupport

/// The scenes for the commands of the documentation about signed groups.
enum SignedScenes {
  static let all = [
    Scene(
      testDescription: "Keys: a signed group, and a member that changes its identity", secret: nil,
      commands: [
        .init(
          text: "mcast-peer secret new --sign --write group-secret", shows: ["group-secret: key ID "], ends: true),
        .init(text: "mcast-peer identity new 0 --name gateway -k group-secret >>roster", ends: true),
        .init(text: "mcast-peer identity new 1 --name robot-1 -k group-secret >>roster", ends: true),
        .init(text: "mcast-peer identity new 2 --name robot-2 -k group-secret >>roster", ends: true),
        .init(text: "chmod go-w roster", ends: true),
        .init(
          text: "mcast-peer roster id -k group-secret", shows: ["  roster\n", "  member 1 (robot-1)\n"], ends: true),
        .init(text: "mcast-peer 0 -k group-secret", shows: ["from peer 1 (robot-1): ", "from peer 2 (robot-2): "]),
        .init(
          text: "mcast-peer 1 -k group-secret", shows: ["from peer 0 (gateway): "], says: ["this member signs with "]),
        .init(text: "mcast-peer 2 -k group-secret", shows: ["from peer 1 (robot-1): "]),
        .init(
          text: "mcast-peer identity new 1 --identity next-identity -k group-secret >>roster", ends: true,
          leadsTo: "other public keys of member 1"),
        .init(text: "mv next-identity identity-1", ends: true),
        .init(text: "mcast-peer secret new --sign --write new-secret", shows: ["new-secret: key ID "], ends: true),
      ])
  ]
}
