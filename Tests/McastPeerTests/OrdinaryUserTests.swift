import Foundation
import TestSupport
import Testing

@Suite("Peers of an ordinary user", .enabled(if: getuid() == 0, "needs root to act as that user"))
struct OrdinaryUserTests {
  private static let user = 1000
  private static let canMapRoot = (try? succeeds("unshare --user --map-root-user true")) == true

  private let group = makeTestGroup()
  private let home = TemporaryDirectory()
  private let volume = TemporaryDirectory()

  init() {
    #expect(chown(home.path, uid_t(Self.user), gid_t(Self.user)) == 0)
  }

  private static func asUser(_ command: String) -> String {
    "setpriv --reuid \(user) --regid \(user) --clear-groups \(command)"
  }

  private static func succeeds(_ command: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exec \(asUser(command)) 2>/dev/null"]
    try process.run()
    return process.waitForExitStatus() == 0
  }

  /// Starts a peer as the user. It sends one message. The prefix precedes its command.
  private func start(_ more: String, through prefix: String = "", secret: String? = nil) throws -> PeerProcess {
    let command = "\"$0\" 0 -I lo -t 0 -g \(group) -c 1 -i 0.01 \(more)"
    return try PeerProcess([], home: home, secret: secret, shell: "exec " + Self.asUser("\(prefix) \(command)"))
  }

  private func expect(_ code: Int32, of peer: PeerProcess) async throws {
    let (ended, errors) = (try await peer.exitCode(), try peer.errors)
    #expect(ended == code, "\(errors)")
  }

  /// Makes a file of root for the user's group, with the directories and links of a Kubernetes volume.
  private func mount(mode: Int, group: Int = user) throws -> String {
    try FileManager.default.createDirectory(atPath: "\(volume.path)/v/..2026_01", withIntermediateDirectories: true)
    let file = volume.write(Vectors.shared.secret + "\n", to: "v/..2026_01/group-secret", mode: mode)
    #expect(symlink("..2026_01", "\(volume.path)/v/..data") == 0)
    #expect(symlink("..data/group-secret", "\(volume.path)/v/group-secret") == 0)
    for (path, mode) in [("v", 0o3777), ("v/..2026_01", 0o2755)] {
      #expect(
        chown("\(volume.path)/\(path)", 0, gid_t(group)) == 0 && chmod("\(volume.path)/\(path)", mode_t(mode)) == 0)
    }
    #expect(chown(file, 0, gid_t(group)) == 0 && chmod(file, mode_t(mode)) == 0)
    return "\(volume.path)/v/group-secret"
  }

  @Test("a secret that Kubernetes mounts for the group is accepted", arguments: [0o440, 0o640])
  func kubernetes(mode: Int) async throws {
    let path = try mount(mode: mode)
    let peer = try start("-k '\(path)'")
    try await expect(0, of: peer)
    #expect(try peer.errors.contains("key ID 9ab7-6d2d"))
  }

  @Test("a mounted secret is an error with remedies if all may read it, or if the group may not")
  func openInContainer() async throws {
    let path = try mount(mode: 0o444)
    let open = try start("-k '\(path)'")
    try await expect(77, of: open)
    #expect(chmod(path, 0o440) == 0 && chown(path, 0, 0) == 0)
    let closed = try start("-k '\(path)'")
    try await expect(78, of: closed)
    for peer in [open, closed] {
      let errors = try peer.errors
      for way in ["defaultMode: 0440", "fsGroup", "uid: \"1000\"", "mode: 0400"] {
        #expect(errors.contains(way), "\(errors)")
      }
      #expect(errors.split(separator: "\n").count == 1 && !errors.contains(Vectors.shared.secret))
    }
  }

  @Test("a world-readable secret on a read-only mount is an error with remedies, also for root")
  func openInRootsContainer() async throws {
    let path = volume.write(Vectors.shared.secret + "\n", to: "secret", mode: 0o444)
    let peer = try PeerProcess(
      [], home: home,
      shell: """
        exec unshare --mount sh -c 'mount --bind \(volume.path) \(volume.path) &&
          mount -o remount,bind,ro \(volume.path) && exec "$0" "$@"' "$0" 0 -I lo -t 0 -g \(group) -k \(path)
        """)
    try await expect(77, of: peer)
    let errors = try peer.errors
    for way in ["defaultMode: 0400", "mode: 0400", "mode 0444"] { #expect(errors.contains(way), "\(errors)") }
  }

  @Test("a state that another user made first in a shared directory is an error that names its owner")
  func foreignState() async throws {
    let secret = Vectors.shared.secret
    let shared = "\(volume.path)/shared"
    #expect(mkdir(shared, 0o700) == 0 && chmod(shared, 0o1777) == 0)
    let state = volume.write("mcast-peer state 1\n", to: "shared/9ab7-6d2d-0", mode: 0o666)
    #expect(chown(state, 4242, 4242) == 0)
    let refused = try start("--state-dir '\(shared)'", secret: secret)
    try await expect(73, of: refused)
    let errors = try refused.errors
    #expect(errors.contains("\(state) belongs to another user (uid 4242)") && !errors.contains("damaged"), "\(errors)")
    #expect(unlink(state) == 0)
    let taken = try start("--state-dir '\(shared)'", secret: secret)
    try await expect(0, of: taken)
    // Without the sticky bit, any user could remove the state, and epoch 1 would begin again.
    #expect(chmod(shared, 0o777) == 0)
    let open = try start("--state-dir '\(shared)'", secret: secret)
    try await expect(73, of: open)
    #expect(
      try open.errors.contains("everybody can write its directory \(shared) (mode 0777); sudo chmod go-w '\(shared)'"))
    #expect(try String(contentsOfFile: state, encoding: .utf8).contains("\nepoch 1\n"))
  }

  @Test("a state of root, left by a start with sudo, is an error with the chown command")
  func rootsState() async throws {
    let first = try start("", secret: Vectors.shared.secret)
    try await expect(0, of: first)
    let lock = "\(home.path)/.local/state/mcast-peer/9ab7-6d2d-0.lock"
    #expect(chown(lock, 0, 0) == 0)
    let second = try start("", secret: Vectors.shared.secret)
    try await expect(73, of: second)
    #expect(try second.errors.contains("sudo chown 1000 '\(lock)'"))
  }

  @Test(
    "in a user namespace without the machine's root, directories of that root are trusted",
    .enabled(if: canMapRoot, "needs user namespaces for everybody"))
  func userNamespace() async throws {
    let peer = try start("", through: "unshare --user --map-root-user")
    try await expect(0, of: peer)
    #expect(try peer.errors.contains("MADE JUST NOW"))
  }
}
