import Metrics
import MulticastDTLS

/// The metrics of a peer as its metrics file names and explains them.
enum MetricCatalog {
  /// The help text of each metric. Timestamps are in seconds since 1970.
  static let help = [
    "multicast_dtls_build_info": "The versions of this program and its libraries, as labels. Always 1.",
    "multicast_dtls_epoch": "The epoch that this peer sends in, of 65535. 0 if it only listens.",
    "multicast_dtls_file_unusable":
      "1 if the file, secret, roster or identity, was changed and cannot be used: the peer keeps its former content. Else 0.",
    "multicast_dtls_interface_up":
      "1 if the group is joined on the interface and packets can pass, 0 if not.",
    "multicast_dtls_kernel_drops_total":
      "Datagrams that the kernel dropped, since they arrived faster than this peer read them. An estimate.",
    "multicast_dtls_key_sends": "1 for the secret that this peer sends with, 0 for a secret that it only accepts.",
    "multicast_dtls_lost": "Missing messages of the member. A late arrival is subtracted again.",
    "multicast_dtls_member_info": "The name of the member in the roster, as a label. Always 1.",
    "multicast_dtls_member_last_heard_timestamp_seconds":
      "Time of the last message of the member. 0 if this peer has not heard it since its start.",
    "multicast_dtls_member_rejected_total":
      "Rejected datagrams that name the member, by reason. Anybody can forge the name.",
    "multicast_dtls_member_up":
      "1 if the member is heard. 0 if it has missed five of its intervals, or was not heard since the start.",
    "multicast_dtls_members_heard": "Members that are heard and not silent.",
    "multicast_dtls_received_total": "Messages of the member that this peer accepted.",
    "multicast_dtls_recorded_timestamp_seconds": "Time at which the peer recorded these values.",
    "multicast_dtls_rejected_total": "Rejected datagrams, by reason.",
    "multicast_dtls_secret_since_timestamp_seconds":
      "Time since which this peer has the first secret of its ring: the creation of its state, else its start.",
    "multicast_dtls_sent_total": "Messages that the network took.",
    "multicast_dtls_start_timestamp_seconds": "Time at which this peer started.",
  ]

  /// The backend for the metrics of a peer. Constant labels tell the peers of a machine apart.
  static func makeMetrics(of member: MemberID, in group: GroupAddress) -> PrometheusMetrics {
    let metrics = PrometheusMetrics(labels: [("group", "\(group)"), ("peer", "\(member)")], help: help)
    let versions = [
      ("version", CommandTree.release), ("wolfssl", WolfSSLLibrary.version), ("openssl", LibcryptoLibrary.version),
    ]
    Gauge(label: "multicast_dtls_build_info", dimensions: versions, factory: metrics).record(1)
    return metrics
  }
}
