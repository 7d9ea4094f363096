/// Decides which lane an operation goes to. A value without I/O.
///
/// Operations of one key keep their order: as long as one of them is under way, the next ones follow it, to its lane and as its
/// tenant's, whatever they name themselves. A lane carries out a tenant's operations of one key in order (`BatchQueue`), so
/// none is overtaken. Only a key with nothing under way may go another way than before.
internal struct LaneRouter {
  internal struct Route: Hashable {
    var lane: Int
    var tenant: Tenant
  }

  private struct Place {
    let route: Route
    var underWay: Int
  }

  /// The express lane's number: it is the last.
  private let express: Int
  private var share: FairShare
  private var places: [UInt64: Place] = [:]

  /// - Parameter lanes: how many there are beside the express lane.
  internal init(lanes: Int, share: FairShare = FairShare()) {
    express = lanes
    self.share = share
  }

  /// Keys with operations under way.
  internal var keyCount: Int { places.count }

  /// Where an operation goes that is under way from now on.
  internal mutating func begin(_ key: UInt64, of tenant: Tenant) -> Route {
    var place = places[key] ?? Place(route: chooseRoute(for: key, of: tenant), underWay: 0)
    place.underWay += 1
    places[key] = place
    share.begin(of: place.route.tenant, isExpress: place.route.lane == express)
    return place.route
  }

  /// An operation of this key that began is done, or will never be.
  internal mutating func end(_ key: UInt64) {
    guard var place = places.removeValue(forKey: key) else { return assertionFailure("an operation ends once") }
    share.end(of: place.route.tenant, isExpress: place.route.lane == express)
    place.underWay -= 1
    if place.underWay > 0 { places[key] = place }
  }

  private func chooseRoute(for key: UInt64, of tenant: Tenant) -> Route {
    let lane = share.admits(tenant) ? express : Int((key &* 0x9e37_79b9_7f4a_7c15) >> 32) % express
    return Route(lane: lane, tenant: tenant)
  }
}
