import TestSupport

/// The scenes for the commands of the documentation, page by page.
enum DocumentScenes {
  static let all = readme + data + options + keys + operating + status + metrics + troubleshooting + SignedScenes.all

  private static let hello = "Hello from node"

  private static func heard(_ nodes: Int...) -> [String] { nodes.map { "Received from peer \($0): \"\(hello) \($0)" } }

  private static let readme = [
    Scene(
      testDescription: "README: three terminals, with a new secret", secret: nil,
      commands: [
        .init(text: "./mcast-peer 0", shows: heard(1, 2)),
        .init(text: "./mcast-peer 1", shows: heard(0, 2)),
        .init(text: "./mcast-peer 2", shows: heard(0, 1)),
      ]),
    Scene(
      testDescription: "README: an encrypted group with its own secret, watched", secret: nil,
      commands: [
        .init(text: "./mcast-peer secret new --write group-secret", ends: true),
        .init(text: "./mcast-peer 0 --encrypt -k group-secret", shows: heard(1, 2)),
        .init(text: "./mcast-peer 1 --encrypt -k group-secret", shows: heard(0, 2)),
        .init(text: "./mcast-peer 2 --encrypt -k group-secret", shows: heard(0, 1)),
        .init(
          text: "./mcast-peer watch --encrypt -k group-secret",
          shows: [" member 0 up, ", " member 1 up, ", " member 2 up, "]),
        .init(
          text: "./mcast-peer status --encrypt -k group-secret", shows: ["\n3 of 3 members up\n"], ends: true),
        .init(
          text: "./mcast-peer doctor --encrypt -k group-secret", shows: ["ok       members    heard member 0 "],
          hides: ["failure"], ends: true),
      ]),
  ]

