import Testing

@testable import MulticastDTLS

@Suite("Parsing of values")
struct ValueTests {
  @Test("a member ID is a whole number from 0 to 255", arguments: [("0", 0), ("7", 7), ("255", 255), ("007", 7)])
  func memberID(text: String, number: Int) throws {
    #expect(try MemberID(text).rawValue == UInt8(number))
  }

  @Test(
    "any other text is no member ID",
    arguments: ["", "256", "-1", "+1", "1.0", "abc", " 1", "1 ", "٣", "99999999999999"])
  func notAMemberID(text: String) {
    #expect(throws: InvalidValue.self) { try MemberID(text) }
  }

  @Test(
    "a member set is a list of IDs and ranges",
    arguments: [("0-2", [0, 1, 2]), ("0-2,7", [0, 1, 2, 7]), ("7,0", [0, 7]), ("5", [5]), ("3,3,1-3", [1, 2, 3])])
  func memberSet(text: String, expected: [Int]) throws {
    #expect(try MemberSet(text).members.map { Int($0.rawValue) } == expected)
  }

  @Test("0-255 has all 256 members")
  func everyone() throws {
    #expect(try MemberSet("0-255").members.count == 256)
  }

  @Test(
    "the error for an invalid range says what to write",
    arguments: [
      ("5-2", "2-5"), ("0-256", "255"), ("300", "255"), ("1,,2", "0-2,7"), ("", "0-2,7"), ("-3", "0-2,7"),
      ("1-2-3", "0-2,7"),
      ("a-b", "0-2,7"), ("0-99999999999999999999", "0-2,7"),
    ])
  func notAMemberSet(text: String, hint: String) {
    let error = #expect(throws: InvalidValue.self) { try MemberSet(text) }
    #expect(error?.description.contains(hint) == true)
  }

  @Test("a written set reads back the same", arguments: ["0-2,7", "0-255", "5", "1,3,5-6"])
  func memberSetDescription(text: String) throws {
    #expect(try MemberSet(text).description == text)
  }

  @Test("an epoch is a number from 1 to 65535", arguments: [1, 2, 65535])
  func epoch(number: Int) throws {
    #expect(try Epoch(number).rawValue == UInt16(number))
  }

  @Test("any other number is no epoch", arguments: [0, -1, 65536, Int.max])
  func notAnEpoch(number: Int) {
    #expect(throws: InvalidValue.self) { try Epoch(number) }
  }

  @Test(
    "a group is a multicast address and a port",
    arguments: [
      ("239.255.0.1:12345", "239.255.0.1:12345"), ("239.255.0.1", "239.255.0.1:12345"), ("224.0.0.0:1", "224.0.0.0:1"),
      ("239.255.255.255:65535", "239.255.255.255:65535"), ("ff15::1", "[ff15::1]:12345"),
      ("[ff15::1]", "[ff15::1]:12345"), ("[FF15:0:0::0001]:5000", "[ff15::1]:5000"), ("ff02::1", "[ff02::1]:12345"),
      ("ff02::1%eth0", "[ff02::1%eth0]:12345"), ("[ff02::1%eth0]:5000", "[ff02::1%eth0]:5000"),
      ("[ff11::1%a:b]:5000", "[ff11::1%a:b]:5000"), ("ff35::8000:1", "[ff35::8000:1]:12345"),
    ])
  func group(text: String, expected: String) throws {
    #expect(try GroupAddress(text).description == expected)
    #expect(try GroupAddress(expected) == GroupAddress(text))
  }

  @Test(
    "any other text is no group, and the error says what to write",
    arguments: [
      ("", "such as 239.255.0.1"), ("10.0.0.1", "224.0.0.0 to 239"), ("223.255.255.255", "224.0.0.0 to 239"),
      ("240.0.0.0", "224.0.0.0 to 239"), ("239.255.0.1:0", "1 to 65535"), ("239.255.0.1:65536", "1 to 65535"),
      ("239.255.0.1:70000", "1 to 65535"), ("239.255.0.1:", "1 to 65535"), ("239.255.0.1:x", "1 to 65535"),
      ("239.255.0.1:+1", "1 to 65535"), ("239.255.0", "such as 239.255.0.1"), ("239.255.0.1.2", "such as 239.255.0.1"),
      ("localhost", "such as 239.255.0.1"), ("fe80::1", "begins with ff"), ("[::1]:5000", "begins with ff"),
      ("::ffff:10.0.0.1", "224.0.0.0 to 239"), ("[ff15::1", "no ]"), ("[ff15::1]5000", "[ff15::1]:12345"),
      ("[ff15::1]:0", "1 to 65535"), ("[ff15::1]:", "1 to 65535"), ("ff15::1::2", "[ff15::1]:12345"),
      ("ff15:1", "such as 239.255.0.1"), ("ff15::1%eth0", "leave '%eth0' out"),
      ("239.255.0.1%eth0", "leave '%eth0' out"),
      ("ff02::1%", "ff12::1%eth0"), ("[]:5000", "[ff15::1]:12345"), ("[", "no ]"), ("ff15::g", "[ff15::1]:12345"),
    ])
  func notAGroup(text: String, hint: String) {
    let error = #expect(throws: InvalidValue.self) { try GroupAddress(text) }
    #expect(error?.description.contains(hint) == true, "\(String(describing: error))")
  }

  @Test(
    "only groups of the source-specific ranges are source-specific",
    arguments: [
      ("232.0.0.1", true), ("232.255.255.255", true), ("233.0.0.1", false), ("239.255.0.1", false), ("ff35::1", true),
      ("ff3e::8000:1", true), ("ff15::1", false), ("ff35:1::1", false), ("ff35:0:1::1", true),
    ])
  func sourceSpecific(text: String, isSourceSpecific: Bool) throws {
    #expect(try GroupAddress(text).isSourceSpecific == isSourceSpecific)
  }

  @Test("the standard group is that of the C example")
  func standardGroup() throws {
    #expect(try GroupAddress.standard == GroupAddress("239.255.0.1:12345"))
  }

  @Test("a record carries at most 1343 bytes authenticated and 1359 encrypted")
  func maximumPayload() {
    #expect(CipherSuite.wdmNullSHA256.maximumPayload == 1343)
    #expect(CipherSuite.pskChaCha20Poly1305.maximumPayload == 1359)
  }
}
