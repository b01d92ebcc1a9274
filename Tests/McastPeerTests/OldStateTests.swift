import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

// Cases in which an incomplete state could wrongly vouch for a member.
extension LostStateTests {
  private func keyID(of path: String) async throws -> String {
    let command = try PeerProcess(["secret", "id", "-k", path], home: home)
    #expect(try await command.exitCode() == 0)
    return String(try command.output.prefix(9))
  }

  @Test("a copy stays a copy while the member listens and hears others")
  func listenerOnCopy() async throws {
    try await restoreOlderState(of: 1)
    let listener = try await listen(1, for: 1)
    #expect(try await run(0, "--encrypt", "--state-dir", "\(home.path)/other", "--new-node").code == 0)
    #expect(try await listener.exitCode() == 0)
    let start = try await run(1, "--encrypt")
    #expect(start.code == 0 && start.errors.contains("is a copy"), "\(start)")
  }

  @Test("a backup by hard links is a copy")
  func hardLinks() async throws {
    try await restoreOlderState(of: 1, copy: "cp -al")
    let start = try await run(1, "--encrypt")
    #expect(start.code == 0 && start.errors.contains("is a copy"), "\(start)")
  }

  @Test("an epoch given for a copy is used, with a warning")
  func epochBesideCopy() async throws {
    try await restoreOlderState(of: 1)
    let start = try await run(1, "--encrypt", "--epoch", "2")
    #expect(start.code == 0 && start.errors.contains("nothing tells whether member 1 has used epoch 2"), "\(start)")
  }

