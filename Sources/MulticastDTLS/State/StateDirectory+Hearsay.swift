import Glibc

extension StateDirectory {
  /// True if the state of another member here says that it heard the given one, which then is not new, wherever it ran.
  func hasHeard(_ member: MemberID, keyID: KeyID) -> Bool {
    (0...UInt8.max).map(MemberID.init(rawValue:)).contains { listener in
      guard listener != member, unsafe access("\(path)/\(keyID)-\(listener)", F_OK) == 0 else { return false }
      return (try? StateFile.read(in: self, keyID: keyID, member: listener))?.state.heard[member] != nil
    }
  }
}
