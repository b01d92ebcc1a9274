import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Public keys")
struct PublicKeyTests {
  private static let good = IndependentSigner(
    seed: (1...32).map { $0 }, secret: Vectors.shared.secret, .wdmNullSHA256
  )

  @Test("a key is the same in Base64 and in bytes")
  func forms() throws {
    let key = try PublicKey(Self.good.publicText)
    #expect(key.bytes == Self.good.publicKey && "\(key)" == Self.good.publicText)
    #expect(try key == PublicKey(Self.good.publicKey))
    #expect("\(key.fingerprint)".filter { $0 != "-" } == hex(IndependentSigner.fingerprint(of: Self.good.publicKey)))
    #expect(key.tag == Self.good.tag)
  }

  @Test(
    "keys with which anybody could sign are refused: all points of small order, with either sign",
    arguments: [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      // The same with the field's prime added, and other encodings that are not canonical.
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
  func weak(_ digits: String) throws {
    var key = bytes(digits)
    for _ in 0..<2 {
      #expect(throws: InvalidValue.self) { try PublicKey(key) }
      #expect(throws: InvalidValue.self) { try PublicKey(Data(key).base64EncodedString()) }
      #expect(throws: RosterError.self) { try Roster("1 ed25519 \(Data(key).base64EncodedString())", origin: "it") }
      key[31] ^= 0x80
    }
  }

  @Test("32 bytes that are no point of the curve are refused")
  func noPoint() throws {
    // y = 2 is none: half of all values are.
    var refused = 0
    for value in UInt8(2)..<34 {
      if (try? PublicKey([value] + [UInt8](repeating: 0, count: 31))) == nil { refused += 1 }
    }
    #expect((8...24).contains(refused))
    #expect(throws: InvalidValue.self) { try PublicKey([2] + [UInt8](repeating: 0, count: 31)) }
  }

  @Test(
    "a text that is not 44 characters of canonical Base64 is refused",
    arguments: [
      "", "=", "AAAA", String(repeating: "A", count: 43), String(repeating: "A", count: 44),
      String(good.publicText.dropLast()), String(good.publicText.dropLast()) + "A", good.publicText + "=",
      " " + good.publicText.dropFirst(), String(good.publicText.dropLast(2)) + "==",
      String(good.publicText.dropLast(2)) + (good.publicText.hasSuffix("w=") ? "x=" : "9="),
      String(repeating: "\u{E9}", count: 22),
    ])
  func badText(_ text: String) {
    #expect(throws: InvalidValue.self) { try PublicKey(text) }
  }

  @Test("bytes of another count are refused", arguments: [0, 31, 33, 64])
  func count(_ count: Int) {
    #expect(throws: InvalidValue.self) { try PublicKey([UInt8](repeating: 1, count: count)) }
  }
}

private func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite("Public keys in rosters")
struct RosterKeyTests {
  private static func key(_ seed: UInt8) throws -> PublicKey {
    try makeIdentity([UInt8](repeating: seed, count: 32)).publicKey
  }

  @Test("a line has a key before the name, and a member that changes its key has two lines")
  func lines() throws {
    let (one, two, three, four) = try (Self.key(1), Self.key(2), Self.key(3), Self.key(4))
    let roster = try Roster(
      """
      0 ed25519 \(one) gateway
      1 ed25519 \(two)
      7 ed25519 \(three) robot-7 # the former
      7 ed25519 \(four) robot-7 listens
      8 display listens
      """, origin: "it")
    #expect(roster.members == MemberSet([0, 1, 7, 8]) && roster.listeners == MemberSet([7, 8]))
    #expect(roster.publicKeys == [0: MemberKeys(one), 1: MemberKeys(two), 7: MemberKeys(three, four)])
    #expect(roster.name(of: 7) == "robot-7" && roster.name(of: 1) == nil && roster.name(of: 8) == "display")
    #expect(try Roster(Roster.line(of: 7, one, name: "robot-7"), origin: "it").publicKeys == [7: MemberKeys(one)])
  }

  @Test("a bad line with a key is an error that says what to do")
  func bad() throws {
    let (one, two, three) = try (Self.key(1), Self.key(2), Self.key(3))
    let cases = [
      ("7 ed25519", "is missing after 'ed25519'"), ("7 ed25519 hush-hush", "cannot be used"),
      ("7 robot-7 ed25519 \(one)", "more words"), ("7 ed25519 \(one) a b", "more words"),
      ("7 ed25519 \(one)\n7 ed25519 \(one)", "too often"),
      ("7 ed25519 \(one)\n7 ed25519 \(two)\n7 ed25519 \(three)", "too often"),
      ("7 ed25519 \(one)\n8 ed25519 \(one)", "members 7 and 8 have the same public key"),
      ("7 ed25519 \(one)\n7 robot-7", "twice"), ("7 robot-7\n7 ed25519 \(one)", "twice"),
      ("7 ed25519 \(one) a\n7 ed25519 \(two) b", "two names"),
    ]
    for (text, reason) in cases {
      do {
        _ = try Roster(text, origin: "the roster it")
        Issue.record("\(text)")
      } catch {
        #expect("\(error)".contains(reason) && !"\(error)".contains("hush-hush"), "\(error)")
      }
    }
  }

  @Test("the fingerprint depends on members and keys, and on neither names nor order")
  func fingerprint() throws {
    let (one, two, three) = try (Self.key(1), Self.key(2), Self.key(3))
    func fingerprint(_ text: String) throws -> Fingerprint? { try Roster(text, origin: "it").fingerprint }
    let reference = try fingerprint("1 ed25519 \(one)\n7 ed25519 \(three)\n7 ed25519 \(two)\n9")
    #expect(try fingerprint("9 x\n7 ed25519 \(two) robot-7\n7 ed25519 \(three)\n1 ed25519 \(one) gateway") == reference)
    for other in [
      "1 ed25519 \(one)\n7 ed25519 \(three)", "1 ed25519 \(two)\n7 ed25519 \(three)\n7 ed25519 \(one)",
      "2 ed25519 \(one)\n7 ed25519 \(three)\n7 ed25519 \(two)",
    ] {
      #expect(try fingerprint(other) != reference)
    }
    #expect(try fingerprint("1\n2") == nil)
    let sorted = [two, three].map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }
    let bytes = [1] + one.bytes + [7] + sorted[0] + [7] + sorted[1]
    #expect(reference == Fingerprint("mcast-peer roster 1", bytes))
  }
}

@Suite("Identity files")
struct IdentityFileTests {
  private let directory = TemporaryDirectory()

