internal import CommonSupport
import Glibc
import SystemPackage

/// A file that holds a key ring or an identity. Creates it once, and checks its permissions before each read.
struct SecretFile {
  /// The content of a file, as errors speak of it.
  enum Content {
    case ring, identity

    /// The content in one word.
    var name: String {
      switch self {
      case .ring: "secret"
      case .identity: "identity"
      }
    }

    /// The other place for it, after a comma; empty if there is none.
    fileprivate var elsewhere: String {
      switch self {
      case .ring: ", or use \(SecretSource.variable)"
      case .identity: ""
      }
    }

    fileprivate var ifMissing: String {
      switch self {
      case .ring: "check its path, copy the secret of the group there, or make one for a new group"
      case .identity: "check its path, or make an identity for this member"
      }
    }

    fileprivate var ifTooLarge: String {
      switch self {
      case .ring: "it cannot be a key ring"
      case .identity: "it cannot be an identity"
      }
    }
  }

  let path: String
  let content: Content
  /// The name of the file, for errors.
  let subject: String

  /// The directory of the credentials that the service manager gave this process, if any. Source: systemd.exec(5).
  private let credentials: String?
  private let users: TrustedUsers

  init(
    path: String, content: Content = .ring, subject: String? = nil, credentials: String? = Self.credentials,
    users: TrustedUsers = .current
  ) {
    self.path = path
    self.content = content
    self.credentials = credentials
    self.users = users
    self.subject = subject ?? "the \(content.name) file \(path)"
  }

  /// Reads the whole file after a check that only its owner can use it.
  ///
  /// - Parameter report: Called with an error if others can use the file; may throw it.
  func read(ifOpenToOthers report: (SecretError) throws(SecretError) -> Void) throws(SecretError) -> SecretBytes {
    let file = try open()
    defer { try? file.close() }
    let status = try look(at: file)
    try checkOwner(of: status, report)
    try checkDirectories(report)
    return try read(file)
  }

  /// Creates the file with a secret of 256 random bits in hex.
  ///
  /// - Parameters:
  ///   - state: The directory that records, before anybody has the secret, that it was made here. If it cannot be written, a
  ///     new member must be declared as new.
  ///   - isSigned: True for a secret under which messages are signed.
  /// - Returns: True if it was created; false if there was a file.
  func create(markingIn state: StateDirectory?, isSigned: Bool = false) throws(SecretError) -> Bool {
    let secret = GroupSecret.random(isSigned: isSigned)
    var mark: MarkFile?
    let isCreated = try create(Self.line(of: secret)) {
      mark = try state.map { MarkFile(in: $0, keyID: try secret.keyID()) }
      try? mark?.make()
    }
    // The draft was never visible, so nobody has that secret.
    if !isCreated { mark?.remove() }
    return isCreated
  }

  /// Creates the file.
  ///
  /// Writes and syncs the content under another name first and then links it to its place, which fails if there is a
  /// file already, or another process was faster: nobody ever reads a half-written one, and all read the same.
  ///
  /// - Parameter prepare: Called once the content is on disk, before it is visible.
  /// - Returns: True if it was created; false if there was a file.
  func create(_ text: borrowing SecretBytes, _ prepare: () throws -> Void = {}) throws(SecretError) -> Bool {
    do {
      let directory = Self.directory(of: path)
      // First, so that nothing is created where another user could replace it.
      try checkWay(to: directory.string, isComplete: false) { error throws(SecretError) in throw error }
      try DurableFile.makeDirectory(directory)
      try checkWay(to: directory.string, isComplete: true) { error throws(SecretError) in throw error }
      let draft = DurableFile.draftName(path)
      defer { unsafe unlink(draft) }
      try unsafe text.withBytes { try unsafe DurableFile.write($0, to: draft) }
      try prepare()
      guard unsafe link(draft, path) == 0 else {
        let code = errno
        guard code == EEXIST else { throw Errno(rawValue: code) }
        return false
      }
      // The name must be durable too: other machines get this secret from now on.
      try DurableFile.syncDirectory(directory)
      return true
    } catch let error as SecretError {
      throw error
    } catch {
      throw failure("make", error, "name another file\(content.elsewhere)")
    }
  }

  /// Creates the file unless it exists.
  func createIfMissing(markingIn state: StateDirectory?) throws(SecretError) -> Bool {
    guard unsafe access(path, F_OK) != 0 else { return false }
    return try create(markingIn: state)
  }

  func open() throws(SecretError) -> FileDescriptor {
    do {
      // Non-blocking, so that open(2) does not block on a pipe without a writer, which is refused afterwards.
      return unsafe try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw cannotOpen(error)
    }
  }

  private func cannotOpen(_ error: any Error) -> SecretError {
    switch error as? Errno {
    case .noSuchFileOrDirectory:
      return .missing(failure("open", error, content.ifMissing).description, path: FilePath(path))
    case .permissionDenied:
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { break }
      // In a container, the process may lack the group that has read access.
      return failure(
        "open", error,
        "it belongs to uid \(status.st_uid) and gid \(status.st_gid), with mode \(PathRules.octal(status)), and this "
          + "runs as uid \(users.own): \(status.st_uid == 0 ? waysForRootsFile : chowning)")
    default: break
    }
    return failure("open", error, "it must be readable for the user that this runs as")
  }

