import Foundation
import MulticastDTLS
import TestSupport
import Testing

@Suite("Peers with both engines")
struct EngineTests {
  private let group = LoopbackGroup()

  @Test("peers with different engines hear each other, with and without encryption", arguments: [[], ["--encrypt"]])
  func mixed(more: [String]) async throws {
    let common = ["-i", "0.2", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + more
    let peers = try ["libcrypto", "wolfssl", "libcrypto"].enumerated().map { node, engine in
      try PeerProcess(
        ["\(node)", "--engine", engine] + common, home: group.home, secret: Vectors.shared.secret)
    }
    for (node, peer) in peers.enumerated() {
      for other in 0...2 where other != node {
        try await peer.waitUntilHeard(other, count: 9)
      }
    }
    for peer in peers {
      let report = try await peer.trafficReport { _ in true }
      #expect(report.refused.values.allSatisfy { $0 == 0 } && report.nodes.values.allSatisfy { $0["lost"] == 0 })
    }
  }

  @Test("a wolfSSL without the hook works on its own, with one line at the start and a warning of doctor")
  func withoutHook() async throws {
    let libraries = try Self.librariesWithoutHook()
    let common = ["-i", "0.2", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--encrypt"]
    let peers = try [["LD_LIBRARY_PATH": libraries.path], [:]].enumerated().map { node, environment in
      try PeerProcess(
        ["\(node)"] + common, home: group.home, secret: Vectors.shared.secret, environment: environment)
    }
    for (node, peer) in peers.enumerated() {
      try await peer.waitUntilHeard(1 - node, count: 9)
      #expect(try peer.errors.components(separatedBy: "hook for libcrypto").count - 1 == (node == 0 ? 1 : 0))
    }
    let doctor = try PeerProcess(
      ["doctor", "-I", "lo", "-g", "\(group.address)", "--wait", "0.5"], home: group.home,
      secret: Vectors.shared.secret, environment: ["LD_LIBRARY_PATH": libraries.path])
    _ = try await doctor.exitCode()
    let lines = try doctor.findings
    #expect(
      lines.contains { $0.hasPrefix("warning  library    wolfSSL") && $0.contains("--enable-atomicuser") }, "\(lines)")
    #expect(
      lines.contains { $0.hasPrefix("ok       library    WDM-NULL-SHA256: wolfSSL seals and opens a record (") },
      "\(lines)")
  }

  @Test("with --engine wolfssl, a missing hook causes no line")
  func hookNotAskedFor() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--engine", "wolfssl"], home: group.home,
      secret: Vectors.shared.secret, environment: ["LD_LIBRARY_PATH": try Self.librariesWithoutHook().path])
    try await peer.waitUntilReady(node: 0)
    #expect(try !peer.errors.contains("hook"))
  }

  @Test(
    "an unusable libcrypto is an error at the start, which says what to do", arguments: [[], ["--encrypt"]])
  func unusableLibcrypto(suite: [String]) async throws {
    // Without its default provider, libcrypto lacks the needed algorithms. Source: config(5), OSSL_PROVIDER-base(7).
    let directory = TemporaryDirectory()
    let file = directory.write(
      """
      openssl_conf = all
      [all]
      providers = active
      [active]
      base = base
      [base]
      activate = 1

      """, to: "openssl.cnf")
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)"] + suite, home: group.home, secret: Vectors.shared.secret,
      environment: ["OPENSSL_CONF": file])
    #expect(try await peer.exitCode() == 71)
    #expect(try peer.output == "")
    let errors = try peer.errors
    #expect(errors.contains("OpenSSL \(LibcryptoLibrary.version)") && errors.contains("default provider"), "\(errors)")
    #expect(!errors.contains(Vectors.shared.secret))
  }

  /// A copy of this machine's wolfSSL with the hook's functions renamed, as if it had been built without them.
  private static func librariesWithoutHook() throws -> TemporaryDirectory {
    let ldd = Process()
    ldd.executableURL = URL(filePath: "/usr/bin/env")
    ldd.arguments = ["ldd", PeerProcess.executable]
    let output = Pipe()
    ldd.standardOutput = output
    try ldd.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    _ = ldd.waitForExitStatus()
    let (_, name, path) = try #require(text.firstMatch(of: /(libwolfssl\.so\.\d+) => (\S+)/)).output
    var library = try Data(contentsOf: URL(filePath: String(path)))
    // All functions of the user atomic record layer in wolfSSL's ssl.h.
    let calls = [
      "SetMacEncryptC", "GetMacEncryptCtx", "SetDecryptVerifyC", "GetDecryptVerifyCtx", "SetEncryptMacC",
      "GetEncryptMacCtx", "SetVerifyDecryptC", "GetVerifyDecryptCtx", "GetClientWrite", "GetServerWrite", "GetKeySize",
      "GetIVSize", "GetBulkCipher", "GetCipherBlockSize", "GetAeadMacSize", "GetHmacSize", "GetCipherType",
    ]
    for call in calls {
      let places =
        library.ranges(of: Data("wolfSSL_\(call)".utf8)) + library.ranges(of: Data("wolfSSL_CTX_\(call)".utf8))
      #expect(!places.isEmpty, "\(call)")
      for place in places { library[place.lowerBound] = UInt8(ascii: "X") }
    }
    let directory = TemporaryDirectory()
    try library.write(to: URL(filePath: "\(directory.path)/\(name)"))
    return directory
  }

  @Test("an unknown engine is a usage error that names the existing ones")
  func unknown() async throws {
    let peer = try PeerProcess(["0", "--engine", "openssl"])
    #expect(try await peer.exitCode() == 64)
    #expect(try peer.errors.contains("libcrypto or wolfssl"))
  }
}