  @Test("a secret with a lost state is not new after a rotation to another secret and back")
  func backToLost() async throws {
    try await makeSecret()
    for _ in 0..<3 { #expect(try await run(1, "--encrypt").code == 0) }
    let old = try await keyID(of: secret)
    shell("rm -r .local/state/mcast-peer")
    let other = try PeerProcess(["secret", "new", "--write", "\(home.path)/next"], home: home)
    #expect(try await other.exitCode() == 0)
    shell("cat secret >>next")
    for file in ["next", "secret"] { shell("chmod 600 \(file)") }
    // The new secret sends, as advised, and the old one is accepted. Then the old one sends again.
    shell("cp next ring && chmod 600 ring")
    for _ in 0..<2 { #expect(try await run(1, "--encrypt", "-k", "\(home.path)/ring").code == 0) }
    let promote = try PeerProcess(["secret", "rotate", "promote", "-k", "\(home.path)/ring", old], home: home)
    #expect(try await promote.exitCode() == 0)
    #expect(try await run(1, "--encrypt", "-k", "\(home.path)/ring").code == 73)
  }

  /// The last epoch in a peer's log lines.
  private func epoch(in errors: String) throws -> Int {
    let numbers = errors.matches(of: /, (?:in )?epoch (\d+)(?:\n|, and accepts)/).compactMap { Int($0.output.1) }
    return try #require(numbers.last)
  }

  @Test("a secret with a lost state that returns to a running member begins in a far epoch")
  func backToLostWhileRunning() async throws {
    try await makeSecret()
    let old = try String(contentsOfFile: secret, encoding: .utf8).trimmingCharacters(in: .newlines)
    for _ in 0..<3 { #expect(try await run(1, "--encrypt").code == 0) }
    for isThereFromTheStart in [true, false] {
      shell("rm -r .local/state/mcast-peer")
      let next = "\(home.path)/next\(isThereFromTheStart)"
      let made = try PeerProcess(["secret", "new", "--write", next], home: home)
      #expect(try await made.exitCode() == 0)
      let new = try String(contentsOfFile: next, encoding: .utf8).trimmingCharacters(in: .newlines)
      let ring = RingFileOfMember(new)
      if isThereFromTheStart { ring.write([new, old]) }
      let peer = try PeerProcess(
        ["1", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", ring.path, "-i", "0.05", "--encrypt"], home: home)
      try await peer.waitUntilReady(node: 1)
      ring.write([old, new])
      try await peer.readRingAgain()
      let errors = try peer.errors
      #expect(errors.contains("its epochs begin past 1000, at random"), "\(errors)")
      #expect(try epoch(in: errors) > 1000)
      peer.signal(SIGTERM)
      #expect(try await peer.exitCode() == 0)
    }
  }

  @Test(
    "a secret added while the member was stopped can be promoted by a restart, in a far epoch")
  func rotationByRestarts() async throws {
    try await makeSecret()
    #expect(try await run(1, "--encrypt").code == 0)
    // The second secret was made elsewhere, so no mark vouches for it.
    shell("cp secret ring && echo 'a secret that was made elsewhere' >>ring")
    #expect(try await run(1, "--encrypt", "-k", "\(home.path)/ring").code == 0)
    shell("tail -n 1 ring >ring.new && cat secret >>ring.new && mv ring.new ring && chmod 600 ring")
    let promoted = try await run(1, "--encrypt", "-k", "\(home.path)/ring")
    // The member has never sent with it, but nothing proves that.
    #expect(promoted.code == 0, "\(promoted)")
    #expect(try epoch(in: promoted.errors) > 1000)
  }

  @Test("--new-node or --epoch without encryption does not vouch for a start with encryption")
  func wordWithoutEncryption() async throws {
    try await makeSecret()
    for _ in 0..<3 { #expect(try await run(1, "--encrypt").code == 0) }
    for word in [["--epoch", "1"], ["--new-node"]] {
      shell("rm -r .local/state/mcast-peer")
      let plain = try PeerProcess(
        ["1", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "-c", "1", "-i", "0.01"] + word, home: home)
      #expect(try await plain.exitCode() == 0)
      let refused = try await run(1, "--encrypt")
      #expect(refused.code == 73 && refused.errors.contains("does not tell all"), "\(refused)")
      #expect(!refused.errors.contains("is gone from"))
    }
  }

  @Test("a member that another member has heard is not new, although the secret was made here")
  func heardFromElsewhere() async throws {
    try await makeSecret()
    let listener = try await listen(0, for: 2)
    #expect(try await run(1, "--encrypt", "--state-dir", "\(home.path)/other", "--new-node").code == 0)
    #expect(try await listener.exitCode() == 0)
    let refused = try await run(1, "--encrypt")
    #expect(refused.code == 73 && refused.errors.contains("another member here has heard it"), "\(refused)")
    // A third member is new.
    #expect(try await run(2, "--encrypt").code == 0)
  }

  @Test("an epoch that cannot be saved is an error if there is a state")
  func unwritable() async throws {
    try await makeSecret()
    for _ in 0..<3 { #expect(try await run(1, "--encrypt").code == 0) }
    // A directory blocks the state file, as a full disk would.
    let draft = "\(state)/\(try await keyID(of: secret))-1.new"
    shell("mkdir '\(draft)'")
    for epoch in ["3", "9"] { #expect(try await run(1, "--encrypt", "--epoch", epoch).code == 73) }
    #expect(try await run(1, "--encrypt", "--epoch", "9", "--state-dir", "\(home.path)/other").code == 0)
    shell("rmdir '\(draft)'")
    let next = try await run(1, "--encrypt")
    #expect(next.code == 0 && next.errors.contains(", epoch 4\n"), "\(next)")
  }

  @Test("state files that were removed and written anew vouch for no other secret")
  func awayWhileRunning() async throws {
    try await makeSecret()
    for _ in 0..<3 { #expect(try await run(1, "--encrypt").code == 0) }
    let other = try PeerProcess(["secret", "new", "--write", "\(home.path)/ring"], home: home)
    #expect(try await other.exitCode() == 0)
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", "\(home.path)/ring", "-i", "0.05", "--encrypt"], home: home
    )
    try await peer.waitUntilReady(node: 1)
    shell("mv .local/state/mcast-peer gone && rm -r gone")
    try await peer.waitForError("was removed or replaced while the process runs: it was written anew")
    shell("cp secret ring")
    peer.signal(SIGHUP)
    try await peer.waitForError("has no state in")
    #expect(peer.isRunning)
  }

  @Test("an unusable mark is reported, and vouches for no member")
  func brokenMark() async throws {
    try await makeSecret()
    shell("echo nonsense | tee .local/state/mcast-peer/*.nodes")
    let refused = try await run(1, "--encrypt")
    #expect(
      refused.code == 73 && refused.errors.contains("cannot be used, and is as if it were not there"), "\(refused)")
  }

  @Test("a listener without a home directory starts and reports that it has no state")
  func listenerWithoutHome() async throws {
    home.write("a secret that was made elsewhere\n", to: "secret")
    let line = "exec env -u HOME \"$0\" \"$@\""
    let peer = try PeerProcess(
      ["1", "-I", "lo", "-t", "0", "-g", "\(address)", "-k", secret, "--listen", "--deadline", "0.2"], home: home,
      shell: line)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.errors.contains("what is heard is not remembered: there is no state directory"))
  }
}