  /// The status of the file, which must be a regular one.
  func look(at file: FileDescriptor) throws(SecretError) -> stat {
    var status = stat()
    guard unsafe fstat(file.rawValue, &status) == 0 else { throw failure("look at", Errno(rawValue: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unusable(
        "\(subject) is not a regular file: put the \(content.name) in one\(content.elsewhere)"
      )
    }
    return status
  }

  /// Refuses a file that others can read or change.
  ///
  /// A file owned by root may be readable by a group: only root can grant that. Kubernetes, Docker and the package's
  /// unit hand out secrets that way to a user who is not root. Root's own group is no such grant, since a new file of
  /// root has it. PostgreSQL has the same rule for its keys.
  func checkOwner(of status: stat, _ report: (SecretError) throws(SecretError) -> Void) throws(SecretError) {
    if !users.include(ownerOf: status) {
      try report(
        .openToOthers(
          "\(subject) belongs to another user (uid \(status.st_uid)), who can read and change it: \(chowning)"))
      // The mode does not matter then: the owner can change it.
      return
    }
    let mode = status.st_mode & 0o7777
    // The group bits of a credential are the access control list's grants to the service's user. Source: acl(5).
    let forbidden: mode_t = if isCredential { 0o007 } else if isGrantedToGroup(status) { 0o037 } else { 0o077 }
    if mode & forbidden != 0 {
      let isRoots = status.st_uid == 0 && users.own != 0
      let owner = isRoots ? ", owner root, gid \(status.st_gid)" : ""
      // Root may have given the file to the group of a service.
      let mending = users.own == 0 && status.st_gid != 0 && status.st_uid == 0 ? "chmod 640" : "chmod 600"
      let way = isRoots || isMounted ? waysForRootsFile : "\(mending) \(shellPath(path))"
      try report(
        .openToOthers(
          "others may use \(subject) (mode \(PathRules.octal(status))\(owner)): \(way), and change the \(content.name) if somebody "
            + "could have read it"))
    }
  }

  /// True if root has given its file to a group: for root another group than its own, for others one of theirs.
  private func isGrantedToGroup(_ status: stat) -> Bool {
    status.st_uid == 0 && (users.own == 0 ? status.st_gid != 0 : users.groups.contains(status.st_gid))
  }

  /// The settings by which a container or a service gets a secret that root owns. Source: Kubernetes, "Secrets"
  /// and "Configure a Security Context"; the Compose file reference, "secrets".
  private var waysForRootsFile: String {
    let path = shellPath(path)
    let container =
      users.own == 0
      ? "in Kubernetes set defaultMode: 0400 for the volume; in Docker give the secret mode: 0400"
      : "in Kubernetes set defaultMode: 0440 for the volume and fsGroup for the pod; in Docker give the secret "
        + "uid: \"\(users.own)\" and mode: 0400"
    let command =
      users.own == 0 ? "chmod 600 \(path)" : "sudo chgrp \(users.ownGroup) \(path) && sudo chmod 640 \(path)"
    return isMounted ? "\(container); elsewhere \(command) where it is kept" : "\(command) (\(container))"
  }

  private var chowning: String { "sudo chown \(users.own) \(shellPath(path)), or do this as that user" }

  /// True if the file is on a read-only file system, as the secrets of a container are: chmod fails there.
  private var isMounted: Bool {
    var system = statvfs()
    return unsafe statvfs(path, &system) == 0 && system.f_flag & UInt(ST_RDONLY) != 0
  }

  /// Refuses a path on which others can put another file in its place. Follows symbolic links.
  func checkDirectories(_ report: (SecretError) throws(SecretError) -> Void) throws(SecretError) {
    try checkWay(to: path, isComplete: true, report)
  }

  private func checkWay(
    to path: String, isComplete: Bool, _ report: (SecretError) throws(SecretError) -> Void
  ) throws(SecretError) {
    for violation in PathRules(subject, users: users).violations(onWayTo: path, isComplete: isComplete) {
      try report(.openToOthers("\(violation)"))
    }
  }

  /// The file's path without symbolic links. Source: realpath(3).
  func resolvedPath() throws(SecretError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw cannotOpen(Errno(rawValue: errno)) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// Reads all of an open file.
  func read(_ file: FileDescriptor) throws(SecretError) -> SecretBytes {
    // One byte more than the limit, to detect a file that is too large.
    let content = unsafe try SecretBytes(capacity: KeyRingText.maximumSize + 1) { storage throws(SecretError) in
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
    guard content.count <= KeyRingText.maximumSize else {
      throw .unusable("\(subject) has more than \(KeyRingText.maximumSize) bytes: \(self.content.ifTooLarge)")
    }
    return content
  }

  /// True if the service manager has put the file there for this process.
  private var isCredential: Bool {
    credentials.map { FilePath($0) == Self.directory(of: path) } ?? false
  }

  private static var credentials: String? {
    unsafe getenv("CREDENTIALS_DIRECTORY").map { unsafe String(cString: $0) }
  }

  /// The directory of a file; the working directory for a bare name.
  private static func directory(of path: String) -> FilePath {
    let directory = FilePath(path).removingLastComponent()
    return directory.isEmpty ? "." : directory
  }

  /// The secret and a newline.
  private static func line(of secret: GroupSecret) -> SecretBytes {
    unsafe secret.bytes.withBytes { digits in
      unsafe SecretBytes(capacity: digits.count + 1) { storage in
        unsafe storage.copyMemory(from: digits)
        unsafe storage[digits.count] = UInt8(ascii: "\n")
        return storage.count
      }
    }
  }

  func failure(_ verb: String, _ error: any Error, _ hint: String = "check its file system") -> SecretError {
    .unusable("cannot \(verb) \(subject): \(error); \(hint)")
  }
}
