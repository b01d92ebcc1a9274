import Crypto
import MulticastDTLS

extension IndependentRecord {
  /// Opens a datagram that was sealed with the keys, with any type and version in its header; nil for any other.
  package init?(opening datagram: [UInt8], with keys: RecordKeys) {
    guard datagram.count >= 13 + keys.tagSize, number(datagram[11...12]) == datagram.count - 13 else { return nil }
    let body = Array(datagram[13...].dropLast(keys.tagSize))
    let sequence = UInt64(number(datagram[6...10]))
    self.init(member: datagram[5], sequence: sequence, epoch: UInt16(number(datagram[3...4])), payload: body)
    type = datagram[0]
    version = Array(datagram[1...2])
    switch keys {
    case .mac:
      guard sealed(keys) == datagram else { return nil }
    case .aead(let key, var iv):
      for (index, byte) in datagram[3..<11].enumerated() { iv[4 + index] ^= byte }
      let authenticated = datagram[3..<11] + datagram[0..<3] + [UInt8(body.count >> 8), UInt8(body.count & 0xFF)]
      guard
        let nonce = try? ChaChaPoly.Nonce(data: iv),
        let box = try? ChaChaPoly.SealedBox(nonce: nonce, ciphertext: body, tag: datagram.suffix(keys.tagSize)),
        let opened = try? ChaChaPoly.open(box, using: SymmetricKey(data: key), authenticating: authenticated)
      else { return nil }
      payload = Array(opened)
    }
  }
}

extension RecordKeys {
  fileprivate var tagSize: Int {
    switch self {
    case .mac: 32
    case .aead: 16
    }
  }
}

/// The value of some bytes in big-endian order.
private func number(_ bytes: ArraySlice<UInt8>) -> Int {
  bytes.reduce(0) { $0 << 8 | Int($1) }
}
