internal import CDatagram
import Glibc

/// Protects the memory of this process, which holds keys, from others.
public enum ProcessMemory {
  /// Forbids core dumps of this process for good, and access to its memory by anyone but root. Call it before a secret
  /// is read. Sources: getrlimit(2), RLIMIT_CORE; prctl(2), PR_SET_DUMPABLE.
  ///
  /// - Throws: ``SystemError`` if the system refuses.
  public static func hide() throws(SystemError) {
    // A core handler that the kernel pipes dumps to ignores the limit; the attribute applies to it too.
    let result = cdatagram_set_dumpable(0)
    guard result == 0 else { throw SystemError("prctl(PR_SET_DUMPABLE)", -result) }
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    try system("setrlimit(RLIMIT_CORE)") { unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) }
  }
}
