import Glibc
import MulticastDTLS

/// The checks of this machine that need no network.
struct LocalChecks {
  let network: NetworkOptions

  /// Which settings the environment has, and which of its variables only look like some. No value is shown: it may be a
  /// secret.
  func settings() -> [Finding] {
    let named = SettingVariables.given
    let known: Finding = .ok(
      "settings", named.isEmpty ? "none in the environment" : "in the environment: \(named.joined(separator: ", "))")
    return [known]
      + SettingVariables.unknown.map {
        .warning(
          "settings", "\($0) in the environment is no setting", "unset it, or correct its name (see mcast-peer --help)")
      }
      + InvisibleEnds.warnings.map { .warning("settings", $0, "set it anew, in a file with Unix line ends (cat -A shows them)") }
  }

  /// Seals and opens a record of each suite, by wolfSSL alone and with libcrypto behind its hook.
  func libraries() -> [Finding] {
    let versions = "wolfSSL \(WolfSSLLibrary.version), OpenSSL \(CryptoLibrary.version)"
    let suites: [Finding] = CipherSuite.allCases.map { suite in
      for engine in RecordEngine.allCases {
        do {
          var records = try MemoryRecords(suite: suite, engine: engine, payload: Array("a check".utf8), count: 1)
          try records.seal()
          guard records.open() == 1 else {
            return .failure(
              "library", "\(suite.name): a record that was sealed by \(engine.rawValue) does not open (\(versions))",
              "install Debian's libwolfssl and libssl, and use another --engine meanwhile")
          }
        } catch {
          return .failure(
            "library", "\(suite.name) by \(engine.rawValue): \(error)",
            error is LibcryptoError ? nil : "install Debian's or Ubuntu's libwolfssl (here: \(versions))")
        }
      }
      return .ok(
        "library",
        "\(suite.name): wolfSSL seals and opens a record"
          + (WolfSSLLibrary.hasRecordHook ? ", alone and with libcrypto" : "") + " (\(versions))")
    }
    guard !WolfSSLLibrary.hasRecordHook else { return suites }
    return suites + [
      .warning(
        "library",
        "wolfSSL \(WolfSSLLibrary.version) has no hook for libcrypto: it computes by itself, several times slower",
        "install Debian's or Ubuntu's libwolfssl, or build wolfSSL with --enable-atomicuser")
    ]
  }

  /// Where the secret is, who can read it, and whether it can be guessed; and the ring, if there is one.
  func secret() -> (findings: [Finding], ring: KeyRing?) {
    do {
      let source = try SecretSource.choose(secretFile: network.secretFile)
      if case .ownFile(let path) = source, unsafe access(path, F_OK) != 0, errno == ENOENT {
        return (
          [
            .warning(
              "secret", "there is none yet at \(path)",
              "copy the group's secret there, or make one for a new group: mcast-peer secret new --write")
          ], nil
        )
      }
      var findings: [Finding] = []
      let ring = try KeyRing(from: source) { error in
        findings.append(
          .failure("secret", "\(error)", "a peer refuses it; then change the secret: mcast-peer secret rotate --help"))
      }
      let keyIDs = try ring.secrets.map { try $0.keyID().description }
      if findings.isEmpty {
        findings.append(
          .ok(
            "secret",
            "from \(source), \(mode(of: source))key ID \(keyIDs[0])"
              + (keyIDs.count > 1 ? " (and accepted: \(keyIDs.dropFirst().joined(separator: ", ")))" : "")
              + ", which must be the same at every member"))
      }
      for text in Set(ring.secrets.flatMap(warnings)).sorted() {
        findings.append(.warning("secret", text, "correct it, or make a new one: mcast-peer secret new"))
      }
      return (findings, ring)
    } catch {
      return ([.failure("secret", "\(error)", "see mcast-peer secret --help")], nil)
    }
  }

  private func mode(of source: SecretSource) -> String {
    var status = stat()
    switch source {
    case .environment: return ""
    case .file(let path), .ownFile(let path):
      guard unsafe stat(path, &status) == 0 else { return "" }
      return "mode 0\(String(status.st_mode & 0o7777, radix: 8)), "
    }
  }

  /// Whether a node's state can be kept.
  func state() -> Finding {
    do {
      guard let directory = try network.stateDirectory() else {
        return .warning("state", "there is no directory for it", "name one with --state-dir")
      }
      let isThere = try directory.probe()
      if let remark = directory.remark { return .warning("state", remark, "name another with --state-dir") }
      return isThere
        ? .ok("state", "\(directory) can be written") : .ok("state", "\(directory) will be made when it is needed")
    } catch {
      return .failure(
        "state", "\(error)",
        "mend that, or name another with --state-dir; without it a node cannot start in a new epoch")
    }
  }
}
