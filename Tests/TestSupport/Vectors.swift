// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Foundation
import MulticastDTLS

/// Whole records of both suites, with every key, computed by an implementation that shares no code with wolfSSL.
package struct Vectors: Sendable {
  /// The file in this target's resources.
  package static let shared = try! Vectors(file: Bundle.module.url(forResource: "records", withExtension: "json")!)

  /// The secret, as DTLS_MCAST_SECRET has it.
  package let secret: String
  package let preMasterSecret: [UInt8]
  package let clientRandom: [UInt8]
  package let serverRandom: [UInt8]
  package let suites: [CipherSuite: Suite]

  package struct Suite: Sendable {
    package let records: [Record]
    package let keys: RecordKeys
  }

  package struct Record: Sendable {
    package let member: MemberID
    package let epoch: Epoch
    package let sequence: UInt64
    package let payload: [UInt8]
    package let datagram: [UInt8]
  }

  private init(file: URL) throws {
    let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    secret = document.secret.text
    preMasterSecret = bytes(document.secret.pms)
    clientRandom = bytes(document.secret.client_random)
    serverRandom = bytes(document.secret.server_random)
    var suites: [CipherSuite: Suite] = [:]
    for suite in document.suites {
      let records = try suite.records.map {
        Record(
          member: MemberID(rawValue: $0.member), epoch: try Epoch($0.epoch), sequence: $0.sequence,
          payload: bytes($0.payload), datagram: bytes($0.datagram))
      }
      if let key = suite.keys.mac_key {
        suites[.wdmNullSHA256] = Suite(records: records, keys: .mac(key: bytes(key)))
      } else if let key = suite.keys.key, let iv = suite.keys.iv {
        suites[.pskChaCha20Poly1305] = Suite(records: records, keys: .aead(key: bytes(key), iv: bytes(iv)))
      }
    }
    self.suites = suites
  }

  package subscript(suite: CipherSuite) -> Suite { suites[suite]! }
}

/// The bytes of a hexadecimal text.
package func bytes(_ hex: String) -> [UInt8] {
  let digits = Array(hex)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
}

/// The structure of the file.
private struct Document: Decodable {
  struct Secret: Decodable { let text, pms, client_random, server_random: String }
  struct Keys: Decodable { let mac_key, key, iv: String? }
  struct Record: Decodable {
    let member: UInt8
    let epoch: Int
    let sequence: UInt64
    let payload, datagram: String
  }
  struct Suite: Decodable {
    let records: [Record]
    let keys: Keys
  }
  let secret: Secret
  let suites: [Suite]
}
