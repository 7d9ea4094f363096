internal import CNghttp2

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The memory of one library session: small pieces that it frees are kept for its next ones.
///
/// For each call the library allocates and frees eight small pieces, of few sizes. Calls in flight together take more of one size
/// than the C library keeps at hand for a thread, so that many of them went its slow way. Used by the session's thread only; must
/// outlive the library's session. At most 64 pieces of each size are kept, 144 KiB in all.
final class LibraryMemory {
  /// What the library calls: this object's free lists and the four functions.
  let library: UnsafeMutablePointer<nghttp2_mem>
  private let lists = FreeLists()

  init() {
    library = .allocate(capacity: 1)
    library.initialize(
      to: nghttp2_mem(
        mem_user_data: lists.pointer,
        malloc: { size, user in FreeLists(user).allocate(size) },
        free: { piece, user in FreeLists(user).free(piece) },
        calloc: { count, size, user in FreeLists(user).allocateZeroed(count, size) },
        realloc: { piece, size, user in FreeLists(user).reallocate(piece, size) }))
  }

  deinit {
    lists.freeAll()
    library.deallocate()
  }
}

/// One list of free pieces a size. Sizes are multiples of 64 bytes, up to 512; each piece begins with a header of 16 bytes that says how
/// many multiples it has, or 0 if it is larger and never kept. A free piece holds the next one where its content was.
private struct FreeLists {
  private struct List {
    var first: UnsafeMutableRawPointer?
    var count = 0
  }

  private static let unit = 64
  private static let header = 16
  private static let sizes = 8
  private static let maxKept = 64

  private let lists: UnsafeMutablePointer<List>

  init() {
    lists = .allocate(capacity: Self.sizes)
    lists.initialize(repeating: List(), count: Self.sizes)
  }

  init(_ pointer: UnsafeMutableRawPointer?) { lists = pointer!.assumingMemoryBound(to: List.self) }

  var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(lists) }

  func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    let (whole, overflow) = size.addingReportingOverflow(Self.header + Self.unit - 1)
    guard !overflow else { return nil }
    let units = whole / Self.unit
    if units > Self.sizes { return Self.piece(malloc(size + Self.header), units: 0) }
    guard let piece = take(units - 1) else { return Self.piece(malloc(units * Self.unit), units: units) }
    return piece
  }

  func allocateZeroed(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    let (total, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, let piece = allocate(total) else { return nil }
    memset(piece, 0, total)
    return piece
  }

  func reallocate(_ piece: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    guard let piece else { return allocate(size) }
    let units = Self.units(of: piece)
    if units == 0 {
      guard size <= Int.max - Self.header else { return nil }
      return Self.piece(realloc(piece - Self.header, size + Self.header), units: 0)
    }
    let room = units * Self.unit - Self.header
    if size <= room { return piece }
    guard let larger = allocate(size) else { return nil }
    memcpy(larger, piece, room)
    self.free(piece)
    return larger
  }

  func free(_ piece: UnsafeMutableRawPointer?) {
    guard let piece else { return }
    let size = Self.units(of: piece) - 1
    guard size >= 0, lists[size].count < Self.maxKept else { return Self.release(piece) }
    piece.storeBytes(of: lists[size].first, as: UnsafeMutableRawPointer?.self)
    lists[size].first = piece
    lists[size].count += 1
  }

  func freeAll() {
    for size in 0..<Self.sizes { while let piece = take(size) { Self.release(piece) } }
    lists.deallocate()
  }

  private func take(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let piece = lists[size].first else { return nil }
    lists[size].first = piece.load(as: UnsafeMutableRawPointer?.self)
    lists[size].count -= 1
    return piece
  }

  private static func units(of piece: UnsafeMutableRawPointer) -> Int { (piece - header).load(as: Int.self) }

  private static func piece(_ memory: UnsafeMutableRawPointer?, units: Int) -> UnsafeMutableRawPointer? {
    guard let memory else { return nil }
    memory.storeBytes(of: units, as: Int.self)
    return memory + header
  }

  private static func release(_ piece: UnsafeMutableRawPointer) {
    #if canImport(Glibc)
      Glibc.free(piece - header)
    #elseif canImport(Darwin)
      Darwin.free(piece - header)
    #endif
  }
}
