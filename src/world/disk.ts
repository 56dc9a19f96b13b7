/**
 * A disk with two states. What was *written* is in the page cache: it survives the death of a process. What was
 * *fsynced* is on the platter: only it survives the loss of power. Redis's `appendfsync` is a choice between the two,
 * so the difference has to be real.
 *
 *      write ──▶ written ──fsync──▶ durable        power loss: written = durable
 *
 * Kept exactly: errno names; rename replaces its target in one step; append creates.
 * Simplified: each process has a disk of its own (processes of one box do not see each other's files); a rename or
 * unlink is durable at once, the bytes of a file that was never fsynced are not.
 */
import type { Bytes } from '../engine/bytes/bytes.ts'
import type { FileOp, FileResult } from '../engine/machine.ts'

export interface DiskState {
  readonly written: Map<string, Bytes>
  readonly durable: Map<string, Bytes>
  readonly directories: Set<string>
  /** Bytes the disk can hold; Infinity for no limit. */
  capacity: number
  /** How many times longer everything takes than on the disk of the cost model. */
  slowness: number
  /** Bytes of each file that are written and not fsynced. */
  readonly dirty: Map<string, number>
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))
const fail = (error: string): FileResult => ({ ok: false, error })
const done: FileResult = { ok: true }

export function newDisk(): DiskState {
  const disk: DiskState = {
    written: new Map(),
    durable: new Map(),
    directories: new Set(['/']),
    capacity: Infinity,
    slowness: 1,
    dirty: new Map(),
  }
  for (const dir of ['/tmp', '/etc/redis', '/var/lib/redis', '/var/log/redis', '/var/run/redis'])
    makeDirectories(disk, dir)
  return disk
}

export function makeDirectories(disk: DiskState, path: string): void {
  for (let dir = path; dir !== '/' && !disk.directories.has(dir); dir = parentOf(dir)) disk.directories.add(dir)
}

/** A file that is there before the first start: written and durable. */
export function placeFile(disk: DiskState, path: string, bytes: Bytes): void {
  makeDirectories(disk, parentOf(path))
  disk.written.set(path, bytes)
  disk.durable.set(path, bytes)
}

/** From now on there is room for this many bytes more; null for no limit. */
export function limitDisk(disk: DiskState, freeBytes: number | null): void {
  let used = 0
  for (const file of disk.written.values()) used += file.length
  disk.capacity = freeBytes === null ? Infinity : used + freeBytes
}

export function losePower(disk: DiskState): void {
  disk.written.clear()
  disk.dirty.clear()
  for (const [path, bytes] of disk.durable) disk.written.set(path, bytes)
}

function store(disk: DiskState, path: string, bytes: Bytes): FileResult {
  if (disk.directories.has(path)) return fail('EISDIR')
  if (!disk.directories.has(parentOf(path))) return fail('ENOENT')
  if (disk.capacity !== Infinity) {
    let used = bytes.length - (disk.written.get(path)?.length ?? 0)
    for (const file of disk.written.values()) used += file.length
    if (used > disk.capacity) return fail('ENOSPC')
  }
  disk.written.set(path, bytes)
  return { ok: true, size: bytes.length }
}

function list(disk: DiskState, path: string): FileResult {
  if (!disk.directories.has(path)) return fail(disk.written.has(path) ? 'ENOTDIR' : 'ENOENT')
  const names: string[] = []
  for (const entry of [...disk.directories, ...disk.written.keys()]) {
    if (entry !== '/' && parentOf(entry) === path) names.push(entry.slice(entry.lastIndexOf('/') + 1))
  }
  return { ok: true, names: names.sort() }
}

function rename(disk: DiskState, from: string, to: string): FileResult {
  const bytes = disk.written.get(from)
  if (bytes === undefined) return fail('ENOENT')
  if (disk.directories.has(to)) return fail('EISDIR')
  if (!disk.directories.has(parentOf(to))) return fail('ENOENT')
  disk.written.delete(from)
  disk.written.set(to, bytes)
  const dirty = disk.dirty.get(from)
  disk.dirty.delete(from)
  if (dirty !== undefined) disk.dirty.set(to, dirty)
  const synced = disk.durable.get(from)
  if (synced !== undefined) {
    disk.durable.delete(from)
    disk.durable.set(to, synced)
  }
  return done
}

const normalize = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

export function applyFileOp(disk: DiskState, op: FileOp): FileResult {
  const path = normalize(op.path)
  const old = disk.written.get(path)
  if ('bytes' in op) disk.dirty.set(path, (disk.dirty.get(path) ?? 0) + op.bytes.length)
  switch (op.op) {
    case 'read':
      if (old === undefined) return fail(disk.directories.has(path) ? 'EISDIR' : 'ENOENT')
      return { ok: true, bytes: old, size: old.length }
    case 'write':
      return store(disk, path, op.bytes)
    case 'append':
      return store(disk, path, (old ?? '') + op.bytes)
    case 'pwrite': {
      if (old === undefined) return fail('ENOENT')
      const head = old.slice(0, op.offset).padEnd(op.offset, '\0')
      return store(disk, path, head + op.bytes + old.slice(op.offset + op.bytes.length))
    }
    case 'truncate':
      if (old === undefined) return fail('ENOENT')
      return store(disk, path, old.slice(0, op.length).padEnd(op.length, '\0'))
    case 'fsync':
      if (old === undefined) return disk.directories.has(path) ? done : fail('ENOENT')
      disk.durable.set(path, old)
      disk.dirty.delete(path)
      return done
    case 'rename':
      return rename(disk, path, normalize(op.to))
    case 'unlink':
      disk.durable.delete(path)
      disk.dirty.delete(path)
      return disk.written.delete(path) ? done : fail('ENOENT')
    case 'stat':
      if (old !== undefined) return { ok: true, size: old.length, isDirectory: false }
      return disk.directories.has(path) ? { ok: true, size: 4096, isDirectory: true } : fail('ENOENT')
    case 'list':
      return list(disk, path)
    case 'lock':
      // The disk is one process's alone.
      return old === undefined ? store(disk, path, '') : done
    case 'mkdir':
      if (disk.directories.has(path) || old !== undefined) return fail('EEXIST')
      if (!disk.directories.has(parentOf(path))) return fail('ENOENT')
      disk.directories.add(path)
      return done
  }
}

/**
 * How long an operation takes. A write goes to the page cache: 5 us and 0.2 us a KB. fsync waits for the platter, and for the
 * bytes that it has not got yet; a read comes from there: 500 bytes a microsecond.
 */
export function fileOpMicros(disk: DiskState, op: FileOp): number {
  return Math.floor(plainMicros(disk, op) * disk.slowness)
}
function plainMicros(disk: DiskState, op: FileOp): number {
  switch (op.op) {
    case 'fsync':
      return 190 + (disk.dirty.get(normalize(op.path)) ?? 0) / BYTES_PER_MICRO
    case 'write':
    case 'append':
    case 'pwrite':
      return 5 + op.bytes.length / 5000
    case 'read':
      return 10 + (disk.written.get(normalize(op.path))?.length ?? 0) / BYTES_PER_MICRO
    default:
      return 10
  }
}
const BYTES_PER_MICRO = 500
