import Glibc
import MulticastDTLS
import SystemPackage

/// The key IDs that a shell offers after `secret rotate promote` and `secret rotate drop`.
enum KeyIDCompletion {
  /// The key IDs of the ring, except the first secret's: `promote` would not move it, and `drop` refuses it.
  ///
  /// Empty if the ring cannot be read: an error would disturb the line that a person edits.
  ///
  /// - Parameter words: The words of the command line as typed. The file of the ring is among them, or is the usual one.
  static func offers(_ words: [String], _: Int, _: String) -> [String] {
    do {
      try hideMemory()
      let path = try SecretCommand.File.path(file(in: words))
      let ring = try KeyRing(from: .file(path: FilePath(path))) { _ in }
      let keyIDs = try ring.secrets.map { try $0.keyID() }
      return keyIDs.filter { $0 != keyIDs[0] }.map(\.description)
    } catch {
      return []
    }
  }

  /// The value of the last `--secret-file`; nil without one.
  private static func file(in words: [String]) -> String? {
    var file: String?
    for (index, word) in words.enumerated() {
      for name in SecretCommand.File.names {
        if word == name, index + 1 < words.count { file = words[index + 1] }
        if word.hasPrefix("\(name)=") { file = String(word.dropFirst(name.count + 1)) }
      }
    }
    // The shell that completes a word has not expanded it.
    guard let file, file.hasPrefix("~/"), let home = unsafe getenv("HOME") else { return file }
    return unsafe String(cString: home) + file.dropFirst()
  }
}
