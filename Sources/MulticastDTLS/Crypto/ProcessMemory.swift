import CDatagram
import Glibc

/// What others can get of this process's memory, in which keys are.
public enum ProcessMemory {
  /// Forbids core dumps of this process, for good, and lets nobody but root look into its memory. Call it before a secret
  /// is read. Sources: getrlimit(2), RLIMIT_CORE; prctl(2), PR_SET_DUMPABLE.
  ///
  /// - Throws: ``SystemError`` if the system does not let it.
  public static func hide() throws(SystemError) {
    // A core handler that the kernel pipes dumps to does not ask for the limit; the attribute holds for it, too.
    let result = cdatagram_set_dumpable(0)
    guard result == 0 else { throw SystemError("prctl(PR_SET_DUMPABLE)", -result) }
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    try system("setrlimit(RLIMIT_CORE)") { unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) }
  }
}
