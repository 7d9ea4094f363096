/// Decides which tenants may use the express lane: those that ask little, while another is busy. A value without I/O.
///
/// A tenant is busy when it has as much under way as is its due, and for a while after: between two batches of a busy tenant
/// there is a moment when it has nothing under way. "A while" is counted in operations, not in time: when nothing happens,
/// nothing changes.
internal struct FairShare {
  private struct Account {
    var underWay = 0
    /// When it last had its due under way.
    var lastBusy: Int?
  }

  /// Operations that a tenant has under way before it is busy.
  private let due: Int
  /// Operations on the express lane at most, of all tenants: its batches have to be small.
  private let room: Int
  /// Operations for which a tenant stays busy: more than a batch on each lane.
  private let memory: Int
  private var accounts: [Tenant: Account] = [:]
  private var onExpress = 0
  /// Operations that were settled: the clock.
  private var now = 0
  /// When any tenant last had its due under way.
  private var lastBusy: Int?

  internal init(due: Int = 32, room: Int = 128, memory: Int = 8_192) {
    self.due = due
    self.room = room
    self.memory = memory
  }

  /// Tenants that are remembered.
  internal var tenantCount: Int { accounts.count }

  /// Whether the next operation of a tenant may use the express lane. A tenant that is not named may not.
  internal func admits(_ tenant: Tenant) -> Bool {
    // Some tenant is busy and this one is not: so it is another.
    tenant != .unknown && onExpress < room && isRecent(lastBusy) && !isRecent(accounts[tenant]?.lastBusy)
  }

  /// An operation is under way.
  internal mutating func begin(of tenant: Tenant, isExpress: Bool) {
    var account = accounts[tenant] ?? Account()
    account.underWay += 1
    if account.underWay >= due {
      account.lastBusy = now
      lastBusy = now
    }
    accounts[tenant] = account
    if isExpress { onExpress += 1 }
  }

  /// An operation that began is done, or will never be.
  internal mutating func end(of tenant: Tenant, isExpress: Bool) {
    now += 1
    accounts[tenant]?.underWay -= 1
    if isExpress { onExpress -= 1 }
    if now % memory == 0 { accounts = accounts.filter { $1.underWay > 0 || isRecent($1.lastBusy) } }
  }

  private func isRecent(_ moment: Int?) -> Bool { moment.map { now - $0 < memory } ?? false }
}
