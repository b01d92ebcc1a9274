import Glibc
import SystemPackage

/// A file that holds a key ring, to create and change it. Each operation takes effect as a whole or not at all.
public struct KeyRingFile: Sendable {
  /// The path of the file.
  public var filePath: FilePath { FilePath(path) }

  let path: String

  private var file: SecretFile { SecretFile(path: path) }

  /// Stores the path, without opening the file.
  public init(path: FilePath) {
    self.init(path: path.string)
  }

  init(path: String) {
    self.path = path
  }

  /// Creates the file, with one secret of 256 random bits in hex and mode 0600, and its directory if there is none.
  ///
  /// - Parameters:
  ///   - state: The directory for the state of members that will send with the secret. If writable, it records
  ///     that the secret was made here, which proves that a member without an entry is new.
  ///   - isSigned: True for a secret under which all messages are signed; see ``GroupSecret/isSigned``.
  /// - Throws: ``SecretError`` if there is a file already, which is never overwritten, or it cannot be created.
  public func create(markingIn state: StateDirectory? = nil, isSigned: Bool = false) throws(SecretError) {
    guard try file.create(markingIn: state, isSigned: isSigned) else {
      throw .exists("\(path) exists already, and is not overwritten: name another file, or change its secret")
    }
  }

  /// Adds a secret as the last line: the first step of a rotation. Changes nothing if the ring has it.
  ///
  /// - Parameters:
  ///   - secret: The secret to accept, and not to send with yet.
  ///   - endsSigning: True to add a secret under which messages need no signature to a ring that has one with
  ///     ``GroupSecret/isSigned``. Whoever has it can speak as any member, as long as the ring has it.
  /// - Throws: ``SecretError`` if the ring is full, the secret would end signing, or the file cannot be used.
  public func add(_ secret: GroupSecret, endsSigning: Bool = false) throws {
    let line = unsafe KeyRingText(secret.bytes.withBytes { unsafe SecretBytes(copying: $0) })
    guard line.isOneSecret(of: secret.bytes.count) else {
      throw SecretError.unusable(
        "the new secret cannot be a line of \(path): it would be taken for a comment or a blank line")
    }
    let keyID = try secret.keyID()
    try edit { text, keyIDs throws(SecretError) in
      if keyIDs.contains(keyID) { return text.text(of: text.lines) }
      guard keyIDs.count < KeyRing.maximumCount else {
        throw .full("\(path) holds \(keyIDs.count) secrets already: remove one that no member uses")
      }
      if !secret.isSigned, !endsSigning {
        for line in text.secrets where try GroupSecret(text.content(of: line), origin: "a line of \(path)").isSigned {
          throw .endsSigning(
            "the messages of this group are signed, and those with the new secret would not be, so that any member could "
              + "speak as another")
        }
      }
      return unsafe text.text(of: text.lines).withBytes { former in
        unsafe secret.bytes.withBytes { new in
          unsafe SecretBytes(capacity: former.count + new.count + 1) { storage in
            unsafe storage.copyMemory(from: former)
            unsafe UnsafeMutableRawBufferPointer(rebasing: storage[former.count...]).copyMemory(from: new)
            unsafe storage[former.count + new.count] = UInt8(ascii: "\n")
            return storage.count
          }
        }
      }
    }
  }

  /// Moves a secret to the first place: the second step of a rotation. Changes nothing if it is there already.
  ///
  /// - Parameter keyID: The secret to move; nil is the last, so with two secrets a second call undoes the first.
  /// - Throws: ``SecretError`` if the ring does not have it, or the file cannot be used.
  public func promote(_ keyID: KeyID? = nil) throws {
    try edit { text, keyIDs throws(SecretError) in
      let index = try place(of: keyID, in: keyIDs, verb: "promote")
      return text.text(of: text.lines.movingSecret(index, to: 0))
    }
  }

