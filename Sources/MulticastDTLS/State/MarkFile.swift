import Glibc
import SystemPackage

/// The file that holds the mark of one secret.
///
/// Each change locks the directory, so that two members that start at once are both recorded.
struct MarkFile {
  /// The path of the mark.
  let path: String

  private let state: StateDirectory
  private let keyID: KeyID
  private var file: SealedFile { SealedFile(path: path) }

  /// Stores the path, without opening the file.
  init(in directory: StateDirectory, keyID: KeyID) {
    path = "\(directory.path)/\(keyID).nodes"
    state = directory
    self.keyID = keyID
  }

  /// Reads the mark; nil if there is no usable one. A mark read from a copy does not count as made here.
  func read() -> SecretMark? {
    try? contents()
  }

  /// Reads the mark; nil if there is no file.
  ///
  /// - Throws: ``SealedText/Corrupt`` or ``StateError`` if it cannot be used.
  func contents() throws -> SecretMark? {
    guard let content = try file.read() else { return nil }
    var mark = try SecretMark(content.lines, for: keyID)
    if content.isCopy { mark.isMadeHere = false }
    return mark
  }

  /// Creates the mark of a secret that is being made here, and that nobody has yet.
  ///
  /// - Throws: ``StateError`` if it cannot be written.
  func make() throws(StateError) {
    try state.makeSafely()
    try change { $0.isMadeHere = true }
  }

  /// Records a member that is about to send with the secret.
  ///
  /// - Parameter former: The earlier content of the mark, in case the file is gone.
  /// - Throws: ``StateError`` if it cannot be written.
  func add(_ member: MemberID, former: SecretMark? = nil) throws(StateError) {
    try change { mark in
      mark.members.formUnion(former?.members ?? [])
      mark.members.insert(member)
    }
  }

  /// Removes the mark of a secret that nobody has.
  func remove() {
    unsafe unlink(path)
  }

  private func change(_ body: (inout SecretMark) -> Void) throws(StateError) {
    try state.exclusively { () throws(StateError) in
      let former = read()
      var mark = former ?? SecretMark()
      body(&mark)
      guard mark != former else { return }
      do { try file.write(mark.lines(for: keyID)) } catch { throw .unusable("cannot write the mark \(path): \(error)") }
    }
  }
}
