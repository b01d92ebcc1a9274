import CommonSupport

/// The reason that the metrics file cannot be written.
enum MetricsFileError: Error, Hashable, CustomStringConvertible {
  /// The directory of the file does not exist.
  case noDirectory(path: String, directory: String)
  /// Something at the path is no regular file, and must not be replaced: a directory, a device, or a symbolic link.
  case irregular(path: String)
  /// The file has something other than metrics.
  case foreign(path: String)
  /// A system call failed.
  case failed(path: String, reason: String)

  var description: String {
    switch self {
    case .noDirectory(let path, let directory):
      "cannot write the metrics file \(path): there is no directory \(directory); make it, or give another path"
    case .irregular(let path):
      "cannot write the metrics file \(path): it is no regular file, but a directory, a device, a pipe or a symbolic link; "
        + "give the path of a regular file, or of none"
    case .foreign(let path):
      "cannot write the metrics file \(path): it has something other than metrics, which would be lost; remove it, or give "
        + "another path"
    case .failed(let path, let reason):
      "cannot write the metrics file \(path): \(reason); its directory must have room, and be writable for this "
        + "user"
    }
  }
}
