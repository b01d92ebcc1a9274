internal import CDatagram
import Glibc
import SystemPackage

extension StateDirectory {
  /// The warning about the file system of the directory, existing or not; nil if the file system is durable.
  ///
  /// Source: statfs(2).
  var remark: String? {
    var place = FilePath(path)
    var type = unsafe cdatagram_file_system(place.isEmpty ? "." : place.string)
    // A directory that does not exist yet will be on the file system of its nearest existing parent.
    while type == -Int64(ENOENT), !place.isEmpty {
      place.removeLastComponent()
      type = unsafe cdatagram_file_system(place.isEmpty ? "." : place.string)
    }
    let remark = Self.remark(onType: type) ?? (Self.keepsBirths(place) ? nil : Self.remarkWithoutBirths)
    return remark.map { "the state directory \(path) is on \($0)" }
  }

  /// The warning for a type of file system.
  static func remark(onType type: Int64) -> String? {
    // Source: linux/magic.h.
    switch type {
    case 0x0102_1994: "tmpfs, so the state is lost when the machine is started again"
    case 0x8584_58F6: "ramfs, so the state is lost when the machine is started again"
    case 0x794C_7630:
      "an overlay, as containers have it, so the state is lost with the container, or goes back to an earlier one"
    default: nil
    }
  }

  private static let remarkWithoutBirths =
    "a file system that does not keep when a file was made, so an older backup that is put back there is not noticed"

  /// True if the file system of a directory records the birth of files, or cannot be asked.
  private static func keepsBirths(_ place: FilePath) -> Bool {
    let options: FileDescriptor.OpenOptions = [.directory, .closeOnExec]
    guard let directory = try? FileDescriptor.open(place.isEmpty ? "." : place, .readOnly, options: options) else {
      return true
    }
    defer { try? directory.close() }
    return FileBirth(of: directory.rawValue) != nil
  }
}
