#include "arena.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/// What an idle arena keeps: enough for the usual message both as structs and as bytes.
#define RETAINED_SIZE ((size_t)64 * 1024)
#define CHUNK_SIZE ((size_t)256 * 1024)

/// A further piece of memory of an arena, freed when the arena is given back.
struct kagzi_arena_chunk {
  struct kagzi_arena_chunk *previous;
  uint64_t memory[];
};

/// An arena and the memory that it keeps while idle.
struct retained_arena {
  kagzi_arena arena;
  uint64_t memory[RETAINED_SIZE / sizeof(uint64_t)];
};

/// The thread's idle arena.
static _Thread_local struct retained_arena *idle_arena;
static pthread_key_t thread_exit_key;
static pthread_once_t thread_exit_key_made = PTHREAD_ONCE_INIT;

static void free_idle_arena(void *unused) {
  (void)unused;
  free(idle_arena);
  idle_arena = NULL;
}

static void make_thread_exit_key(void) { pthread_key_create(&thread_exit_key, free_idle_arena); }

static void *checked_malloc(size_t size) {
  void *const memory = malloc(size);
  if (memory == NULL) {
    fprintf(stderr, "kagzi: no memory for %zu bytes of a message\n", size);
    abort();
  }
  return memory;
}

static void *allocate(void *data, size_t size) { return kagzi_arena_allocate(data, size); }

static void free_nothing(void *data, void *pointer) {
  (void)data;
  (void)pointer;
}

static struct retained_arena *make_arena(void) {
  pthread_once(&thread_exit_key_made, make_thread_exit_key);
  pthread_setspecific(thread_exit_key, &thread_exit_key);
  struct retained_arena *const made = checked_malloc(sizeof *made);
  made->arena.allocator = (ProtobufCAllocator){.alloc = allocate, .free = free_nothing, .allocator_data = &made->arena};
  made->arena.chunks = NULL;
  return made;
}

kagzi_arena *kagzi_arena_take(size_t budget) {
  struct retained_arena *taken = idle_arena;
  idle_arena = NULL;
  if (taken == NULL) taken = make_arena();
  taken->arena.next = (uint8_t *)taken->memory;
  taken->arena.end = (uint8_t *)taken->memory + RETAINED_SIZE;
  taken->arena.budget = budget;
  taken->arena.is_exhausted = false;
  return &taken->arena;
}

void kagzi_arena_give_back(kagzi_arena *arena) {
  while (arena->chunks != NULL) {
    struct kagzi_arena_chunk *const chunk = arena->chunks;
    arena->chunks = chunk->previous;
    free(chunk);
  }
  struct retained_arena *const returned = (struct retained_arena *)arena;
  if (idle_arena == NULL) {
    idle_arena = returned;
  } else {
    free(returned);
  }
}

void *kagzi_arena_allocate_in_new_chunk(kagzi_arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) {
    arena->is_exhausted = true;
    return NULL;
  }
  size_t const padded = (size + 7) & ~(size_t)7;
  size_t const capacity = padded > CHUNK_SIZE / 4 ? padded : CHUNK_SIZE;
  struct kagzi_arena_chunk *const chunk = checked_malloc(sizeof *chunk + capacity);
  chunk->previous = arena->chunks;
  arena->chunks = chunk;
  if (capacity == CHUNK_SIZE) {
    arena->next = (uint8_t *)chunk->memory + padded;
    arena->end = (uint8_t *)chunk->memory + capacity;
  }
  return chunk->memory;
}
