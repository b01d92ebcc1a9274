internal import CWolfSSL

/// wolfSSL's callback to protect a record (user atomic record layer, `wolfSSL_CTX_SetMacEncryptCb`). The payload is in
/// wolfSSL's output, between the complete header and the room for the tag.
///
/// - Returns: 0, or an error that makes wolfSSL give up the record.
func protectRecord(
  _: OpaquePointer?, tag: UnsafeMutablePointer<UInt8>?, payload: UnsafePointer<UInt8>?, count: UInt32, type _: Int32,
  isVerifying _: Int32, output: UnsafeMutablePointer<UInt8>?, input: UnsafePointer<UInt8>?, size: UInt32,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context = unsafe context, let start = unsafe output else { return cwolfssl_encrypt_error }
  // Unretained: the session owns the protection, and frees the WOLFSSL first.
  return unsafe Unmanaged<RecordProtection>.fromOpaque(context)._withUnsafeGuaranteedRef { protection in
    // All in one place, as in every tested version; otherwise nothing is sealed.
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

/// wolfSSL's callback to open a record (user atomic record layer, `wolfSSL_CTX_SetDecryptVerifyCb`). Payload and tag
/// are in wolfSSL's input, right after the header.
///
/// wolfSSL has checked its replay window before this call, and moves the window only after it: so a record that the group's
/// key authenticates, and that its sender has not signed, moves no window.
///
/// - Returns: 0, or an error that makes wolfSSL drop the record silently.
func verifyRecord(
  _: OpaquePointer?, output: UnsafeMutablePointer<UInt8>?, input: UnsafePointer<UInt8>?, size: UInt32, type _: Int32,
  isVerifying _: Int32, padding: UnsafeMutablePointer<UInt32>?, context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context = unsafe context, let start = unsafe output, let padding = unsafe padding,
    unsafe UnsafePointer(start) == input
  else { return cwolfssl_verify_mac_error }
  return unsafe Unmanaged<RecordProtection>.fromOpaque(context)._withUnsafeGuaranteedRef { protection in
    guard unsafe protection.open(start, size: Int(size)),
      unsafe protection.acceptsOpened(start, count: Int(size) - protection.suite.tagSize)
    else { return cwolfssl_verify_mac_error }
    // wolfSSL removes this many bytes after the payload.
    unsafe padding.pointee = UInt32(protection.suite.tagSize)
    return 0
  }
}
