import Metrics

/// The files of a running peer as metrics: whether their present content can be used.
struct FileMetrics: Sendable {
  private let gauges: [(file: UnusableFiles.File, gauge: Gauge)]

  /// Records that all can be used.
  init(_ factory: PrometheusMetrics) {
    gauges = UnusableFiles.File.allCases.map { file in
      (file, Gauge(label: "multicast_dtls_file_unusable", dimensions: [("file", file.rawValue)], factory: factory))
    }
    record([:])
  }

  /// Records the files of now.
  ///
  /// - Parameter unusable: Those that cannot be used, with the reasons.
  func record(_ unusable: [UnusableFiles.File: String]) {
    for (file, gauge) in gauges { gauge.record(unusable[file] == nil ? 0 : 1) }
  }
}
