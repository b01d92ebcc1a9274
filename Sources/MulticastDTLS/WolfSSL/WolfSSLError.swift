internal import CWolfSSL

/// A failed wolfSSL or wolfCrypt call. 'Nothing to read' and 'rejected' are results, not errors.
public struct WolfSSLError: Error, Hashable, CustomStringConvertible {
  /// One line for a person: the call, the code and wolfSSL's text for it.
  public let description: String

  init(description: String) {
    self.description = description
  }

  /// Describes a code as `wolfSSL_ERR_error_string` does.
  init(_ call: String, code: Int32) {
    // wolfSSL manual, wolfSSL_ERR_error_string: the buffer has WOLFSSL_MAX_ERROR_SZ (80) bytes.
    let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer in
      unsafe buffer.initialize(repeating: 0)
      unsafe wolfSSL_ERR_error_string(UInt(bitPattern: Int(code)), buffer.baseAddress)
      return unsafe buffer.baseAddress.map { unsafe String(cString: $0) } ?? ""
    }
    self.init(description: "\(call) failed with \(code): \(text)")
  }
}