  private func file(_ name: String = "identity-7") -> IdentityFile {
    IdentityFile(path: FilePath("\(directory.path)/\(name)"))
  }

  private func fault(_ body: () throws -> Void) -> SecretError? {
    do {
      try body()
      return nil
    } catch { return error as? SecretError }
  }

  @Test("an identity is made once, for its owner alone, and is the same when it is read")
  func made() throws {
    let identity = try file().create()
    let path = "\(directory.path)/identity-7"
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    #expect(try file().read() == identity)
    guard case .exists = fault({ _ = try file().create() }) else {
      Issue.record("it was made again")
      return
    }
    #expect(try file().read() == identity)
    #expect(try IdentityFile(path: FilePath("\(directory.path)/identity-8")).create() != identity)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasPrefix("ed25519-seed ") && text.hasSuffix("=\n"))
    let seed = try #require(Data(base64Encoded: text.dropFirst("ed25519-seed ".count).dropLast().description))
    #expect(try makeIdentity(Array(seed)) == identity)
  }

  @Test("comments and a Windows line end are allowed")
  func comments() throws {
    let seed = Data((0..<32).map { UInt8($0) }).base64EncodedString()
    _ = directory.write("# of robot 7\r\n\r\ned25519-seed \(seed)\r\n", to: "identity-7", mode: 0o600)
    #expect(try file().read().publicKey.bytes == SigningVectors.shared.publicKey)
  }

  @Test(
    "a file that holds no identity is an error that shows nothing of it",
    arguments: [
      "", "# nothing\n", "hush-hush\n", "ed25519-seed hush-hush\n",
      "ed25519-seed \(String(repeating: "!", count: 44))\n",
      "ed25519-seed \(String(repeating: "A", count: 44))\n", "ed25519-seed \(String(repeating: "A", count: 42))B=\n",
      "ed25519-seed  \(String(repeating: "A", count: 43))=\n",
      "ed25519-seed \(String(repeating: "A", count: 43))=\ned25519-seed \(String(repeating: "A", count: 43))=\n",
      "ed25519 \(String(repeating: "A", count: 43))=\n", String(repeating: "#\n", count: 10_000),
    ])
  func bad(_ text: String) throws {
    _ = directory.write(text, to: "identity-7", mode: 0o600)
    let error = try #require(fault { _ = try file().read() })
    guard case .unusable(let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.contains("\(directory.path)/identity-7") && !reason.contains("hush") && !reason.contains("AAAAAAAA"))
  }

  @Test("others may not use the file, nor replace it; a missing one is told")
  func modes() throws {
    _ = try file().create()
    let path = "\(directory.path)/identity-7"
    for mode in [0o640, 0o604, 0o666] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      guard case .openToOthers(let reason) = fault({ _ = try file().read() }) else {
        Issue.record("mode \(String(mode, radix: 8))")
        continue
      }
      #expect(reason.contains("identity") && !reason.contains("secret"), "\(reason)")
    }
    guard case .missing(let reason, _) = fault({ _ = try file("identity-9").read() }) else {
      Issue.record("there is none")
      return
    }
    #expect(reason.contains("identity-9") && !reason.contains("secret"), "\(reason)")
  }
}
