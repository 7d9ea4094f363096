// A bump allocator for one message at a time, with a budget: protobuf-c allocates from it while it decodes, and the
// C structs that are encoded live in it.
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kagzi_arena_chunk;

/// Owned by the thread that took it, until it gives it back.
typedef struct kagzi_arena {
  /// For protobuf-c; its data points back to this arena, its `free` does nothing.
  ProtobufCAllocator allocator;
  uint8_t *next;
  uint8_t *end;
  /// What may still be allocated.
  size_t budget;
  /// An allocation was refused for want of budget.
  bool is_exhausted;
  struct kagzi_arena_chunk *chunks;
} kagzi_arena;

/// An empty arena that hands out at most `budget` bytes; never NULL (no memory at all ends the process).
///
/// Each thread keeps one arena for reuse, so that the usual message costs no malloc. A second arena taken before the
/// first is given back is a fresh one.
kagzi_arena *kagzi_arena_take(size_t budget);

/// Ends the life of everything allocated from the arena.
void kagzi_arena_give_back(kagzi_arena *arena);

/// The part of `kagzi_arena_allocate` that needs another chunk.
void *kagzi_arena_allocate_in_new_chunk(kagzi_arena *arena, size_t size);

/// Takes `size` bytes off the budget without allocating; false, and the arena is exhausted, when they are not there.
static inline bool kagzi_arena_charge(kagzi_arena *arena, size_t size) {
  if (size > arena->budget) {
    arena->is_exhausted = true;
    return false;
  }
  arena->budget -= size;
  return true;
}

/// Uninitialised memory, aligned for any field, living as long as the arena is taken. NULL when the budget is spent.
static inline void *kagzi_arena_allocate(kagzi_arena *arena, size_t size) {
  if (!kagzi_arena_charge(arena, size)) return NULL;
  size_t const padded = (size + 7) & ~(size_t)7;
  if (padded < size || padded > (size_t)(arena->end - arena->next)) {
    return kagzi_arena_allocate_in_new_chunk(arena, size);
  }
  void *const result = arena->next;
  arena->next += padded;
  return result;
}
