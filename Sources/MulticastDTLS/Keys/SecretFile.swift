import Glibc
import SystemPackage

/// A file that holds a group secret: made once, read with care.
struct SecretFile {
  let path: String

  /// Reads the whole file, once it is sure that only its owner can.
  func read() throws(SecretError) -> SecretBytes {
    let file = try open()
    defer { try? file.close() }

    var status = stat()
    guard unsafe fstat(file.rawValue, &status) == 0 else { throw failure("look at", Errno(rawValue: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unusable(
        "the secret file \(path) is not a regular file: put the secret in one, or use \(SecretSource.variable)"
      )
    }
    let mode = status.st_mode & 0o7777
    guard mode & 0o077 == 0 else {
      throw .openToOthers(
        "others may use the secret file \(path) (mode 0\(String(mode, radix: 8))): chmod 600 it, and change the secret "
          + "if somebody could have read it")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
      throw .openToOthers(
        "the secret file \(path) belongs to another user (uid \(status.st_uid)), who can read and change it: chown it")
    }

    // Room for the longest secret, its newline, and one byte more to tell that there is too much.
    return unsafe try SecretBytes(capacity: GroupSecret.maximumSize + 3) { storage throws(SecretError) in
      var count = 0
      while count < storage.count {
        do {
          let read = try unsafe file.read(into: UnsafeMutableRawBufferPointer(rebasing: storage[count...]))
          if read == 0 { break }
          count += read
        } catch {
          throw failure("read", error)
        }
      }
      return count
    }
  }

  /// Makes the file with a secret of 256 random bits in hex, unless it exists.
  ///
  /// The secret is written and synced under another name first and then linked to its place, which fails if another
  /// process was faster: nobody ever reads a half-written one, and all read the same.
  func createIfMissing() throws(SecretError) {
    guard unsafe access(path, F_OK) != 0 else { return }
    do {
      let directory = FilePath(path).removingLastComponent()
      try DurableFile.makeDirectory(directory)
      let draft = "\(path).\(UInt64.random(in: .min ... .max))"
      defer { unsafe unlink(draft) }
      try unsafe Self.randomSecret().withBytes { try unsafe DurableFile.write($0, to: draft) }
      guard unsafe link(draft, path) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
      // The name must last as well: others get this secret now.
      try DurableFile.syncDirectory(directory)
    } catch {
      throw failure("make", error, "name another file, or set \(SecretSource.variable)")
    }
  }

  private func open() throws(SecretError) -> FileDescriptor {
    do {
      // Non-blocking, so that a pipe that nobody writes to does not hold us up before it is refused.
      return unsafe try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw failure("open", error, "check its path, or put a secret of one line there")
    }
  }

  /// 64 hex digits and a newline. The generator is the kernel's, getrandom(2).
  private static func randomSecret() -> SecretBytes {
    let digits = StaticString("0123456789abcdef")
    return unsafe SecretBytes(capacity: 65) { storage in
      var generator = SystemRandomNumberGenerator()
      for index in 0..<64 {
        unsafe storage[index] = unsafe digits.utf8Start[Int.random(in: 0..<16, using: &generator)]
      }
      unsafe storage[64] = UInt8(ascii: "\n")
      return 65
    }
  }

  private func failure(_ verb: String, _ error: any Error, _ hint: String = "check its file system") -> SecretError {
    .unusable("cannot \(verb) the secret file '\(path)': \(error); \(hint)")
  }
}
