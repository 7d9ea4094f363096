internal import Glibc

/// The machine's own clock, for the order of new ids only; no decision rests on it.
internal enum WallClock {
  static var milliseconds: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) * 1_000 + UInt64(now.tv_nsec) / 1_000_000
  }
}
