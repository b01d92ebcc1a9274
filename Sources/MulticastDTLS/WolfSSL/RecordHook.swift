import CWolfSSL

/// wolfSSL's callback that protects a record which it has made (user atomic record layer,
/// `wolfSSL_CTX_SetMacEncryptCb`): the payload stands in wolfSSL's output, between the complete header and the tag's place.
///
/// - Returns: 0, or an error that has wolfSSL give the record up.
func protectRecord(
  _: OpaquePointer?, tag: UnsafeMutablePointer<UInt8>?, payload: UnsafePointer<UInt8>?, count: UInt32, type _: Int32,
  isVerifying _: Int32, output: UnsafeMutablePointer<UInt8>?, input: UnsafePointer<UInt8>?, size: UInt32,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context = unsafe context, let start = unsafe output else { return cwolfssl_encrypt_error }
  // Unretained: the session holds it, and frees the WOLFSSL before it lets go of it.
  return unsafe Unmanaged<RecordProtection>.fromOpaque(context)._withUnsafeGuaranteedRef { protection in
    // All in one place, as every version that was tried has it; else nothing is sealed.
    let isInPlace =
      unsafe UnsafePointer(start) == input && UnsafePointer(start) == payload && tag == start + Int(count)
      && Int(size) == Int(count) + protection.suite.tagSize
    guard isInPlace else {
      protection.fail(
        WolfSSLError(
          description:
            "the wolfSSL \(WolfSSLLibrary.version) library on this machine hands records to its hook in a way that is not "
            + "known here: use the wolfSSL engine"))
      return cwolfssl_encrypt_error
    }
    return unsafe protection.seal(start, count: Int(count)) ? 0 : cwolfssl_encrypt_error
  }
}

/// wolfSSL's callback that opens a record which it has read (user atomic record layer, `wolfSSL_CTX_SetDecryptVerifyCb`):
/// payload and tag stand in wolfSSL's input, right after the header.
///
/// wolfSSL has looked for the number in its replay window before, and moves the window only afterwards.
///
/// - Returns: 0, or an error that has wolfSSL drop the record in silence.
func verifyRecord(
  _: OpaquePointer?, output: UnsafeMutablePointer<UInt8>?, input: UnsafePointer<UInt8>?, size: UInt32, type _: Int32,
  isVerifying _: Int32, padding: UnsafeMutablePointer<UInt32>?, context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context = unsafe context, let start = unsafe output, let padding = unsafe padding,
    unsafe UnsafePointer(start) == input
  else { return cwolfssl_verify_mac_error }
  return unsafe Unmanaged<RecordProtection>.fromOpaque(context)._withUnsafeGuaranteedRef { protection in
    guard unsafe protection.open(start, size: Int(size)) else { return cwolfssl_verify_mac_error }
    // wolfSSL cuts off as many bytes behind the payload.
    unsafe padding.pointee = UInt32(protection.suite.tagSize)
    return 0
  }
}