  /// Removes a secret: the third step of a rotation.
  ///
  /// - Parameter keyID: The secret to remove; nil is the last.
  /// - Throws: ``SecretError`` if the ring does not have it, it is the first or the only one, or the file cannot be
  ///   used.
  public func drop(_ keyID: KeyID? = nil) throws {
    try edit { text, keyIDs throws(SecretError) in
      let index = try place(of: keyID, in: keyIDs, verb: "drop")
      guard keyIDs[index] != keyIDs[0] else {
        throw .unusable(
          "the secret with key ID \(keyIDs[0]) is the first of \(path), the one to send with: promote another before you "
            + "drop it")
      }
      // All lines with that secret.
      let dropped = zip(text.secrets, keyIDs).filter { $0.1 == keyIDs[index] }.map(\.0.whole)
      return text.text(of: text.lines.filter { !dropped.contains($0.whole) })
    }
  }

  private func place(of keyID: KeyID?, in keyIDs: [KeyID], verb: String) throws(SecretError) -> Int {
    guard let keyID else {
      guard keyIDs.count > 1 else {
        throw .unusable("\(path) holds one secret only, so there is none to \(verb): add another first")
      }
      return keyIDs.count - 1
    }
    guard !keyIDs.isEmpty else { throw .unusable("\(path) holds no secret: put one there, on a line of its own") }
    guard let index = keyIDs.firstIndex(of: keyID) else {
      throw .unusable(
        "\(path) has no secret with key ID \(keyID): it has \(keyIDs.map(\.description).joined(separator: ", "))")
    }
    return index
  }

  /// Replaces the text by the result of `change`.
  ///
  /// The file is locked meanwhile, so that concurrent changes happen one after the other. Mode and owner stay. A
  /// symbolic link stays, and its target is replaced.
  private func edit(
    _ change: (borrowing KeyRingText, [KeyID]) throws(SecretError) -> SecretBytes
  ) throws {
    let target = SecretFile(path: try file.resolvedPath())
    let (descriptor, status) = try lock(target)
    defer { try? descriptor.close() }
    try target.checkOwner(of: status) { error throws(SecretError) in throw error }
    try file.checkDirectories { error throws(SecretError) in throw error }
    let text = KeyRingText(try target.read(descriptor))
    var keyIDs: [KeyID] = []
    for line in text.secrets {
      keyIDs.append(try GroupSecret(text.content(of: line), origin: "a line of \(path)").keyID())
    }
    let changed = try change(text, keyIDs)
    // The lock allows one draft at a time; a draft left by a crash is removed. Nobody else uses such a name.
    let place = FilePath(target.path)
    let draft = place.removingLastComponent().appending(".\(place.lastComponent?.string ?? "").mcast-peer").string
    unsafe unlink(draft)
    defer { unsafe unlink(draft) }
    do {
      unsafe try changed.withBytes { unsafe try DurableFile.write($0, to: draft, like: status) }
      guard unsafe rename(draft, target.path) == 0 else { throw Errno(rawValue: errno) }
      try DurableFile.syncDirectory(FilePath(target.path).removingLastComponent())
    } catch {
      throw file.failure("change", error, "what replaces it is written beside it, so its directory must be writable")
    }
  }

  /// Opens the file and locks it; repeats this if somebody replaced the file in between.
  private func lock(_ target: SecretFile) throws(SecretError) -> (FileDescriptor, stat) {
    while true {
      let descriptor = try target.open()
      do throws(SecretError) {
        while flock(descriptor.rawValue, LOCK_EX) != 0 {
          guard errno == EINTR else { throw file.failure("lock", Errno(rawValue: errno)) }
        }
        let status = try target.look(at: descriptor)
        var current = stat()
        if unsafe stat(target.path, &current) == 0, current.st_ino == status.st_ino, current.st_dev == status.st_dev {
          return (descriptor, status)
        }
        try? descriptor.close()
      } catch {
        try? descriptor.close()
        throw error
      }
    }
  }
}

extension [KeyRingText.Line] {
  /// The lines with one of the secrets moved to the place of another; comments and blank lines stay where they are.
  fileprivate func movingSecret(_ from: Int, to: Int) -> [KeyRingText.Line] {
    var secrets = filter(\.isSecret)
    secrets.insert(secrets.remove(at: from), at: to)
    var rest = secrets.makeIterator()
    return map { $0.isSecret ? rest.next() ?? $0 : $0 }
  }
}
