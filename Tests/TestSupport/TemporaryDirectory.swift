// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Foundation

/// A directory that is removed with the last reference to it.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    path = FileManager.default.temporaryDirectory.path + "/mcast-peer-test-\(UUID().uuidString)"
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file in the directory, with the given mode.
  @discardableResult
  package func write(_ text: String, to name: String, mode: Int = 0o600) -> String {
    let file = "\(path)/\(name)"
    try! Data(text.utf8).write(to: URL(filePath: file))
    try! FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
    return file
  }
}
