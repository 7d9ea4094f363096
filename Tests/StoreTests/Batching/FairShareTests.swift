import Testing

@testable import Store

@Suite("Sharing the lanes between tenants")
struct FairShareTests {
  private let quiet = Tenant(namespace: "quiet", queue: "default")
  private let busy = Tenant(namespace: "busy", queue: "default")

  /// Begins operations that go by the lanes.
  private func begin(_ count: Int, of tenant: Tenant, _ share: inout FairShare) {
    for _ in 0..<count { share.begin(of: tenant, isExpress: false) }
  }

  private func end(_ count: Int, of tenant: Tenant, _ share: inout FairShare) {
    for _ in 0..<count { share.end(of: tenant, isExpress: false) }
  }

  @Test("a tenant alone never uses the express lane, whatever it asks for")
  func alone() {
    var share = FairShare(due: 4, memory: 8)
    for count in [1, 100, 3, 1, 1, 1, 1, 1, 1, 1, 1, 50, 1] {
      for _ in 0..<count {
        #expect(!share.admits(busy))
        begin(1, of: busy, &share)
      }
      end(count, of: busy, &share)
    }
  }

  @Test("a tenant that asks little may use the express lane while another is busy, and between its batches")
  func express() {
    var share = FairShare(due: 4, memory: 8)
    begin(3, of: busy, &share)
    #expect(!share.admits(quiet))
    begin(1, of: busy, &share)
    #expect(share.admits(quiet))
    #expect(!share.admits(busy))
    end(4, of: busy, &share)
    #expect(share.admits(quiet))
    // Its rest is no longer a moment's.
    for _ in 0..<4 {
      begin(1, of: quiet, &share)
      end(1, of: quiet, &share)
    }
    #expect(!share.admits(quiet))
  }

  @Test("a tenant that asks for its due goes by the lanes, and for a while after")
  func due() {
    var share = FairShare(due: 4, memory: 8)
    begin(100, of: busy, &share)
    for _ in 0..<3 {
      #expect(share.admits(quiet))
      share.begin(of: quiet, isExpress: true)
    }
    #expect(share.admits(quiet))
    share.begin(of: quiet, isExpress: true)
    #expect(!share.admits(quiet))
    for _ in 0..<4 { share.end(of: quiet, isExpress: true) }
    #expect(!share.admits(quiet))
    end(4, of: busy, &share)
    begin(1, of: busy, &share)
    #expect(share.admits(quiet))
  }

  @Test("the express lane holds only so much, of however many tenants")
  func room() {
    var share = FairShare(due: 4, room: 10, memory: 8)
    begin(4, of: busy, &share)
    var admitted = 0
    for number in 0..<20 {
      let tenant = Tenant(namespace: "\(number)", queue: "default")
      let isExpress = share.admits(tenant)
      admitted += isExpress ? 1 : 0
      share.begin(of: tenant, isExpress: isExpress)
    }
    #expect(admitted == 10)
    share.end(of: Tenant(namespace: "0", queue: "default"), isExpress: true)
    #expect(share.admits(quiet))
  }

  @Test("operations that name no tenant never use the express lane, and keep the lanes busy like others")
  func unknown() {
    var share = FairShare(due: 4, memory: 8)
    begin(4, of: .unknown, &share)
    #expect(share.admits(quiet))
    begin(4, of: busy, &share)
    #expect(!share.admits(.unknown))
  }

  @Test("tenants with nothing under way are forgotten in time")
  func forgets() {
    var share = FairShare(due: 4, memory: 8)
    for number in 0..<1_000 {
      let tenant = Tenant(namespace: "\(number)", queue: "default")
      begin(5, of: tenant, &share)
      end(5, of: tenant, &share)
      #expect(share.tenantCount < 8)
    }
  }
}
