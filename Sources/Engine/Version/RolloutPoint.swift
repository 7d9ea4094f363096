/// Where a piece of new work stands in [0, 100): the same for the same names, for ever and on every coordinator.
///
/// The point is FNV-1a (64 bits) over `namespace NUL kind NUL type NUL key` (kind: `w` or `a`), stirred by MurmurHash3's
/// 64-bit finalizer, of which the upper 53 bits are taken as a fraction. Changing it would move ids between versions in the
/// middle of a rollout: golden values in the tests hold it still.
package struct RolloutPoint: Sendable, Hashable {
  /// At least 0 and less than 100.
  package let percent: Double

  /// - Parameter key: what keeps its version: the workflow id, or a step of a run.
  package init(namespace: String, kind: TaskKind, type: String, key: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for part in [namespace, kind == .workflow ? "w" : "a", type] {
      for byte in part.utf8 { add(byte) }
      add(0)
    }
    for byte in key.utf8 { add(byte) }
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    hash ^= hash >> 33
    percent = Double(hash >> 11) / Double(1 << 53) * 100
  }
}
