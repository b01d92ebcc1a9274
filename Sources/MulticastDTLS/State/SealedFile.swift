import Glibc
import SystemPackage

/// A file of sealed lines that detects when it was copied.
///
/// Its last line but one holds the birth of the file, which a copy, for instance from a backup, does not share. A write
/// replaces the file as a whole: write a draft, sync it, rename it. If the former file still has another name, for
/// instance in a backup by hard links, it is marked as a copy, since it could come back.
struct SealedFile {
  let path: String

  /// An upper bound of the file size in bytes. The state of a member has about 8 kB at most.
  private static let maximumSize = 65_536
  /// The name of the draft.
  var draft: String { "\(path).new" }

  private static let birthWord = "birth "

  /// The content of a file.
  struct Content {
    let lines: [Substring]
    /// True if this is not the file that was written, but a copy of it.
    let isCopy: Bool
  }

  /// Reads the file; nil if there is none.
  ///
  /// - Throws: ``SealedText/Corrupt`` if it is torn or damaged; ``StateError`` if another user owns it or can write it,
  ///   or it cannot be read.
  func read() throws -> Content? {
    guard let file = try StateDirectory.open(path, .readOnly) else { return nil }
    return try file.closeAfter { try Self.content(of: file.rawValue) }
  }

  /// Reads an open file.
  static func content(of descriptor: CInt) throws -> Content {
    let file = FileDescriptor(rawValue: descriptor)
    let lines = try SealedText(String(decoding: try bytes(of: file), as: UTF8.self)).lines
    guard let last = lines.last, last.hasPrefix(birthWord) else {
      // Written on a file system that records no birth.
      return Content(lines: lines, isCopy: FileBirth(of: descriptor) != nil)
    }
    guard let birth = FileBirth(last.dropFirst(birthWord.count)) else {
      throw SealedText.Corrupt(description: "'\(last)' is no birth")
    }
    return Content(lines: lines.dropLast(), isCopy: !birth.isBirth(of: FileBirth(of: descriptor)))
  }

  /// Replaces the file, and returns once it would survive a loss of power.
  ///
  /// - Parameter isCopy: True to write it so that it counts as a copy when read.
  /// - Throws: `Errno` if it cannot be written; then either the former file or this one is there, and whole.
  func write(_ lines: [String], isCopy: Bool = false) throws {
    let draft = draft
    let former = KnownFile.open(path)
    defer { if former >= 0 { close(former) } }
    unsafe unlink(draft)
    do {
      try DurableFile.write(to: draft) { file in
        // A text without the birth of its own file counts as a copy.
        let birth = isCopy ? FileBirth.none : FileBirth(of: file.rawValue)
        let text = Array(Self.text(lines, birth).utf8)
        _ = try unsafe text.withUnsafeBytes { try unsafe file.writeAll($0) }
      }
      // Before the rename: if this process is killed in between, the state counts as a copy. In the other order, the
      // former file could come back as the current one.
      if former >= 0, Self.names(of: former) > 1 { Self.makeCopy(former) }
      guard unsafe rename(draft, path) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unsafe unlink(draft)
      throw error
    }
    let directory = FilePath(path).removingLastComponent()
    try DurableFile.syncDirectory(directory.isEmpty ? "." : directory)
    if former >= 0 { Self.makeCopy(former) }
  }

  private static func names(of descriptor: CInt) -> nlink_t {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 ? status.st_nlink : 0
  }

  /// Marks a file that was replaced or moved away as a copy, if it still has a name.
  static func makeCopy(_ descriptor: CInt) {
    let file = FileDescriptor(rawValue: descriptor)
    guard names(of: descriptor) > 0, let content = try? content(of: descriptor), !content.isCopy else { return }
    let text = Array(text(content.lines.map(String.init), FileBirth.none).utf8)
    // A write torn by a loss of power leaves a damaged file, which no member continues from.
    _ = unsafe try? text.withUnsafeBytes { try unsafe file.writeAll(toAbsoluteOffset: 0, $0) }
    _ = ftruncate(descriptor, off_t(text.count))
    fsync(descriptor)
  }

  private static func text(_ lines: [String], _ birth: FileBirth?) -> String {
    SealedText(lines: lines + (birth.map { ["\(birthWord)\($0)"] } ?? [])).text
  }

  private static func bytes(of file: FileDescriptor) throws -> ArraySlice<UInt8> {
    var bytes = [UInt8](repeating: 0, count: maximumSize)
    var count = 0
    while count < bytes.count {
      let read = try unsafe bytes.withUnsafeMutableBytes {
        unsafe try file.read(
          fromAbsoluteOffset: Int64(count), into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
      }
      if read == 0 { break }
      count += read
    }
    return bytes.prefix(count)
  }
}