  private static let data = [
    Scene(
      testDescription: "Data: lines of a sensor, through jq and into a file",
      commands: [
        .init(
          text:
            #"mcast-peer 1 --listen -o json | jq --unbuffered -c 'select(.event == "received") | [.member, .text]'"#,
          shows: ["[0,\"21.5 C\"]\n[0,\"21.6 C\"]\n"]),
        .init(text: "mcast-peer 2 --listen -o raw >>log"),
        .init(text: "sensor | mcast-peer 0 --stdin", shows: ["Node 0: Sent: \"21.6 C\""], ends: true),
      ], files: ["log": Array("21.5 C\n21.6 C\n".utf8)]),
    Scene(
      testDescription: "Data: a message that is not text",
      commands: [
        .init(
          text:
            #"mcast-peer 1 --listen -o json | jq --unbuffered -c 'select(.event == "received") | [.member, .text // .base64]'"#,
          shows: ["[0,\"/w==\"]\n"]),
        .ours("printf '\\377\\n' | mcast-peer 0 --stdin", ends: true),
      ]),
    Scene(
      testDescription: "Data: a file as one message",
      commands: [
        .init(text: "mcast-peer 1 --listen -o raw --datagram --expect 1 >copy"),
        .init(text: "mcast-peer 0 --stdin --datagram <picture", ends: true),
      ], files: ["copy": Scene.picture]),
    Scene(
      testDescription: "Data: a file of any size, of which the network loses every twentieth batch at first",
      network: [
        "nft add table inet filter",
        "nft add chain inet filter input { type filter hook input priority 0 ; }",
        "nft add rule inet filter input udp dport 12345 numgen inc mod 20 0 drop",
      ],
      commands: [
        .ours("head -c 5000000 /dev/urandom >backup.tar", ends: true),
        .init(text: "base64 -w 1332 backup.tar | nl -w 8 -n rz -s ' ' >numbered", ends: true),
        .init(text: "wc -l <numbered", shows: ["5006\n"], ends: true),
        .init(text: "sha256sum backup.tar", ends: true),
        .init(
          text:
            #"mcast-peer 1 --listen -o raw --expect 5006 --deadline 60 --stats >received || echo "lines are missing""#,
          shows: ["lines are missing\n"]),
        .init(
          text: "mcast-peer 0 --stdin --rate 2000 <numbered", ends: true,
          leadsTo: "received [0-9]+ of 5006 expected messages"),
        .ours("nft flush chain inet filter input", ends: true),
        .init(
          text: "{ seq -f %08.0f 5006; cut -c 1-8 received | sort -u; } | sort | uniq -u >missing", ends: true),
        .ours("test -s missing", ends: true),
        .init(text: #"mcast-peer 1 --listen -o raw --expect "$(wc -l <missing)" --deadline 60 --stats >>received"#),
        .init(
          text: "join missing numbered | mcast-peer 0 --stdin --rate 2000", ends: true,
          leadsTo: "dropped by the kernel"),
        .init(text: "sort -u received | cut -d ' ' -f 2 | base64 -d >copy.tar", ends: true),
        .init(text: "sha256sum copy.tar", ends: true),
        .ours("cmp backup.tar copy.tar", ends: true),
        // Processes with a sanitizer need the time of the page.
      ], values: ["--deadline 60": Sanitizer.isOn ? "--deadline 60" : "--deadline 20"]),
    Scene(
      testDescription: "Data: a script, with too few messages",
      commands: [
        .init(
          text: #"mcast-peer 1 --listen --expect 3 --deadline 10 || echo "fewer than 3 messages in 10 s""#,
          shows: ["Goodbye!\nfewer than 3 messages in 10 s\n"], ends: true)
      ]),
    Scene(
      testDescription: "Data: the same script, with enough messages",
      commands: [
        .ours("mcast-peer 0 -i 0.2"),
        .init(
          text: #"mcast-peer 1 --listen --expect 3 --deadline 10 || echo "fewer than 3 messages in 10 s""#,
          shows: ["Goodbye!\n"], hides: ["fewer"], ends: true),
      ]),
    Scene(
      testDescription: "Events: lines are checked against the schema",
      commands: [
        .ours("mcast-peer 0 -i 0.2"),
        .init(
          text: "mcast-peer 1 --listen -o json --expect 3 | scripts/validate-events",
          shows: ["end 1\n", "received 3\n", "start 1\n"], ends: true),
      ]),
  ]

  private static let options = [
    Scene(
      testDescription: "Options: settings from the environment", hasNetworks: true,
      commands: [
        .init(
          text: """
            export MCAST_PEER_GROUP='[ff15::1]:12345' MCAST_PEER_INTERFACE=eth0 MCAST_PEER_STATS=1
            mcast-peer 0
            """, shows: heard(1))
      ],
      others: [.ours("mcast-peer 1 -g ff15::1 -I eth0 -i 0.2", shows: heard(0))])
  ]

  private static let keys = [
    Scene(
      testDescription: "Keys: new secrets and their key IDs", secret: nil,
      commands: [
        .init(text: "mcast-peer secret new --write", shows: [".config/mcast-peer/secret: key ID "], ends: true),
        .init(text: "mcast-peer secret new --write FILE", shows: ["FILE: key ID "], ends: true),
        .init(text: "mcast-peer 1 --encrypt -k FILE --new-node", shows: ["Node 1: Ready"]),
        .init(text: "mcast-peer secret new", shows: ["\n"], ends: true),
        .init(text: "mcast-peer secret id", shows: ["  sends, and is accepted\n"], ends: true),
      ]),
    Scene(
      testDescription: "Keys: a running group changes its secret", secret: nil,
      commands: [
        .ours(
          "mkdir -p -m 700 .config/mcast-peer && umask 77 && echo \(Scene.ownSecret) >.config/mcast-peer/secret",
          ends: true),
        .ours("mcast-peer 0 -i 0.3", shows: heard(1, 2)),
        .ours("mcast-peer 1 -i 0.3", shows: heard(0, 2)),
        .ours("mcast-peer 2 -i 0.3", shows: heard(0, 1)),
        .init(text: "mcast-peer secret new --write new-secret", ends: true),
        .init(text: "mcast-peer secret rotate add <new-secret", ends: true, leadsTo: "accepts 9ab7-6d2d, "),
        .init(
          text: "mcast-peer secret rotate promote 1c22-aa01", ends: true,
          leadsTo: "all other members were heard with key ID "),
        .init(
          text: "mcast-peer secret rotate drop 9ab7-6d2d", hides: ["9ab7-6d2d"], ends: true,
          leadsTo: "accepts [-0-9a-f]{9};"),
      ], values: ["1c22-aa01": "$(mcast-peer secret id -k new-secret | cut -c 1-9)"]),
  ]

  private static let operating = [
    Scene(
      testDescription: "Operating: the kernel's route", hasNetworks: true, network: ["ip route del default"],
      commands: [
        .init(text: "sudo ip route add 239.255.0.0/16 dev eth0", ends: true),
        .init(text: "ip route get 239.255.0.1", shows: ["dev eth0"], ends: true),
        .ours("mcast-peer 0 -i 0.2", shows: heard(1)),
      ], others: [.ours("mcast-peer 1 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: IPv6, by the kernel's route", hasNetworks: true,
      commands: [.init(text: "mcast-peer 0 -g '[ff15::1]:12345'", shows: heard(1))],
      others: [.ours("mcast-peer 1 -g ff15::1 -I eth0 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: a link-local group", hasNetworks: true,
      commands: [.init(text: "mcast-peer 0 -g '[ff12::1234%eth0]:12345'", shows: heard(1))],
      others: [.ours("mcast-peer 1 -g ff12::1234%eth0 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: two networks", hasNetworks: true,
      commands: [.init(text: "mcast-peer 0 -I eth0 -I eth1", shows: heard(1, 2))],
      others: [
        .ours("mcast-peer 1 -I eth0 -i 0.2", shows: heard(0), hides: ["from peer 2"]),
        .ours("mcast-peer 2 -I eth1 -i 0.2", hides: ["Received"]),
      ]),
    Scene(
      testDescription: "Operating: an interface chosen by its address", hasNetworks: true,
      commands: [.init(text: "mcast-peer 0 -I 192.0.2.1", shows: heard(1))],
      others: [.ours("mcast-peer 1 -I eth0 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: two sources (the rig tests that others are not heard)", hasNetworks: true,
      commands: [.init(text: "mcast-peer 0 -g 232.1.1.1 --source 192.0.2.7 --source 192.0.2.8", shows: heard(1))],
      others: [.ours("mcast-peer 1 -g 232.1.1.1 -I eth0 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: the IPv6 route for loopback",
      commands: [
        .init(text: "sudo ip -6 route add local ff00::/8 dev lo table local", ends: true),
        .ours("mcast-peer 1 -g ff15::1 -i 0.2", shows: heard(0)),
        .ours("mcast-peer 0 -g ff15::1 -i 0.2", shows: heard(1)),
      ]),
    Scene(
      testDescription: "Operating: joined groups", hasNetworks: true,
      commands: [
        .ours("mcast-peer 0 -I eth0"),
        .init(text: "ip maddr show dev eth0", shows: ["239.255.0.1"], ends: true),
        .init(text: "cat /proc/net/igmp", shows: ["0100FFEF"], ends: true),
      ]),
    Scene(
      testDescription: "Operating: a bridge as querier",
      network: ["ip link add br0 type bridge", "ip link set br0 up"],
      commands: [
        .init(text: "sudo ip link set br0 type bridge mcast_querier 1", ends: true),
        .ours("ip -d link show br0", shows: ["mcast_querier 1 "], ends: true),
        .ours("mcast-peer 0 -I br0"),
        .init(text: "bridge mdb show dev br0", ends: true),
        .init(text: "sudo ip link set br0 type bridge mcast_snooping 0", ends: true),
        .ours("ip -d link show br0", shows: ["mcast_snooping 0 "], ends: true),
      ]),
    Scene(
      testDescription: "Operating: a firewall that lets the group in", hasNetworks: true,
      network: [
        "nft add table inet filter",
        "nft add chain inet filter input { type filter hook input priority 0 ; }",
        "nft add rule inet filter input drop",
      ],
      commands: [
        .init(
          text: "sudo nft insert rule inet filter input ip daddr 239.255.0.1 udp dport 12345 accept", ends: true),
        .ours("mcast-peer 0 -i 0.2", shows: heard(1)),
      ], others: [.ours("mcast-peer 1 -i 0.2", shows: heard(0))]),
    Scene(
      testDescription: "Operating: a loose reverse path filter", hasNetworks: true,
      network: ["sysctl -w net.ipv4.conf.eth0.rp_filter=1"],
      commands: [
        .init(text: "sudo sysctl -w net.ipv4.conf.eth0.rp_filter=2", ends: true),
        .ours("cat /proc/sys/net/ipv4/conf/eth0/rp_filter", shows: ["2\n"], ends: true),
      ]),
    Scene(
      testDescription: "Operating: records on the wire", hasNetworks: true,
      commands: [
        .ours("mcast-peer 0 -i 0.2"),
        .init(
          text: "sudo tcpdump -ni eth0 -c 1 -X udp port 12345", shows: ["> 239.255.0.1.12345: UDP", "17fe fd"],
          ends: true),
      ], needsRoot: true),
  ]

  private static let status = [
    Scene(
      testDescription: "Operating: the status of a complete group", hasNetworks: true,
      commands: [
        .ours("mcast-peer 0 -I eth0 -i 0.2", shows: heard(1, 2)),
        .ours("mcast-peer 1 -I eth0 -i 0.2", shows: heard(0, 2)),
        .ours("mcast-peer 2 -I eth0 -i 0.2", shows: heard(0, 1)),
        .init(
          text: "mcast-peer status -I eth0 --peers 0-2", shows: ["listened for 5.0 s", "\n3 of 3 members up\n"],
          ends: true),
        .init(text: "mcast-peer status --of 0", shows: ["\n2 of 2 members up\n"], ends: true),
      ]),
    Scene(
      testDescription: "Operating: the status of an incomplete group, for scripts",
      commands: [
        .ours("mcast-peer 0 -I lo", shows: ["Node 0: Ready"]),
        .init(
          text: #"mcast-peer status --of 0 >/dev/null || echo "the group of member 0 is not complete""#,
          shows: ["the group of member 0 is not complete\n"], ends: true),
        .init(
          text:
            #"mcast-peer status --of 0 -o json | jq -r '.members[] | select(.state != "up") | "member \(.member): \(.reason // .state)"'"#,
          shows: ["member 1: notHeard\nmember 2: notHeard\n"], ends: true),
      ]),
  ]

  private static let metrics = [
    Scene(
      testDescription: "Metrics: the file of a peer",
      commands: [
        .init(text: "mcast-peer 0 --metrics-file mcast-peer-0.prom"),
        .init(
          text: "grep multicast_dtls_member_up mcast-peer-0.prom",
          shows: ["member=\"1\",peer=\"0\"} 0\n", "member=\"2\",peer=\"0\"} 0\n"], ends: true),
      ])
  ]

  private static let troubleshooting = [
    Scene(
      testDescription: "Troubleshooting: doctor", hasNetworks: true,
      commands: [
        .ours("mcast-peer 1 -I eth0 -i 0.2"),
        .init(
          text: "sudo mcast-peer doctor -I eth0", shows: ["ok       members    heard member 1 "], hides: ["failure"],
          ends: true),
      ]),
    Scene(
      testDescription: "Troubleshooting: statistics of a running peer",
      commands: [
        .init(text: "mcast-peer 0 -I lo", says: ["dropped by the kernel: 0"], isOurs: true),
        .init(text: "pkill -USR1 -x mcast-peer", ends: true),
      ]),
  ]
}
