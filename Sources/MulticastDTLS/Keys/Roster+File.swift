import Glibc
import SystemPackage

extension Roster {
  /// The largest file, in bytes: two lines for each of 256 members have less.
  private static let maximumSize = 131_072

  /// Reads a roster from a file. Everybody may read the file; only its owner, who is this user or root, may change it.
  ///
  /// - Throws: ``RosterError``.
  public init(readingFrom path: FilePath) throws(RosterError) {
    let subject = "the roster \(path)"
    let text: String
    do {
      // Non-blocking, so that open(2) does not block on a pipe without a writer, which is refused afterwards.
      let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
      defer { try? file.close() }
      try Self.check(file, path, subject)
      text = try Self.read(file, subject)
    } catch let error as RosterError {
      throw error
    } catch Errno.noSuchFileOrDirectory {
      throw .missing(
        "there is no \(subject.dropFirst(4)): check its path, or write one member a line, as in: 7 robot-7")
    } catch {
      throw .unusable("cannot read \(subject): \(error); it must be readable for the user that this runs as")
    }
    try self.init(text, origin: subject)
  }

  /// Refuses a file that others can change or replace.
  private static func check(_ file: FileDescriptor, _ path: FilePath, _ subject: String) throws {
    var status = stat()
    guard unsafe fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw RosterError.unusable("\(subject) is not a regular file: write the members into one")
    }
    let rules = PathRules(subject)
    let violations =
      rules.violations(of: status, at: path.string) + rules.violations(onWayTo: path.string, isComplete: true)
    if let violation = violations.first { throw RosterError.openToOthers("\(violation)") }
  }

  private static func read(_ file: FileDescriptor, _ subject: String) throws -> String {
    // One byte more than the limit, to detect a file that is too large.
    let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: maximumSize + 1) { buffer, count in
      while count < buffer.count {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let read = try unsafe file.read(into: room)
        if read == 0 { break }
        count += read
      }
    }
    guard bytes.count <= maximumSize else {
      throw RosterError.unusable("\(subject) has more than \(maximumSize) bytes: it cannot be a roster")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RosterError.unusable("\(subject) is not UTF-8: write it again as plain text")
    }
    return text
  }
}
