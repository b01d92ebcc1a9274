import CommonSupport
import Glibc
import MulticastDTLS
import SystemPackage

extension SecretCommand.File {
  /// Changes the ring's file, and prints its new key IDs on standard output.
  ///
  /// - Returns: The new key IDs.
  @discardableResult
  func change(_ body: (KeyRingFile) throws -> Void) throws -> [KeyID] {
    let path = FilePath(try path)
    try body(KeyRingFile(path: path))
    return try show(KeyRing(from: .file(path: path)))
  }

  /// Prints the next step of a rotation on standard error, with the file of this command line.
  func printNext(_ condition: String, _ step: String, _ keyID: KeyID) {
    let option = secretFile.map { " -k \(shellPath($0))" } ?? ""
    printRemark("next, \(condition): \(CommandTree.name) secret rotate \(step) \(keyID)\(option)")
  }
}

/// Prints the key IDs of a ring on standard output, one a line.
///
/// - Returns: The key IDs.
@discardableResult
func show(_ ring: KeyRing) throws -> [KeyID] {
  let keyIDs = try ring.secrets.map { try $0.keyID() }
  for (index, (keyID, secret)) in zip(keyIDs, ring.secrets).enumerated() {
    try StandardStream.write(
      "\(keyID)  \(index == 0 ? "sends, and is accepted" : "is accepted")\(secret.isSigned ? ", signed" : "")\n",
      to: STDOUT_FILENO)
    for text in warnings(of: secret) { warn("key ID \(keyID): \(text)") }
  }
  return keyIDs
}

/// Prints a warning on standard error.
func warn(_ text: String) {
  printRemark("\(CommandTree.name): warning: \(text.visible)")
}

/// Prints a line on standard error. Ignores a failed write, since the command itself has succeeded.
func printRemark(_ text: String) {
  try? StandardStream.write("\(text)\n", to: STDERR_FILENO)
}
