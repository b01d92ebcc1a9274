import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Record headers")
struct RecordHeaderTests {
  @Test("the header fields of every vector are read correctly", arguments: CipherSuite.allCases)
  func vectors(suite: CipherSuite) {
    for record in Vectors.shared[suite].records {
      guard let header = RecordHeader(record.datagram.span) else {
        Issue.record("no header")
        continue
      }
      #expect(header.member == record.member)
      #expect(header.epoch == record.epoch.rawValue)
      #expect(header.sequence == record.sequence)
      #expect(header.length == record.datagram.count - 13)
    }
  }

  @Test("all 40 bits of the sequence and all 16 bits of epoch and length are read")
  func extremes() {
    let datagram: [UInt8] = [23, 0xFE, 0xFD, 0xAB, 0xCD, 0xEF, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0x12, 0x34]
    let header = RecordHeader(datagram.span)
    #expect(header?.epoch == 0xABCD)
    #expect(header?.member == 0xEF)
    #expect(header?.sequence == 0xFF_EEDD_CCBB)
    #expect(header?.length == 0x1234)
  }

  @Test("fewer than 13 bytes are no header", arguments: 0..<13)
  func short(count: Int) {
    let datagram = [UInt8](repeating: 23, count: count)
    let header = RecordHeader(datagram.span)
    #expect(header == nil)
  }
}
